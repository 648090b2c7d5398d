import { condition, isCancellation } from '@temporalio/workflow';
import type { Delivery } from '../src/operation/ports';
import { messaging } from './activities';
import type { OperationTimings } from './contract';
import { applicationFailureIn } from './say';

type Card = { [K in Delivery['card']]: Pick<Extract<Delivery, { card: K }>, 'card' | 'view'> }[Delivery['card']];

interface SlotSpec {
  readonly slot: string;
  /** Channel policy wants; then the one to fall back to when it is gone or closed to us. */
  readonly channels: readonly string[];
  readonly timings: OperationTimings;
  readonly card: () => Card;
  /** Told when the message stands somewhere else than before. */
  readonly onPosted?: () => void;
  /** Told once when the message cannot be shown anywhere, with the reason as a sentence. */
  readonly onNowhere?: (reason: string) => void;
  readonly at?: { readonly channel: string; readonly ts: string };
  readonly version?: number;
}

/**
 * One message that converges to the latest state (law 7). `touch` says that something changed; at most one delivery is
 * under way, and each sends the newest view, so a burst of changes costs two deliveries. Slack being away never holds
 * anybody up: a delivery that cannot be made is given up until the next change.
 */
export class Slot {
  at: { readonly channel: string; readonly ts: string } | undefined;
  /** Why the newest view could not be shown, if it could not. */
  trouble: string | undefined;
  private version: number;
  private shown: number;
  private closing = false;
  private channel = 0;
  private untried: boolean;
  private readonly worker: Promise<void>;

  constructor(private readonly spec: SlotSpec) {
    this.at = spec.at;
    this.version = spec.version ?? 0;
    this.shown = this.version;
    this.untried = spec.at === undefined && spec.version === undefined;
    this.worker = this.work();
  }

  /** Whether the message stands in this channel, by the name it was sent to or by the id that Slack gave back. */
  standsIn(channel: string): boolean {
    if (!this.at) return false;
    const names = [this.at.channel, this.spec.channels[this.channel]];
    return names.some((name) => name?.replace(/^#/, '') === channel.replace(/^#/, ''));
  }

  touch(): void {
    this.version += 1;
  }

  get settled(): boolean {
    return this.shown >= this.version;
  }

  get newest(): number {
    return this.version;
  }

  /** Shows the last view, for as long as `lastDeliveryMs` allows, and stops. Never throws. */
  async close(): Promise<void> {
    this.closing = true;
    this.touch();
    await this.worker;
  }

  private async work(): Promise<void> {
    while (true) {
      await condition(() => !this.settled || this.closing);
      if (this.settled) return;
      await this.deliverNewest();
    }
  }

  private async deliverNewest(): Promise<void> {
    const version = this.version;
    const final = this.closing;
    const ms = final ? this.spec.timings.lastDeliveryMs : this.spec.timings.deliveryMs;
    const channel = this.spec.channels[this.channel] ?? this.spec.channels[0]!;
    const { untried } = this;
    this.untried = false;
    try {
      const delivered = await messaging(this.spec.timings, ms).deliver({
        slot: this.spec.slot,
        version,
        channel,
        at: this.at,
        final,
        ...(untried ? { untried } : {}),
        ...this.spec.card(),
      });
      const moved = this.at?.ts !== delivered.ts || this.at.channel !== delivered.channel;
      this.at = { channel: delivered.channel, ts: delivered.ts };
      if (moved) this.spec.onPosted?.();
      this.trouble = undefined;
      this.shown = Math.max(version, this.shown);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.trouble = applicationFailureIn(error)?.message ?? 'Slack did not answer in time.';
      this.giveUp(version, applicationFailureIn(error)?.type === 'SlotLost');
    }
  }

  /** A lost message is posted anew, in the next channel if it never stood in this one; anything else waits for a change. */
  private giveUp(version: number, lost: boolean): void {
    const stoodHere = this.at !== undefined;
    if (lost) {
      this.at = undefined;
      if (!stoodHere) this.channel += 1;
      if (stoodHere || this.channel < this.spec.channels.length) return;
      if (this.channel === this.spec.channels.length) this.spec.onNowhere?.(this.trouble ?? '');
    }
    this.shown = Math.max(version, this.shown);
  }
}
