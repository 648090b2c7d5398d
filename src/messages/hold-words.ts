import { expectedTurns, placeWords, type HoldEvent, type Holder, type Holds } from '../holds/holds';
import type { RenderContext } from './blocks';
import { code, instant, mention, safe } from './text';

type Words = { readonly [what in HoldEvent['what']]: (event: HoldEvent, at: (iso: string) => string) => string };

/** What happened to a lock, a freeze or the stop, for the channel of its place and for whom it concerns. */
export function holdSentence(event: HoldEvent, about: RenderContext = {}): string {
  const at = (iso: string): string => instant(iso, { tokens: about.dateTokens ?? true });
  return words[event.what](event, at);
}

const words: Words = {
  locked: (event, at) =>
    `🔒 ${person(event.by)} locked *${place(event)}*${forVersion(event)}${until(event, at)}${because(event)}.`,
  queued: (event, at) =>
    `🔒 ${person(event.by)} waits for the lock on *${place(event)}* as number ${event.position}${forVersion(event)}${because(event)}; their turn comes by ${at(event.until ?? '')} at the latest.`,
  left: (event) => `🔓 ${person(event.by)} no longer waits for the lock on *${place(event)}*.`,
  unlocked: (event) =>
    event.by === event.of
      ? `🔓 ${person(event.by)} unlocked *${place(event)}*.`
      : `🔓 ${person(event.by)} took the lock on *${place(event)}* from ${person(event.of)}${because(event)}.`,
  lock_expired: (event) => `🔓 The lock of ${person(event.of)} on *${place(event)}* is over, because its time is up.`,
  granted: (event, at) =>
    `🔒 ${person(event.to)} has the lock on *${place(event)}* now${forVersion(event)}${until(event, at)}${because(event)}; /signalbox unlock gives it back earlier.`,
  handed_over: (event, at) =>
    `🔒 ${person(event.by)} handed the lock${event.by === event.of ? '' : ` of ${person(event.of)}`} on *${place(event)}* to ${person(event.to)}${until(event, at)}${because(event)}.`,
  frozen: (event, at) =>
    `🧊 ${person(event.by)} froze *${place(event)}*${event.until ? until(event, at) : ' until somebody thaws it'}${because(event)}. Rollbacks still work.`,
  thawed: (event) => `🌤️ ${person(event.by)} thawed *${place(event)}*; what waited for it goes on by itself.`,
  freeze_expired: (event) =>
    `🌤️ The freeze of *${place(event)}* is over, because its time is up; what waited for it goes on by itself.`,
  stopped: (event) =>
    `🛑 ${person(event.by)} stopped everything${because(event)}: nothing begins until somebody says ${code('/signalbox go')}. Rollbacks still work.`,
  resumed: (event) => `🟢 ${person(event.by)} lifted the stop${because(event)}; what waited goes on by itself.`,
};

/** What is held, one sentence each: who, why, until when, and who waits. */
export function holdLines(holds: Holds, about: RenderContext = {}): readonly string[] {
  const at = (iso: string): string => instant(iso, { tokens: about.dateTokens ?? true });
  const { stop, freezes, locks } = holds;
  return [
    ...(stop
      ? [
          `🛑 Everything is stopped by ${who(stop)} since ${at(stop.since)}: ${safe(stop.reason, 300)}. Rollbacks still work.`,
        ]
      : []),
    ...freezes.map(
      (freeze) =>
        `🧊 *${safe(placeWords(freeze), 130)}* is frozen by ${who(freeze)} ${freeze.until ? `until ${at(freeze.until)}` : 'until somebody thaws it'}: ${safe(freeze.reason, 300)}.`,
    ),
    ...locks.map((lock) => {
      const { holder, queue } = lock;
      const turns = expectedTurns(lock);
      const waiting = queue.map(
        (each, index) =>
          `${index + 1}. ${who(each)}${forVersion(each)} by ${at(new Date(turns[index]!).toISOString())} (${safe(each.reason, 120)})`,
      );
      const line = waiting.length > 0 ? ` In line: ${waiting.join(', ')}.` : '';
      return `🔒 *${safe(placeWords(lock), 130)}* is locked by ${who(holder)}${forVersion(holder)} until ${at(holder.until)}: ${safe(holder.reason, 300)}.${line}`;
    }),
  ];
}

function who({ by }: Holder): string {
  return mention(by);
}

function person(id: string | undefined): string {
  return id === undefined ? 'Somebody' : mention(id);
}

function place({ service, environment = 'everything' }: HoldEvent): string {
  return safe(placeWords({ service, environment }), 130);
}

function forVersion({ change }: { readonly change?: string }): string {
  return change === undefined ? '' : ` for ${code(change, 80)} alone`;
}

function until({ until: end }: HoldEvent, at: (iso: string) => string): string {
  return end === undefined ? '' : ` until ${at(end)}`;
}

function because({ reason }: HoldEvent): string {
  return reason === undefined ? '' : ` (${safe(reason, 300)})`;
}
