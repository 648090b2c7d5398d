import { continueAsNew, defineSignal, setHandler } from '@temporalio/workflow';
import type { PushMemory } from '../src/triggers/push-news';
import { lookingAtCode } from './activities';
import { WATCH, type AnyWatchOrder, type PushWatchInput } from './contract';
import { WatchDesk } from './watch-desk';

const watchSignal = defineSignal<[AnyWatchOrder | null]>(WATCH);

/** Watches a repository for a runbook. There is one for each such runbook. */
export async function pushWatch(input: PushWatchInput): Promise<void> {
  const watch = new PushWatchDesk(input);
  setHandler(watchSignal, (order) => watch.take(order ?? undefined));
  await watch.work();
}

class PushWatchDesk extends WatchDesk<AnyWatchOrder> {
  private memory: PushMemory | undefined;

  constructor({ timings, order, memory, sent }: PushWatchInput) {
    super(timings, order, sent);
    this.memory = memory;
  }

  protected onOrder(order: AnyWatchOrder | undefined): void {
    // Branches that were not watched before have not moved.
    if (order?.watch !== this.order?.watch && this.memory) this.memory = { ...this.memory, heads: undefined };
  }

  protected async again(): Promise<void> {
    const { timings, order, memory, courier } = this;
    await continueAsNew<typeof pushWatch>({ timings, order, memory, sent: courier.sent });
  }

  protected async look(order: AnyWatchOrder): Promise<void> {
    await this.untilOrder(order, async () => {
      const { memory, problems, tell, blind } = await lookingAtCode(this.timings).watchPushes({
        watch: order.watch,
        ...(this.memory && { memory: this.memory }),
      });
      const wasBlind = this.memory?.isBlind ?? false;
      this.memory = memory;
      if (blind !== undefined) this.sayBlind(order, blind);
      else if (wasBlind) this.saySees(order);
      for (const problem of problems) this.say(tell, problem);
    });
  }
}
