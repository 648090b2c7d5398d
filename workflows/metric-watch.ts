import { continueAsNew, defineSignal, isCancellation, setHandler, sleep } from '@temporalio/workflow';
import type { Breach, WatchMemory, WatchNews } from '../src/triggers/watch-news';
import { looking, reading } from './activities';
import { WATCH, type MetricWatchInput, type WatchOrder } from './contract';
import { applicationFailureIn, isTimeout, reasonOf } from './say';
import { WatchDesk } from './watch-desk';

const watchSignal = defineSignal<[WatchOrder | null]>(WATCH);

/** After a look that could not even be made: long enough to cost little, short enough to see again soon. */
const againMs = 60_000;
/** What was found that long ago starts nothing any more. */
const lateMs = 3_600_000;

/**
 * Watches a metric for a runbook. There is one for each such runbook; it is told what the policy in force wants, and
 * ends when that is nothing any more.
 */
export async function metricWatch(input: MetricWatchInput): Promise<void> {
  const watch = new MetricWatchDesk(input);
  setHandler(watchSignal, (order) => watch.take(order ?? undefined));
  await watch.work();
}

class MetricWatchDesk extends WatchDesk<WatchOrder> {
  private memory: WatchMemory | undefined;

  constructor({ timings, order, memory, sent }: MetricWatchInput) {
    super(timings, order, sent);
    this.memory = memory;
  }

  protected override isOther(order: WatchOrder | undefined): boolean {
    return super.isOther(order) || order?.pool !== this.order?.pool;
  }

  protected onOrder(order: WatchOrder | undefined): void {
    // How long another threshold was held says nothing of this one.
    if (order?.watch !== this.order?.watch && this.memory) this.memory = { ...this.memory, held: [] };
  }

  protected async again(): Promise<void> {
    const { timings, order, memory, courier } = this;
    await continueAsNew<typeof metricWatch>({ timings, order, memory, sent: courier.sent });
  }

  protected async look(order: WatchOrder): Promise<void> {
    try {
      await this.untilOrder(order, async () => {
        const asked = { watch: order.watch, ...(this.memory ? { memory: this.memory } : {}) };
        const { memory, news } = await looking(order, this.timings).watchMetric(asked);
        this.memory = memory;
        for (const each of news) await this.tell(order, each);
      });
    } catch (error) {
      if (isCancellation(error)) throw error;
      await this.unseen(order, error);
    }
  }

  /** Nobody looked, so nobody knows how long anything has been held. */
  private async unseen(order: WatchOrder, error: unknown): Promise<void> {
    const why = isTimeout(error)
      ? `No runner of the pool ${order.pool} looks at it.`
      : (applicationFailureIn(error)?.message ?? 'The look could not be made.');
    const wasBlind = this.memory?.isBlind ?? false;
    this.memory = { held: [], lookedMs: 0, unseen: 0, isBlind: true };
    if (!wasBlind) await this.tell(order, { kind: 'blind', why });
    if (isTimeout(error)) return;
    await this.untilOrder(order, () => sleep(againMs));
  }

  private async tell(order: WatchOrder, news: WatchNews): Promise<void> {
    switch (news.kind) {
      case 'fires':
        return this.fire(order, news.breach);
      case 'blind':
        return this.sayBlind(order, news.why);
      default:
        return this.saySees(order);
    }
  }

  private async fire({ watch, runbook, tell: channel }: WatchOrder, breach: Breach): Promise<void> {
    while (Date.now() - Date.parse(breach.at) < lateMs) {
      try {
        const { problem, tell } = await reading(this.timings).metricFired({ watch, breach });
        return problem === undefined ? undefined : this.say(tell, problem);
      } catch (error) {
        if (isCancellation(error)) throw error;
        if (!isTimeout(error))
          return this.say(channel, `The runbook ${runbook} was not started by its metric. ${reasonOf(error)}`);
      }
    }
  }
}
