import type { StepOutline } from '../../src/operation/plan';
import { RUN_PROGRESS } from '../contract';
import type { RunProgress, WrittenLog } from './state';
import { Teller } from './teller';

interface Wrote {
  /** A few of the lines, for the thread. */
  readonly lines?: readonly string[];
  readonly hasLog?: boolean;
}

/** Tells the operation how the run goes. Its card changes once a second at most, so nothing is lost by telling no more. */
export class Reporter {
  private phase: RunProgress['phase'] = 'work';
  private steps: { [path: string]: RunProgress['steps'][string] } = {};
  private details: RunProgress['details'][number][] = [];
  private failure: RunProgress['failure'];
  /** What the steps beside a question are about, as long as it is open: their news would take it off the card. */
  private beside: RunProgress['phase'] | undefined;
  private readonly teller: Teller;

  /** `log`: what was said of it before continue-as-new. */
  constructor(
    operationId: string,
    private log?: WrittenLog,
  ) {
    const take = (): RunProgress => this.take();
    this.teller = new Teller({ workflowId: operationId, signal: RUN_PROGRESS, restMs: 1_000, take });
  }

  /** People may have to act on it, so it waits for nothing. */
  enter(phase: RunProgress['phase'], failure?: RunProgress['failure']): void {
    if (this.beside !== undefined && (phase === 'held' || phase === 'work' || phase === 'watch')) {
      this.beside = phase;
      return;
    }
    const isNews = phase !== this.phase || failure !== undefined;
    this.beside = phase === 'asks' ? this.phase : undefined;
    this.phase = phase;
    // What people decided about is over.
    this.failure = failure ?? (phase === 'work' ? undefined : this.failure);
    this.teller.changed(isNews ? 'urgent' : undefined);
  }

  /** The question is answered: what the steps beside it are about is shown again. */
  answered(): void {
    const { beside = 'work' } = this;
    this.beside = undefined;
    this.enter('work');
    if (beside !== 'work') this.enter(beside);
  }

  step({ path, name }: StepOutline, step: RunProgress['steps'][string], wrote: Wrote = {}): void {
    const { lines = [], hasLog } = wrote;
    this.steps[path] = { ...this.steps[path], ...step };
    const isOfUndo = step.state === 'undone' || step.state === 'undo_failed';
    const log = hasLog ? { log: path, ...(isOfUndo && { logMode: 'undo' as const }) } : {};
    if (lines.length > 0) this.details.push({ step: name, summary: step.summary ?? '', lines, ...log });
    this.teller.changed();
  }

  /** A step wrote a log. The first one that failed is worth more than what came later. */
  wrote(log: WrittenLog): void {
    if (this.log?.how === 'failed') return;
    this.log = log;
    this.teller.changed();
  }

  /** For continue-as-new. */
  get carried(): { readonly log?: WrittenLog } {
    return this.log ? { log: this.log } : {};
  }

  /** Resolves when the operation has everything. Never throws. */
  drain(): Promise<void> {
    return this.teller.drain();
  }

  private take(): RunProgress {
    const { phase, steps, details, failure, log } = this;
    [this.steps, this.details] = [{}, []];
    return { phase, steps, details, failure, ...(log ? { log } : {}) };
  }
}
