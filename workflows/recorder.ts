import { condition } from '@temporalio/workflow';
import type { Json } from '../src/json';
import type { AppliedChange, LedgerEvent } from '../src/ledger/record';
import { recording } from './activities';
import type { OperationTimings } from './contract';
import { instant } from './say';

/** Writes this operation's records in order. A record that somebody must be able to rely on is awaited (`flush`). */
export class Recorder {
  private next = 0;
  private done = 0;
  private failure: unknown;

  constructor(
    private readonly spec: { readonly operationId: string; readonly day: string; readonly timings: OperationTimings },
  ) {}

  /** Starts to write and does not wait; `flush` tells whether all is durable. */
  write(event: LedgerEvent, body: { readonly [key: string]: Json }, state?: AppliedChange): void {
    const index = this.next;
    this.next += 1;
    const entry = { operationId: this.spec.operationId, event, index, at: instant(), day: this.spec.day, body, state };
    recording(this.spec.timings)
      .record({ entries: [entry] })
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.done += 1;
      });
  }

  /** Resolves when everything written so far is durable; throws when something could not be written. */
  async flush(): Promise<void> {
    const wanted = this.next;
    await condition(() => this.done >= wanted);
    if (this.failure !== undefined) {
      const failure = this.failure;
      this.failure = undefined;
      throw failure;
    }
  }
}
