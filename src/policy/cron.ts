import { Cron, CronPattern } from 'croner';
import { dayMs } from './wall-clock';

/** A cron pattern of minute, hour, day of the month, month and day of the week, taken apart into days and minutes. */
export interface CronDays {
  readonly pattern: string;
  /** Minutes after midnight, the same on each of its days, in order. */
  readonly minutes: readonly number[];
  /** Every day of the calendar is one of its days. */
  readonly daily: boolean;
  /** The first of its days that is not before a day (days since 1970-01-01); undefined when there is none any more. */
  dayFrom(day: number): number | undefined;
}

export type CronRead =
  { readonly ok: true; readonly cron: CronDays } | { readonly ok: false; readonly message: string };

/** Where looking for the first match begins; a leap year, so that no pattern has to be looked for long. */
const start = Date.UTC(2024, 0, 1) / dayMs;
const maxKnown = 5_000;

/** Reads a pattern. One that never matches is refused, because finding that out takes long and nobody means it. */
export function readCron(pattern: string): CronRead {
  try {
    const parts = new CronPattern(pattern, 'UTC', { mode: '5-part' });
    const cron = new Cron(pattern, { timezone: 'UTC', mode: '5-part', paused: true });
    const minutes = setIn(parts.hour).flatMap((hour) => setIn(parts.minute).map((minute) => hour * 60 + minute));
    const dayFrom = daysOf(cron);
    if (minutes.length === 0 || dayFrom(start) === undefined) return { ok: false, message: 'it never happens' };
    const daily = parts.starDOM && parts.starDOW && setIn(parts.month).length === 12;
    return { ok: true, cron: { pattern, minutes, daily, dayFrom } };
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    return { ok: false, message: said };
  }
}

/** Numbers of a field: the library keeps a flag for each. */
function setIn(flags: readonly number[]): readonly number[] {
  return [...flags.entries()].flatMap(([number, flag]) => (flag ? [number] : []));
}

function daysOf(cron: Cron): CronDays['dayFrom'] {
  const known = new Map<number, number | undefined>();
  return (day) => {
    if (known.has(day)) return known.get(day);
    if (known.size >= maxKnown) known.clear();
    // The library looks for what comes after an instant, and days begin at one of its whole seconds.
    const next = cron.nextRun(new Date(day * dayMs - 1000));
    const found = next === null ? undefined : Math.floor(next.getTime() / dayMs);
    // Every day up to it has the same answer.
    for (let same = day; same <= Math.min(found ?? day, day + maxKnown); same++) known.set(same, found);
    return found;
  };
}
