import { DateTime, IANAZone } from 'luxon';
import type { CronDays } from './cron';
import { dayMs, merged, shownAround, whenShown, type Stretch } from './wall-clock';

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

/** Begins whenever the wall clock shows a time that the pattern matches, and is over when it shows `minutes` more. */
export interface CronWindow {
  readonly name: string;
  readonly cron: CronDays;
  readonly minutes: number;
  readonly zone?: string;
}

export type TimeWindow = WeeklyWindow | CronWindow;

/** Whole days in a zone, both ends inclusive. */
export interface DateRange {
  /** `2026-12-18` */
  readonly from: string;
  readonly to: string;
  readonly zone?: string;
}

/** The same days of every year, both ends inclusive; over the year's end where `to` comes before `from`. */
export interface YearlyRange {
  readonly every: 'year';
  /** `12-18`. 29 February begins on 1 March and ends on 28 February in a year that has none. */
  readonly from: string;
  readonly to: string;
  readonly zone?: string;
}

/** A time at which something is not to happen. */
export type Season = DateRange | YearlyRange | CronWindow;

export interface WindowAnswer {
  readonly open: boolean;
  readonly opensAt?: Date;
  /** Absent when it never closes. */
  readonly closesAt?: Date;
}

/**
 * Whether one of the windows is open at an instant, and when that changes next. No window at all means always open.
 * A window is a stretch of the wall clock: a time that spring skips never matches, a time that autumn repeats matches
 * both times.
 */
export function windowAt(input: {
  readonly windows: readonly TimeWindow[];
  readonly now: Date;
  readonly defaultZone: string;
}): WindowAnswer {
  const { windows } = input;
  if (windows.length === 0) return { open: true };
  const { on, next } = turnAt({ ...input, key: windows, seasons: windows });
  const at = next === undefined ? undefined : new Date(next);
  if (on) return { open: true, closesAt: at };
  return { open: false, opensAt: at };
}

/** Whether an instant lies in a season; if so until when, else when it comes next (absent: never again). */
export type SeasonAnswer =
  { readonly active: true; readonly until: Date } | { readonly active: false; readonly next?: Date };

export function seasonAt(input: {
  readonly season: Season;
  readonly now: Date;
  readonly defaultZone: string;
}): SeasonAnswer {
  const { season, now, defaultZone } = input;
  const { on, next } = turnAt({ key: season, seasons: [season], now, defaultZone });
  if (!on) return next === undefined ? { active: false } : { active: false, next: new Date(next) };
  return { active: true, until: new Date(next ?? now.getTime() + farMs) };
}

/** The seasons that are active at an instant, each with its end; the one that ends last first. */
export function freezeAt<Kind extends Season>(input: {
  readonly freezes: readonly Kind[];
  readonly now: Date;
  readonly defaultZone: string;
}): readonly { readonly freeze: Kind; readonly until: Date }[] {
  const active: { readonly freeze: Kind; readonly until: Date }[] = [];
  for (const freeze of input.freezes) {
    const { on, next } = turnAt({ key: freeze, seasons: [freeze], now: input.now, defaultZone: input.defaultZone });
    if (on) active.push({ freeze, until: new Date(next ?? input.now.getTime() + farMs) });
  }
  return active.sort((left, right) => right.until.getTime() - left.until.getTime());
}

/** What never ends (or not within decades) is said to last this long. */
export const farMs = 3_650 * dayMs;
/** Looking for a change goes on in ever longer parts; together some fifty years of one unchanged answer. */
const firstPartMs = dayMs;
const longestPartMs = 512 * dayMs;
const maxParts = 48;

interface Turn {
  readonly on: boolean;
  /** ms; when `on` changes. */
  readonly next?: number;
}

interface Known extends Turn {
  since: number;
  readonly until: number;
}

interface Answers {
  readonly defaultZone: string;
  /** In the order of time. */
  readonly list: Known[];
}

/** Until a window opens or closes the answer is the same, and finding it is most of a decision's time. */
const answers = new WeakMap<object, Answers>();
/** Of one window or season: some years of nights. */
const maxAnswers = 2_000;

function turnAt(input: {
  /** What answers are kept by. */
  readonly key: object;
  readonly seasons: readonly (TimeWindow | Season)[];
  readonly now: Date;
  readonly defaultZone: string;
}): Turn {
  const { key, seasons, defaultZone } = input;
  const now = input.now.getTime();
  const kept = answers.get(key);
  const list = kept?.defaultZone === defaultZone ? kept.list : [];
  if (list !== kept?.list) answers.set(key, { defaultZone, list });
  const later = firstAfter(list, now);
  const known = list[later - 1];
  if (known && now < known.until) return known;
  const found = findTurn(
    seasons.map((season) => ({ zone: season.zone ?? defaultZone, ...timesOf(season) })),
    now,
  );
  // What never changes within decades does not change within the longest part either.
  const until = found.next ?? now + longestPartMs;
  if (list[later]?.until === until) list[later].since = now;
  else if (list.length >= maxAnswers) list.splice(0, Infinity, { ...found, since: now, until });
  else list.splice(later, 0, { ...found, since: now, until });
  return found;
}

/** Where in the list the first answer stands that begins after an instant. */
function firstAfter(list: readonly Known[], at: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.since <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Clock extends Times {
  readonly zone: string;
}

function findTurn(clocks: readonly Clock[], now: number): Turn {
  const always = clocks.some((clock) => clock.always);
  if (always) return { on: true };
  let on: boolean | undefined;
  let [start, length] = [now, firstPartMs];
  for (let part = 0; part < maxParts; part++) {
    const within = { start, end: start + length };
    const first = merged(
      clocks.flatMap(({ zone, between }) => whenShown({ times: between(shownAround(within)), zone, within })),
    )[0];
    on ??= first?.start === now;
    if (!on && first) return { on, next: first.start };
    if (on && (first === undefined || first.start > start)) return { on, next: start };
    if (on && first!.end < within.end) return { on, next: first!.end };
    const further = on ? within.end : nextPart(clocks, within.end);
    if (further === undefined) return { on };
    [start, length] = [further, Math.min(length * 2, longestPartMs)];
  }
  return { on: on! };
}

/** Where the next part begins when nothing is on: shortly before something may be. */
function nextPart(clocks: readonly Clock[], from: number): number | undefined {
  const next = clocks.flatMap(({ nextFrom }) => nextFrom(from - dayMs) ?? []);
  return next.length === 0 ? undefined : Math.max(from, Math.min(...next) - dayMs);
}

/** The times of the wall clock that something is about. */
interface Times {
  /** It is about all of them. */
  readonly always?: boolean;
  /** Those that touch a stretch. */
  between(this: void, stretch: Stretch): readonly Stretch[];
  /** A time that is not after the first of them that begins at a time or later; undefined when none does. */
  nextFrom(this: void, time: number): number | undefined;
}

function timesOf(season: TimeWindow | Season): Times {
  if ('cron' in season) return cronTimes(season);
  if ('days' in season) return weeklyTimes(season);
  return 'every' in season ? yearlyTimes(season) : datedTimes(season);
}

function weeklyTimes({ days, from, to }: WeeklyWindow): Times {
  // 1970-01-01 was a Thursday.
  const starts = (day: number): boolean => days.includes(((((day + 3) % 7) + 7) % 7) + 1);
  return dailyTimes({
    parts: [{ start: from, end: to > from ? to : to + 1440 }],
    daily: new Set(days).size === 7,
    dayFrom: (day) => [0, 1, 2, 3, 4, 5, 6].map((more) => day + more).find(starts),
  });
}

function cronTimes({ cron, minutes }: CronWindow): Times {
  const parts = merged(cron.minutes.map((start) => ({ start, end: start + minutes })));
  return dailyTimes({ parts, daily: cron.daily, dayFrom: cron.dayFrom });
}

const minuteMs = 60_000;

/** The same parts of some days; minutes after midnight, which may lie beyond the next one. */
function dailyTimes(spec: {
  readonly parts: readonly Stretch[];
  readonly daily: boolean;
  readonly dayFrom: (day: number) => number | undefined;
}): Times {
  const { parts, daily, dayFrom } = spec;
  const span = Math.ceil(Math.max(0, ...parts.map(({ end }) => end)) / 1440);
  return {
    always: daily && coversDay(parts),
    between: ({ start, end }) => {
      const found: Stretch[] = [];
      const last = Math.floor(end / dayMs);
      let day = dayFrom(Math.floor(start / dayMs) - span);
      while (day !== undefined && day <= last) {
        const midnight = day * dayMs;
        for (const part of parts)
          found.push({ start: midnight + part.start * minuteMs, end: midnight + part.end * minuteMs });
        day = dayFrom(day + 1);
      }
      return found;
    },
    nextFrom: (time) => {
      const day = dayFrom(Math.floor(time / dayMs));
      return day === undefined ? undefined : day * dayMs;
    },
  };
}

/** Whether parts that come back every day leave no minute of it out. */
function coversDay(parts: readonly Stretch[]): boolean {
  const twice = merged(parts.flatMap((part) => [part, { start: part.start + 1440, end: part.end + 1440 }]));
  return twice.some(({ start, end }) => end - start >= 1440);
}

function datedTimes({ from, to }: DateRange): Times {
  const range = { start: Date.parse(`${from}T00:00:00Z`), end: Date.parse(`${to}T00:00:00Z`) + dayMs };
  return {
    between: () => [range],
    nextFrom: (time) => (range.end > time ? range.start : undefined),
  };
}

function yearlyTimes({ from, to }: YearlyRange): Times {
  const turn = (year: number): Stretch => ({
    start: dayOfYear(year, from, 'next'),
    end: dayOfYear(to < from ? year + 1 : year, to, 'last') + dayMs,
  });
  const yearOf = (time: number): number => new Date(time).getUTCFullYear();
  return {
    between: ({ start, end }) => {
      const count = yearOf(end) - yearOf(start) + 2;
      return Array.from({ length: count }, (_, more) => turn(yearOf(start) - 1 + more));
    },
    nextFrom: (time) => [0, 1].map((more) => turn(yearOf(time) + more).start).find((start) => start >= time),
  };
}

/** A day such as `02-29` in a year; where the year has none, the `next` or the `last` one before. */
function dayOfYear(year: number, text: string, without: 'next' | 'last'): number {
  const [month, day] = text.split('-').map(Number) as [number, number];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return Date.UTC(year, month - 1, without === 'last' ? Math.min(day, last) : day);
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

/** Whether a text is a day that some year has: `02-29` is one, `02-30` is none. */
export function isYearDay(text: string): boolean {
  return /^\d{2}-\d{2}$/.test(text) && isDay(`2024-${text}`);
}

/** Whether a text names a time zone by its IANA name, or is UTC. */
export function isZone(text: string): boolean {
  return text === 'UTC' || (text.includes('/') && IANAZone.isValidZone(text));
}
