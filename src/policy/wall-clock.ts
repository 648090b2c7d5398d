import { IANAZone } from 'luxon';

/** From `start` on, until before `end`; milliseconds. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Instants between which a zone's clock goes on evenly, and how far it is ahead of UTC meanwhile. */
interface Even extends Stretch {
  readonly offset: number;
}

export const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * The instants within a stretch at which the clock on the wall shows one of the given times. Times are milliseconds of
 * a calendar that knows no zones (as if the wall were in UTC). A time that spring skips is shown never, one that autumn
 * repeats is shown twice. In order, without overlaps.
 */
export function whenShown(input: {
  readonly times: readonly Stretch[];
  readonly zone: string;
  readonly within: Stretch;
}): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const even of evenStretches(input.zone, input.within)) {
    for (const time of input.times) {
      const start = Math.max(time.start - even.offset, even.start);
      const end = Math.min(time.end - even.offset, even.end);
      if (start < end) found.push({ start, end });
    }
  }
  return merged(found);
}

/** Everything that a zone's clock may show within a stretch, and a little more. */
export function shownAround(within: Stretch): Stretch {
  return { start: within.start - dayMs, end: within.end + dayMs };
}

/** The same stretches in order, with those that touch or overlap made one. */
export function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const result: Stretch[] = [];
  for (const next of [...stretches].sort((left, right) => left.start - right.start)) {
    const last = result.at(-1);
    if (last && next.start <= last.end) result[result.length - 1] = { ...last, end: Math.max(last.end, next.end) };
    else result.push(next);
  }
  return result;
}

function evenStretches(zone: string, { start, end }: Stretch): readonly Even[] {
  const found: Even[] = [];
  const first = new Date(start).getUTCFullYear();
  const last = new Date(end).getUTCFullYear();
  for (let year = first; year <= last; year++) {
    for (const even of evenYear(zone, year)) {
      const part = { start: Math.max(start, even.start), end: Math.min(end, even.end), offset: even.offset };
      if (part.start < part.end) found.push(part);
    }
  }
  return found;
}

/** Finding out costs some dozens of questions to the zone's rules, and they never change while a process lives. */
const years = new Map<string, readonly Even[]>();

function evenYear(zone: string, year: number): readonly Even[] {
  const key = `${year} ${zone}`;
  const known = years.get(key);
  if (known) return known;
  const rules = IANAZone.create(zone);
  const [begin, end] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
  const found: Even[] = [];
  let start = begin;
  let offset = rules.offset(begin);
  // No zone changes twice in a week; Morocco comes closest, with the two ends of Ramadan.
  for (let at = begin; at < end; at += 7 * dayMs) {
    const next = Math.min(at + 7 * dayMs, end - minuteMs);
    const after = rules.offset(next);
    if (after === offset) continue;
    const change = changeBetween(rules, at, next);
    found.push({ start, end: change, offset: offset * minuteMs });
    [start, offset] = [change, after];
  }
  found.push({ start, end, offset: offset * minuteMs });
  years.set(key, found);
  return found;
}

/** The instant at which the offset changes; clocks are changed at whole minutes. */
function changeBetween(rules: IANAZone, start: number, end: number): number {
  const before = rules.offset(start);
  let [low, high] = [0, (end - start) / minuteMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rules.offset(start + middle * minuteMs) === before) low = middle;
    else high = middle;
  }
  return start + high * minuteMs;
}
