import {
  CancellationScope,
  isCancellation,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { BLIND, BLIND_MEMO, SEARCH_ATTRIBUTES, type AnyWatchOrder, type OperationTimings } from './contract';
import { Courier } from './courier';

/**
 * Looks at something for a runbook, again and again. It is told what the policy in force wants, and ends when that is
 * nothing any more.
 */
export abstract class WatchDesk<Order extends AnyWatchOrder> {
  protected readonly courier: Courier;
  private looking: CancellationScope | undefined;

  constructor(
    protected readonly timings: OperationTimings,
    protected order: Order | undefined,
    sent: number | undefined,
  ) {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    this.courier = new Courier({ owner: `${workflowId}/${firstExecutionRunId}`, timings, count: sent });
  }

  take(order: Order | undefined): void {
    if (this.isOther(order)) this.looking?.cancel();
    this.onOrder(order);
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

  protected abstract look(order: Order): Promise<void>;
  /** Continues as new with what is known. */
  protected abstract again(): Promise<void>;
  protected abstract onOrder(order: Order | undefined): void;

  /** Whether what is under way is not what this order wants. */
  protected isOther(order: Order | undefined): boolean {
    return order?.watch !== this.order?.watch;
  }

  /** Ends early and quietly when another order comes; a cancellation from outside is thrown. */
  protected async untilOrder(order: Order, work: () => Promise<void>): Promise<void> {
    const scope = new CancellationScope();
    this.looking = scope;
    try {
      await scope.run(work);
    } catch (error) {
      if (!isCancellation(error) || this.order === order) throw error;
    } finally {
      this.looking = undefined;
    }
  }

  protected show(why?: string): void {
    upsertMemo({ [BLIND_MEMO]: why ?? null });
    upsertSearchAttributes({
      [SEARCH_ATTRIBUTES.state.name]: [why === undefined ? 'watching' : BLIND],
      [SEARCH_ATTRIBUTES.since.name]: [new Date()],
    });
  }

  protected sayBlind({ what, runbook, owner, tell }: Order, why: string): void {
    this.show(why);
    this.say(
      tell,
      `The watch of ${what} for the runbook ${runbook} is blind and starts nothing until it sees again. ${why} ${owner} answers for it.`,
    );
  }

  protected saySees({ what, runbook, tell }: Order): void {
    this.show();
    this.say(tell, `The watch of ${what} for the runbook ${runbook} sees again.`);
  }

  protected say(channel: string | undefined, text: string): void {
    if (channel !== undefined) this.courier.send({ kind: 'channel', channel }, { kind: 'plain', text });
  }

  private async carryOn(): Promise<void> {
    await this.courier.close();
    await this.again();
  }
}
