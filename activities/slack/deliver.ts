import { digestOf } from '../../src/canonical';
import { section, type Message, type RenderContext } from '../../src/messages/blocks';
import { incidentCard } from '../../src/messages/incident-card';
import { operationCard } from '../../src/messages/operation-card';
import { clip } from '../../src/messages/text';
import type { Delivered, Delivery } from '../../src/operation/ports';
import { finishedStates } from '../../src/operation/view';
import type { Priority } from '../adapters/pacer';
import { rank } from '../adapters/pacer';
import type { SlackApi } from '../adapters/slack-api';
import { troubleIn } from '../adapters/slack-errors';
import type { SlotMemory } from '../adapters/slot-memory';
import { presentAttempt, type Attempt } from './attempt';
import type { ChannelBook } from './channels';
import { meansLost, slackFailure, slotLost } from './failures';
import { findMessages, SLOT_EVENT } from './find-message';

export interface DelivererSpec {
  readonly api: SlackApi;
  readonly channels: ChannelBook;
  readonly slots: SlotMemory;
  readonly ui: RenderContext;
  /** Least time between two edits of one message that only show progress, ms. */
  readonly minGapMs: number;
  readonly now: () => number;
}

/** What a slot is known to show. `hash` is missing when another process, or an earlier life of this one, posted it. */
interface Shown {
  readonly channel: string;
  readonly ts: string;
  readonly version: number;
  readonly hash?: string;
  readonly at: number;
}

interface Slot {
  newest: Delivery;
  shown?: Shown;
  /** A post may have gone through without our hearing of it: look before posting. */
  doubtful: boolean;
  flight?: Flight;
}

/** One delivery under way. Until it has begun it takes along whatever is newest. */
interface Flight {
  begun: boolean;
  priority: Priority;
  hurry: AbortController;
  done: Promise<Delivered>;
}

/** Slack's refusals of a card's content: the plain sentence is shown in its place. */
const contentRefused = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'block_mismatch',
  'msg_blocks_too_long',
  'msg_too_long',
]);

/** An operation this young has had no earlier delivery that could have gone through unheard. */
const youngMs = 10_000;
const slotsMost = 5_000;
/** `chat.update` refuses longer texts. */
const textMost = 3_900;

class Hurry extends Error {}
class AlreadyNewer extends Error {
  constructor(readonly version: number) {
    super('a newer version is being shown by another process');
  }
}

/** Brings slots to their newest version: one message each, never an older view over a newer one (law 7). */
export class Deliverer {
  private readonly slots = new Map<string, Slot>();

  constructor(private readonly spec: DelivererSpec) {}

  async deliver(delivery: Delivery): Promise<Delivered> {
    const attempt = presentAttempt();
    const slot = this.slotOf(delivery, attempt);
    for (;;) {
      if (slot.shown && slot.shown.version >= delivery.version) return delivered(slot.shown);
      const { flight } = slot;
      if (!flight) return await this.start(slot, attempt);
      if (!flight.begun) {
        const priority = priorityOf(slot.newest);
        if (rank[priority] < rank[flight.priority]) {
          flight.priority = priority;
          flight.hurry.abort(new Hurry());
        }
        return await flight.done;
      }
      await flight.done.catch(() => undefined);
    }
  }

  private slotOf(delivery: Delivery, attempt: Attempt): Slot {
    const slot = this.slots.get(delivery.slot) ?? { newest: delivery, doubtful: false };
    if (delivery.version >= slot.newest.version) slot.newest = delivery;
    // The workflow knows where its message is; what this process remembers may be about one that is gone.
    if (delivery.at && slot.shown && delivery.at.ts !== slot.shown.ts) slot.shown = undefined;
    const old = this.spec.now() - startOf(delivery) > youngMs;
    const triedBefore = !delivery.untried && delivery.version > 1 && old;
    slot.doubtful ||= attempt.number > 1 || triedBefore;
    this.slots.delete(delivery.slot);
    this.slots.set(delivery.slot, slot);
    if (this.slots.size > slotsMost) {
      const [name, eldest] = this.slots.entries().next().value!;
      if (!eldest.flight) this.slots.delete(name);
    }
    return slot;
  }

  private start(slot: Slot, attempt: Attempt): Promise<Delivered> {
    const flight: Flight = {
      begun: false,
      priority: priorityOf(slot.newest),
      hurry: new AbortController(),
      done: undefined as never,
    };
    slot.flight = flight;
    flight.done = this.fly(slot, flight, attempt).finally(() => {
      if (slot.flight === flight) slot.flight = undefined;
    });
    return flight.done;
  }

  private async fly(slot: Slot, flight: Flight, attempt: Attempt): Promise<Delivered> {
    for (;;) {
      try {
        const at = slot.newest.at ?? slot.shown;
        if (at && slot.shown?.ts === at.ts && slot.shown.hash === hashOf(this.render(slot.newest)))
          return this.note(slot, { ...slot.shown, version: slot.newest.version });
        await this.gap(slot, flight);
        return await (at ? this.edit(slot, flight, { at, attempt }) : this.post(slot, flight, attempt));
      } catch (error) {
        if (!(error instanceof Hurry)) throw error;
        flight.hurry = new AbortController();
      }
    }
  }

  /** Progress may wait a moment, so that a burst of it becomes one edit; nothing else waits. */
  private async gap(slot: Slot, flight: Flight): Promise<void> {
    const wait = (slot.shown?.at ?? 0) + this.spec.minGapMs - this.spec.now();
    if (flight.priority !== 'progress' || wait <= 0) return;
    const { signal } = flight.hurry;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, wait);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    });
  }

  private async edit(
    slot: Slot,
    flight: Flight,
    { at, attempt }: { readonly at: { readonly channel: string; readonly ts: string }; readonly attempt: Attempt },
  ): Promise<Delivered> {
    const channel = await this.spec.channels.internal(at.channel);
    const method = 'chat.update';
    try {
      const sent = await this.send(slot, flight, { method, attempt, where: { channel, ts: at.ts } });
      return this.note(slot, { channel, ts: at.ts, ...sent });
    } catch (error) {
      if (error instanceof Hurry) throw error;
      if (error instanceof AlreadyNewer) return { channel, ts: at.ts, version: error.version };
      const trouble = troubleIn(error);
      if (trouble.kind !== 'refused' || !meansLost(trouble.error)) throw slackFailure(error, method);
      slot.shown = undefined;
      this.spec.channels.forget(channel);
      // Only the workflow can give up a place that it knows; a place that only we remembered was a guess.
      if (slot.newest.at) throw slotLost(trouble.error, slot.newest.channel);
      flight.begun = false;
      return await this.post(slot, flight, attempt);
    }
  }

  private async post(slot: Slot, flight: Flight, attempt: Attempt): Promise<Delivered> {
    const channel = await this.spec.channels.internal(slot.newest.channel);
    const found = slot.doubtful ? await this.adopt(slot, channel) : undefined;
    if (found) {
      if (found.version >= slot.newest.version) return delivered(found);
      return await this.edit(slot, flight, { at: found, attempt });
    }
    const method = 'chat.postMessage';
    try {
      const sent = await this.send(slot, flight, { method, attempt, where: { channel } });
      slot.doubtful = false;
      return this.note(slot, { channel, ...sent, ts: sent.ts! });
    } catch (error) {
      if (error instanceof Hurry) throw error;
      if (error instanceof AlreadyNewer) throw slackFailure(error, method);
      const trouble = troubleIn(error);
      if (trouble.kind === 'unknown') slot.doubtful = true;
      if (trouble.kind !== 'refused' || !meansLost(trouble.error)) throw slackFailure(error, method);
      this.spec.channels.forget(channel);
      throw slotLost(trouble.error, slot.newest.channel);
    }
  }

  /** Looks for the message of this slot before it is posted again; surplus copies of it are taken away. */
  private async adopt(slot: Slot, channel: string): Promise<Shown | undefined> {
    const { slot: name } = slot.newest;
    const copies = await findMessages(this.spec.api, {
      channel,
      since: startOf(slot.newest) - 60_000,
      event: SLOT_EVENT,
      matches: (payload) => payload.slot === name,
    });
    const [first, ...surplus] = copies ?? [];
    for (const { ts } of surplus) {
      const removed = this.spec.api.call({ method: 'chat.delete', args: () => ({ channel, ts }), priority: 'notice' });
      await removed.catch(() => undefined);
    }
    if (!first) return undefined;
    slot.doubtful = false;
    slot.shown = { channel, ts: first.ts, version: Number(first.payload.version ?? 0), at: this.spec.now() };
    return slot.shown;
  }

  private async send(
    slot: Slot,
    flight: Flight,
    how: {
      readonly method: 'chat.update' | 'chat.postMessage';
      readonly attempt: Attempt;
      readonly where: { readonly channel: string; readonly ts?: string };
      readonly plainly?: boolean;
    },
  ): Promise<{ readonly ts?: string; readonly version: number; readonly hash: string; readonly at: number }> {
    let sent: { version: number; hash: string } | undefined;
    const args = async (): Promise<Record<string, unknown>> => {
      flight.begun = true;
      const { slot: name, version } = slot.newest;
      const ahead = await this.spec.slots.claim(name, version);
      if (ahead > version) throw new AlreadyNewer(ahead);
      const message = this.render(slot.newest);
      sent = { version, hash: hashOf(message) };
      return {
        ...how.where,
        ...(how.plainly ? plainly(message) : message),
        link_names: false,
        metadata: { event_type: SLOT_EVENT, event_payload: { slot: name, version } },
        ...(how.method === 'chat.postMessage' && { unfurl_links: false, unfurl_media: false }),
      };
    };
    try {
      const { method, attempt, where } = how;
      const place = {
        priority: flight.priority,
        channel: where.channel,
        signal: flight.hurry.signal,
        waitMs: attempt.waitMs,
      };
      const answer = await this.spec.api.call<{ ts?: string }>({ method, args, ...place });
      return { ts: answer.ts, ...sent!, at: this.spec.now() };
    } catch (error) {
      const trouble = troubleIn(error);
      if (how.plainly || trouble.kind !== 'refused' || !contentRefused.has(trouble.error)) throw error;
      return await this.send(slot, flight, { ...how, plainly: true });
    }
  }

  private render(delivery: Delivery): Message {
    const message =
      delivery.card === 'operation'
        ? operationCard(delivery.view, this.spec.ui)
        : incidentCard(delivery.view, this.spec.ui);
    return { text: clip(message.text, textMost), blocks: message.blocks };
  }

  private note(slot: Slot, shown: Shown): Delivered {
    slot.shown = shown;
    return delivered(shown);
  }
}

/** A terminal state first, then what people are waiting to decide on, then progress. */
export function priorityOf(delivery: Delivery): Priority {
  if (delivery.final) return 'final';
  if (delivery.card === 'incident') return delivery.view.state === 'resolved' ? 'final' : 'decision';
  const { state, ballots } = delivery.view;
  if (finishedStates.includes(state)) return 'final';
  return state === 'needs_hands' || ballots.some(({ takes }) => takes === 'votes') ? 'decision' : 'progress';
}

function delivered({ channel, ts, version }: Shown): Delivered {
  return { channel, ts, version };
}

function startOf(delivery: Delivery): number {
  return Date.parse(delivery.card === 'operation' ? delivery.view.requestedAt : delivery.view.declaredAt) || 0;
}

function hashOf(message: Message): string {
  return digestOf(message);
}

/** The sentence and the buttons: what is left of a card whose look Slack does not take. */
function plainly(message: Message): Message {
  return {
    text: message.text,
    blocks: [section(message.text), ...message.blocks.filter((block) => block.type === 'actions')],
  };
}
