import type { RunAct } from './state';

/** What is said to a workflow that is being started: kept until it is there to hear it. */
export class Line {
  private readonly waiting: RunAct[] = [];
  private deliver = (act: RunAct): void => void this.waiting.push(act);

  say(act: RunAct): void {
    this.deliver(act);
  }

  /** From now on everything goes there, what waited first. */
  open(deliver: (act: RunAct) => void): void {
    this.deliver = deliver;
    for (const act of this.waiting) deliver(act);
  }
}
