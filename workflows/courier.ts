import { condition, isCancellation } from '@temporalio/workflow';
import type { Address, Notice } from '../src/messages/notice';
import { messaging } from './activities';
import type { OperationTimings } from './contract';
import type { Slot } from './slot';

export type Recipient =
  | { readonly kind: 'card_thread'; readonly broadcast: boolean }
  /** Another channel, with a link to the card. */
  | { readonly kind: 'elsewhere'; readonly channel: string }
  | Address;

interface Parcel {
  readonly key: string;
  readonly to: Recipient;
  readonly notice: Notice;
}

/** Notices that somebody has to see, however long Slack is away. */
const mustArrive: ReadonlySet<Notice['kind']> = new Set([
  'rollback_notice',
  'needs_hands',
  'needs_decision',
  'outcome',
  'review',
  'lease_ends',
  'lease_failed',
]);

/** Delivers notices in order, one at a time, each once. What hangs under the card waits until the card stands. */
export class Courier {
  private readonly parcels: Parcel[] = [];
  private count: number;
  private busy = false;
  private closing = false;
  private readonly worker: Promise<void>;

  constructor(
    private readonly spec: {
      readonly owner: string;
      readonly slot?: Slot;
      readonly timings: OperationTimings;
      readonly count?: number;
    },
  ) {
    this.count = spec.count ?? 0;
    this.worker = this.work();
  }

  send(to: Recipient, notice: Notice): void {
    this.count += 1;
    this.parcels.push({ key: `${this.spec.owner}/notice/${this.count}`, to, notice });
  }

  thread(notice: Notice, options: { readonly broadcast: boolean } = { broadcast: false }): void {
    this.send({ kind: 'card_thread', broadcast: options.broadcast }, notice);
  }

  get sent(): number {
    return this.count;
  }

  get idle(): boolean {
    return this.parcels.length === 0 && !this.busy;
  }

  /** Delivers what is left and stops. Never throws. */
  async close(): Promise<void> {
    this.closing = true;
    await this.worker;
  }

  private async work(): Promise<void> {
    while (true) {
      await condition(() => this.parcels.length > 0 || this.closing);
      const parcel = this.parcels.shift();
      if (!parcel) return;
      this.busy = true;
      await this.deliver(parcel);
      this.busy = false;
    }
  }

  private async deliver(parcel: Parcel): Promise<void> {
    const { timings, slot } = this.spec;
    if (parcel.to.kind === 'card_thread' || parcel.to.kind === 'elsewhere')
      await condition(() => slot?.at !== undefined || (slot?.settled ?? true));
    const to = this.addressOf(parcel.to);
    if (!to) return;
    // Below the card it has been said already.
    if (parcel.to.kind === 'elsewhere' && slot?.standsIn(parcel.to.channel)) return;
    try {
      const ms = mustArrive.has(parcel.notice.kind) ? timings.lastDeliveryMs : timings.deliveryMs;
      const calls = parcel.notice.kind === 'ballot_opened' || parcel.notice.kind === 'escalated';
      const notice = parcel.to.kind === 'elsewhere' && calls ? { ...parcel.notice, link: slot?.at } : parcel.notice;
      await messaging(timings, ms).notify({ key: parcel.key, to, notice });
    } catch (error) {
      if (isCancellation(error)) throw error;
      // A notice that cannot be delivered is dropped: the card and the ledger say the same, and nothing waits for it.
    }
  }

  private addressOf(to: Recipient): Address | undefined {
    if (to.kind === 'elsewhere') return { kind: 'channel', channel: to.channel };
    if (to.kind !== 'card_thread') return to;
    const at = this.spec.slot?.at;
    return at && { kind: 'thread', channel: at.channel, ts: at.ts, broadcast: to.broadcast };
  }
}
