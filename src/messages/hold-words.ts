import type { KnownBlock } from '@slack/types';
import { expectedTurns, isEmpty, placeWords, type HoldEvent, type Holds, type Lease } from '../holds/holds';
import { section, type Message, type RenderContext } from './blocks';
import { code, fit, instant, listed, mention, plain, safe } from './text';

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

/** How names, versions and instants are written. */
interface Style {
  readonly person: (id: string) => string;
  readonly place: (words: string) => string;
  readonly version: (version: string) => string;
  readonly at: (iso: string) => string;
  readonly prose: (text: string) => string;
}

/** What is held, one sentence each: who, why, until when, and who waits. */
export function holdLines(holds: Holds, about: RenderContext = {}): readonly string[] {
  return linesOf(holds, {
    person: mention,
    place: (words) => `*${safe(words, 130)}*`,
    version: (version) => code(version, 80),
    at: (iso) => instant(iso, { tokens: about.dateTokens ?? true }),
    prose: (text) => safe(text, 300),
  });
}

/** The same without Slack's markup, for the command line. */
export function plainHoldLines(holds: Holds): readonly string[] {
  const asIs = (text: string): string => plain(text);
  return linesOf(holds, { person: asIs, place: asIs, version: asIs, at: asIs, prose: asIs });
}

/** `/signalbox locks` */
export function holdsMessage(holds: Holds, about: RenderContext = {}): Message {
  const lines = isEmpty(holds) ? [nothingHeld] : holdLines(holds, about);
  return { text: `${countOf(holds)}.`, blocks: sectionsOf(lines) };
}

export const nothingHeld = 'Nothing is locked, frozen or stopped by command.';

function countOf(holds: Holds): string {
  if (isEmpty(holds)) return nothingHeld.slice(0, -1);
  const { locks, freezes, stop } = holds;
  const parts = [
    ...(stop ? ['everything is stopped'] : []),
    counted(freezes.length, 'freeze'),
    counted(locks.length, 'lock'),
  ];
  const said = listed(parts.filter((part) => part !== ''));
  return `${said.charAt(0).toUpperCase()}${said.slice(1)} by command`;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** So many lines a section that none is cut. */
function sectionsOf(lines: readonly string[], each = 4): KnownBlock[] {
  const shown = lines.slice(0, 80);
  const sections = Array.from({ length: Math.ceil(shown.length / each) }, (_, index) =>
    section(fit(shown.slice(index * each, (index + 1) * each))),
  );
  return shown.length < lines.length ? [...sections, section(`… and ${lines.length - shown.length} more.`)] : sections;
}

function linesOf({ stop, freezes, locks }: Holds, style: Style): readonly string[] {
  const { person, place: bold, version, at, prose } = style;
  const only = ({ change }: Lease): string => (change === undefined ? '' : ` for ${version(change)} alone`);
  const stopped =
    stop &&
    `🛑 Everything is stopped by ${person(stop.by)} since ${at(stop.since)}: ${prose(stop.reason)}. Rollbacks still work.`;
  return [
    ...(stopped ? [stopped] : []),
    ...freezes.map(({ by, reason, until: end, ...where }) => {
      const ends = end === undefined ? 'until somebody thaws it' : `until ${at(end)}`;
      return `🧊 ${bold(placeWords(where))} is frozen by ${person(by)} ${ends}: ${prose(reason)}.`;
    }),
    ...locks.map((lock) => {
      const { holder, queue } = lock;
      const turns = expectedTurns(lock).map((ms) => at(new Date(ms).toISOString()));
      const waiting = queue.map(
        (each, index) => `${index + 1}. ${person(each.by)}${only(each)} by ${turns[index]} (${prose(each.reason)})`,
      );
      const line = waiting.length > 0 ? ` In line: ${waiting.join(', ')}.` : '';
      return `🔒 ${bold(placeWords(lock))} is locked by ${person(holder.by)}${only(holder)} until ${at(holder.until)}: ${prose(holder.reason)}.${line}`;
    }),
  ];
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
