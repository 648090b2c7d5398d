import { IANAZone } from 'luxon';

/** Instants between which a zone's clock goes on evenly, and how far it is ahead of UTC meanwhile; milliseconds. */
export interface Even {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

const minuteMs = 60_000;
const weekMs = 7 * 86_400_000;

/** Years in which every zone's clock is a whole number of minutes from UTC. */
const firstYear = 1980;
const lastYear = 2100;

/** How far the clock of an IANA zone is ahead of UTC at an instant, ms. */
export function offsetAt(zone: string, at: number): number {
  const year = new Date(at).getUTCFullYear();
  if (!(year >= firstYear && year <= lastYear)) return IANAZone.create(zone).offset(at) * minuteMs;
  const evens = evenYear(zone, year);
  return evens.find(({ end }) => at < end)!.offset;
}

/**
 * The instant at which the clock of a zone shows a time (ms, as if the wall were in UTC); one of the two where autumn
 * shows it twice. A time that spring skips is as much later as is skipped.
 */
export function instantAt(zone: string, wall: number): number {
  const first = offsetAt(zone, wall);
  const second = offsetAt(zone, wall - first);
  if (second === first) return wall - first;
  const third = offsetAt(zone, wall - second);
  return second === third ? wall - second : wall - Math.min(second, third);
}

/** Finding out costs some dozens of questions to the zone's rules, and they never change while a process lives. */
const years = new Map<string, readonly Even[]>();

/** The even stretches of a year of UTC, in order and without gaps. */
export function evenYear(zone: string, year: number): readonly Even[] {
  const key = `${year} ${zone}`;
  const known = years.get(key);
  if (known) return known;
  const rules = IANAZone.create(zone);
  const [begin, end] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
  const found: Even[] = [];
  let start = begin;
  let offset = rules.offset(begin);
  // No zone changes twice in a week; Morocco comes closest, with the two ends of Ramadan.
  for (let at = begin; at < end; at += weekMs) {
    const next = Math.min(at + weekMs, end - minuteMs);
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
