import { ApplicationFailure, condition, sleep } from '@temporalio/workflow';
import type { Json } from '../src/json';
import type { LedgerEntry, LedgerEvent } from '../src/ledger/record';
import { recording } from './activities';
import type { OperationTimings } from './contract';
import { applicationFailureIn, instant } from './say';

/** Plain JSON that survives continue-as-new. */
export interface RecorderState {
  readonly index: number;
  readonly waiting: readonly LedgerEntry[];
}

/**
 * Writes a workflow's records in order, everything that waits in one commit. A record that somebody must be able to
 * rely on is awaited (`flush`).
 */
export class Recorder {
  private index: number;
  private waiting: LedgerEntry[];
  private busy = false;
  private failure: Error | undefined;

  constructor(
    private readonly spec: {
      readonly operationId: string;
      readonly day: string;
      readonly timings: OperationTimings;
      /** Where a former run of the same workflow left off. */
      readonly carried?: RecorderState;
    },
  ) {
    this.index = spec.carried?.index ?? 0;
    this.waiting = [...(spec.carried?.waiting ?? [])];
  }

  /** What the next run of the same workflow goes on from; nothing while a record is being written. */
  get state(): RecorderState | undefined {
    return this.busy ? undefined : { index: this.index, waiting: this.waiting };
  }

  /** Starts to write and does not wait. */
  write(
    event: LedgerEvent,
    body: { readonly [key: string]: Json },
    { state, resources }: Pick<LedgerEntry, 'state' | 'resources'> = {},
  ): void {
    const { operationId, day } = this.spec;
    this.waiting.push({ operationId, event, index: this.index, at: instant(), day, body, state, resources });
    this.index += 1;
    if (!this.busy) void this.work();
  }

  /** Resolves when everything written so far is durable; throws when something could not be written. Repeatable. */
  async flush(): Promise<void> {
    if (!this.busy && this.waiting.length > 0) void this.work();
    await condition(() => !this.busy);
    if (this.waiting.length > 0) throw this.failure ?? new ApplicationFailure('The ledger did not answer in time.');
  }

  /** Goes on writing until everything is durable, or the ledger has refused it for good. */
  async persist(): Promise<void> {
    while (this.waiting.length > 0 || this.busy) {
      try {
        await this.flush();
      } catch (error) {
        if (applicationFailureIn(error)?.nonRetryable) return;
        await sleep(this.spec.timings.recordAgainMs);
      }
    }
  }

  /** Like `flush`, but false when it takes longer than `ms`; the writing goes on. */
  async flushWithin(ms: number): Promise<boolean> {
    if (!(await condition(() => !this.busy, ms))) return false;
    await this.flush();
    return true;
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      // What is written in the same activation goes into the same commit.
      await Promise.resolve();
      const entries = this.waiting;
      this.waiting = [];
      try {
        await recording(this.spec.timings).record({ entries });
      } catch (error) {
        // Kept in order, so that the next attempt writes everything that is missing.
        this.waiting = [...entries, ...this.waiting];
        this.failure = error as Error;
        break;
      }
    }
    this.busy = false;
  }
}
