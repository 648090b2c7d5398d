import { evenYear, type Even } from '../zone-offset';

/** From `start` on, until before `end`; milliseconds. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export const dayMs = 86_400_000;

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
