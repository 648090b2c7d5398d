import { DateTime, IANAZone } from 'luxon';

/** A stretch of the wall clock that comes back every week. Ends are exclusive. */
export interface WeeklyWindow {
  readonly name: string;
  /** ISO weekdays on which it starts: 1 is Monday. */
  readonly days: readonly number[];
  /** Minutes after midnight, 0 to 1439. */
  readonly from: number;
  /** Minutes after midnight, 1 to 1440. Before `from`: it crosses midnight and belongs to the day it starts on. */
  readonly to: number;
  /** IANA zone; the policy's own where none is named. */
  readonly zone?: string;
}

/** Whole days in a zone, both ends inclusive. */
export interface DateRange {
  /** `2026-12-18` */
  readonly from: string;
  readonly to: string;
  readonly zone?: string;
}

export interface WindowAnswer {
  readonly open: boolean;
  readonly opensAt?: Date;
  /** Absent when it never closes. */
  readonly closesAt?: Date;
}

/** Far enough to find a weekly window again even when a spring morning has swallowed one of its turns. */
const lookAheadDays = 15;

/**
 * Whether one of the windows is open at an instant, and when that changes next. No window at all means always open.
 * A window is a stretch of the wall clock: a time that spring skips never matches, a time that autumn repeats matches
 * both times.
 */
export function windowAt(input: {
  readonly windows: readonly WeeklyWindow[];
  readonly now: Date;
  readonly defaultZone: string;
}): WindowAnswer {
  const { windows, defaultZone } = input;
  if (windows.length === 0) return { open: true };
  const now = input.now.getTime();
  const known = answers.get(windows);
  if (known?.defaultZone === defaultZone && known.since <= now && now < known.until) return known.answer;
  const found = findAnswer({ windows, now, defaultZone });
  const until = (found.opensAt ?? found.closesAt)?.getTime() ?? now;
  answers.set(windows, { defaultZone, since: now, until, answer: found });
  return found;
}

/** Until a window opens or closes the answer is the same, and arithmetic with zones is most of a decision's time. */
const answers = new WeakMap<
  readonly WeeklyWindow[],
  { readonly defaultZone: string; readonly since: number; readonly until: number; readonly answer: WindowAnswer }
>();

function findAnswer(input: {
  readonly windows: readonly WeeklyWindow[];
  readonly now: number;
  readonly defaultZone: string;
}): WindowAnswer {
  const { windows, now, defaultZone } = input;
  const isOpen = (at: number): boolean => windows.some((window) => holds(window, at, defaultZone));
  const open = isOpen(now);
  if (windows.some(isAlways)) return { open };
  for (let day = -1; day <= lookAheadDays; day++) {
    const edges = windows.flatMap((window) => edgesOf({ window, now, day, defaultZone }));
    const flip = edges.filter((at) => at > now && isOpen(at) !== open).sort((left, right) => left - right)[0];
    // Another window may flip earlier on a day that begins later in its own zone: look one day further.
    const later =
      flip === undefined ? [] : windows.flatMap((window) => edgesOf({ window, now, day: day + 1, defaultZone }));
    const flips = later.filter((at) => at > now && at < flip! && isOpen(at) !== open);
    if (flip !== undefined) return answer(open, Math.min(flip, ...flips));
  }
  return { open };
}

function answer(open: boolean, flip: number): WindowAnswer {
  return open ? { open, closesAt: new Date(flip) } : { open, opensAt: new Date(flip) };
}

function isAlways(window: WeeklyWindow): boolean {
  return window.from === 0 && window.to === 1440 && new Set(window.days).size === 7;
}

/** Whether an instant lies in a range of days, and the instants at which the range begins and is over. */
export function rangeAt(input: { readonly range: DateRange; readonly now: Date; readonly defaultZone: string }): {
  readonly active: boolean;
  readonly from: Date;
  readonly until: Date;
} {
  const { from, until } = edgesOfRange(input.range, input.range.zone ?? input.defaultZone);
  const now = input.now.getTime();
  return { active: from <= now && now < until, from: new Date(from), until: new Date(until) };
}

const rangeEdges = new WeakMap<DateRange, { readonly zone: string; readonly from: number; readonly until: number }>();

function edgesOfRange(range: DateRange, zone: string): { readonly from: number; readonly until: number } {
  const known = rangeEdges.get(range);
  if (known?.zone === zone) return known;
  const from = DateTime.fromISO(range.from, { zone }).startOf('day').toMillis();
  const until = DateTime.fromISO(range.to, { zone }).plus({ days: 1 }).startOf('day').toMillis();
  const edges = { zone, from, until };
  rangeEdges.set(range, edges);
  return edges;
}

/** The ranges that are active at an instant, each with its end; the one that ends last first. */
export function freezeAt<Range extends DateRange>(input: {
  readonly freezes: readonly Range[];
  readonly now: Date;
  readonly defaultZone: string;
}): readonly { readonly freeze: Range; readonly until: Date }[] {
  return input.freezes
    .map((freeze) => ({ freeze, ...rangeAt({ range: freeze, now: input.now, defaultZone: input.defaultZone }) }))
    .filter(({ active }) => active)
    .map(({ freeze, until }) => ({ freeze, until }))
    .sort((left, right) => right.until.getTime() - left.until.getTime());
}

function holds(window: WeeklyWindow, at: number, defaultZone: string): boolean {
  const local = DateTime.fromMillis(at, { zone: window.zone ?? defaultZone });
  const minute = local.hour * 60 + local.minute;
  const today = window.days.includes(local.weekday);
  if (window.from < window.to) return today && window.from <= minute && minute < window.to;
  const yesterday = window.days.includes(local.weekday === 1 ? 7 : local.weekday - 1);
  return (today && minute >= window.from) || (yesterday && minute < window.to);
}

/** Every instant at which a window may open or close on one day from now: its own edges and changes of the clock. */
function edgesOf(input: {
  readonly window: WeeklyWindow;
  readonly now: number;
  readonly day: number;
  readonly defaultZone: string;
}): readonly number[] {
  const { window, now, day } = input;
  const zone = window.zone ?? input.defaultZone;
  const start = DateTime.fromMillis(now, { zone }).startOf('day').plus({ days: day }).startOf('day');
  const edges: number[] = [];
  for (const minutes of [window.from, window.to]) {
    const date = start.plus({ days: Math.floor(minutes / 1440) });
    const wall = date.set({ hour: Math.floor(minutes / 60) % 24, minute: minutes % 60, second: 0, millisecond: 0 });
    for (const possible of wall.getPossibleOffsets()) edges.push(possible.toMillis());
  }
  const change = clockChange(start.toMillis(), start.plus({ days: 1 }).startOf('day').toMillis(), zone);
  return change === undefined ? edges : [...edges, change];
}

/** The instant between two others at which the zone's offset changes. */
function clockChange(start: number, end: number, zone: string): number | undefined {
  const iana = IANAZone.create(zone);
  const before = iana.offset(start);
  if (iana.offset(end) === before) return undefined;
  // Zones change at whole minutes, and days begin at one.
  let [low, high] = [0, Math.round((end - start) / 60_000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (iana.offset(start + middle * 60_000) === before) low = middle;
    else high = middle;
  }
  return start + high * 60_000;
}

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** `mon-thu`, `sat`, `weekdays`, `weekend`, `all` as ISO weekdays; `fri-mon` goes over the week's end. */
export function parseDays(text: string): readonly number[] | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'weekdays') return [1, 2, 3, 4, 5];
  if (word === 'weekend') return [6, 7];
  if (word === 'all' || word === 'daily') return [1, 2, 3, 4, 5, 6, 7];
  const [first = '', last = first, ...rest] = word.split('-').map((part) => part.trim());
  const [from, to] = [dayNames.indexOf(first), dayNames.indexOf(last)];
  if (from < 0 || to < 0 || rest.length > 0) return undefined;
  const length = ((to - from + 7) % 7) + 1;
  return Array.from({ length }, (_, index) => ((from + index) % 7) + 1).sort((left, right) => left - right);
}

/** `09:00` as minutes after midnight; `24:00` only as an end. */
export function parseClock(text: string, edge: 'from' | 'to'): number | undefined {
  const parts = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  if (!parts) return undefined;
  const [hour, minute] = [Number(parts[1]), Number(parts[2])];
  if (hour === 24 && minute === 0 && edge === 'to') return 1440;
  return hour < 24 && minute < 60 ? hour * 60 + minute : undefined;
}

/** Whether a text is a day of the calendar: `2026-02-30` is none. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid;
}

/** Whether a text names a time zone by its IANA name, or is UTC. */
export function isZone(text: string): boolean {
  return text === 'UTC' || (text.includes('/') && IANAZone.isValidZone(text));
}
