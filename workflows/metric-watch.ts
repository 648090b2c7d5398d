import {
  CancellationScope,
  continueAsNew,
  defineSignal,
  isCancellation,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Breach, WatchMemory, WatchNews } from '../src/triggers/watch-news';
import { looking, reading } from './activities';
import { BLIND, BLIND_MEMO, SEARCH_ATTRIBUTES, WATCH, type MetricWatchInput, type WatchOrder } from './contract';
import { Courier } from './courier';
import { applicationFailureIn, isTimeout, reasonOf } from './say';

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

class MetricWatchDesk {
  private order: WatchOrder | undefined;
  private memory: WatchMemory | undefined;
  private looking: CancellationScope | undefined;
  private readonly courier: Courier;

  constructor(private readonly input: MetricWatchInput) {
    this.order = input.order;
    this.memory = input.memory;
    this.courier = new Courier({
      owner: `${workflowInfo().workflowId}/${workflowInfo().firstExecutionRunId}`,
      timings: input.timings,
      count: input.sent,
    });
  }

  take(order: WatchOrder | undefined): void {
    if (order?.watch !== this.order?.watch || order?.pool !== this.order?.pool) this.looking?.cancel();
    // How long another threshold was held says nothing of this one.
    if (order?.watch !== this.order?.watch && this.memory) this.memory = { ...this.memory, held: [] };
    this.order = order;
  }

  async work(): Promise<void> {
    while (this.order) {
      if (workflowInfo().continueAsNewSuggested) return this.carryOn();
      await this.look(this.order);
    }
    await this.courier.close();
    // An order may have come while the last words were on their way.
    if (this.order) await this.carryOn();
  }

  private async carryOn(): Promise<void> {
    await this.courier.close();
    const { input, order, memory, courier } = this;
    await continueAsNew<typeof metricWatch>({ timings: input.timings, order, memory, sent: courier.sent });
  }

  private async look(order: WatchOrder): Promise<void> {
    const { timings } = this.input;
    const scope = new CancellationScope();
    this.looking = scope;
    try {
      await scope.run(async () => {
        const asked = { watch: order.watch, ...(this.memory ? { memory: this.memory } : {}) };
        const { memory, news } = await looking(order, timings).watchMetric(asked);
        this.memory = memory;
        for (const each of news) await this.tell(order, each);
      });
    } catch (error) {
      if (isCancellation(error)) {
        // Cancelled by a new order, or from outside by somebody who wants it to end.
        if (this.order === order) throw error;
        return;
      }
      await this.unseen(order, error);
    } finally {
      this.looking = undefined;
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
    const scope = new CancellationScope();
    this.looking = scope;
    await scope.run(() => sleep(againMs)).catch(() => undefined);
  }

  private async tell(order: WatchOrder, news: WatchNews): Promise<void> {
    switch (news.kind) {
      case 'fires':
        return this.fire(order, news.breach);
      case 'blind':
        this.show('blind', news.why);
        return this.say(
          order.tell,
          `The watch of ${order.what} for the runbook ${order.runbook} is blind and starts nothing until it sees again. ${news.why} ${order.owner} answers for it.`,
        );
      default:
        this.show('watching');
        return this.say(order.tell, `The watch of ${order.what} for the runbook ${order.runbook} sees again.`);
    }
  }

  private async fire({ watch, runbook, tell: channel }: WatchOrder, breach: Breach): Promise<void> {
    while (Date.now() - Date.parse(breach.at) < lateMs) {
      try {
        const { problem, tell } = await reading(this.input.timings).metricFired({ watch, breach });
        return problem === undefined ? undefined : this.say(tell, problem);
      } catch (error) {
        if (isCancellation(error)) throw error;
        if (!isTimeout(error))
          return this.say(channel, `The runbook ${runbook} was not started by its metric. ${reasonOf(error)}`);
      }
    }
  }

  private show(state: string, why?: string): void {
    upsertMemo({ [BLIND_MEMO]: why ?? null });
    upsertSearchAttributes({
      [SEARCH_ATTRIBUTES.state.name]: [state === 'blind' ? BLIND : 'watching'],
      [SEARCH_ATTRIBUTES.since.name]: [new Date()],
    });
  }

  private say(channel: string | undefined, text: string): void {
    if (channel !== undefined) this.courier.send({ kind: 'channel', channel }, { kind: 'plain', text });
  }
}
