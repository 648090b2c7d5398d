import { casual, type ParsedComponents } from 'chrono-node';
import { DateTime, FixedOffsetZone, type Zone } from 'luxon';
import { excerpt } from './words';

export type Understood =
  | { readonly ok: true; readonly at: Date }
  /** One full sentence. */
  | { readonly ok: false; readonly problem: string };

/**
 * An instant as people type it (`friday 18:00`, `tomorrow 9am`, `in 2 hours`, ISO 8601), on the wall clock of a zone.
 * A weekday, a time or a date without its year is the first one that is not before `now`. A day without a time is
 * noon. What is only half understood is refused, and so is a weekday of the past: an answer for another instant than
 * the one meant is worse than none.
 */
export function understandInstant(asked: {
  readonly text: string;
  readonly now: Date;
  /** IANA name. */
  readonly zone: string;
}): Understood {
  const { text, now, zone } = asked;
  const local = DateTime.fromJSDate(now, { zone });
  // Without `forwardDate`: chrono decides what lies ahead on a clock that the zone's offset has shifted twice.
  const found = casual.parse(text, { instant: now, timezone: local.offset });
  const [first] = found;
  const rest = first && `${text.slice(0, first.index)} ${text.slice(first.index + first.text.length)}`;
  if (!first || found.length > 1 || first.end || !/^\s*((at|on|by)\s*)?[.,!?]*\s*$/i.test(rest!)) return refused(text);
  const { start } = first;
  const isWeekday = start.isCertain('weekday') && !start.isCertain('day') && !start.isCertain('month');
  if (isWeekday && /\b(last|past)\b/i.test(first.text))
    return {
      ok: false,
      problem: `"${excerpt(text)}" is over, and Signalbox would have to guess which day is meant; write the date, as in "2026-12-18 10:00".`,
    };
  const hasOffset = start.isCertain('timezoneOffset');
  if (hasOffset && start.isCertain('day') && start.isCertain('year')) return { ok: true, at: start.date() };
  const offset = hasOffset ? start.get('timezoneOffset') : null;
  const clock: Clock = { start, now, zone: offset === null ? local.zone : FixedOffsetZone.instance(offset) };
  const at = isWeekday && !/\bnext\b/i.test(first.text) ? ahead(clock, weekdays) : onDate(clock);
  return at ? { ok: true, at } : refused(text);
}

function refused(text: string): Understood {
  return {
    ok: false,
    problem: `"${excerpt(text)}" is not an instant that Signalbox understands; write it as "friday 18:00", "tomorrow 9am", "in 2 hours" or "2026-12-18 10:00".`,
  };
}

/** What was read, and the clock on which it counts. */
interface Clock {
  readonly start: ParsedComponents;
  readonly now: Date;
  readonly zone: Zone;
}

/** A date as it was read; where something of it is open, the first that is not before now. */
function onDate(clock: Clock): Date | undefined {
  const { start } = clock;
  if (!start.isCertain('weekday') && !start.isCertain('day') && !start.isCertain('month')) return ahead(clock, anyDays);
  if (start.isCertain('month') && !start.isCertain('year')) return ahead(clock, years);
  return instants(clock, DateTime.fromObject(dateOf(start), { zone: clock.zone }))[0];
}

type Days = (clock: Clock) => readonly DateTime[];

/** The first instant on these days that is not before now. */
function ahead(clock: Clock, days: Days): Date | undefined {
  return days(clock)
    .flatMap((day) => instants(clock, day))
    .find((at) => at >= clock.now);
}

/** Three days, because a clock that was set forward has not every time on each of them. */
const anyDays: Days = ({ now, zone }) =>
  [0, 1, 2].map((days) => DateTime.fromJSDate(now, { zone }).startOf('day').plus({ days }));

const weekdays: Days = ({ start, now, zone }) => {
  const today = DateTime.fromJSDate(now, { zone }).startOf('day');
  const days = ((start.get('weekday') ?? 0) - today.weekday + 7) % 7;
  return [days, days + 7].map((days) => today.plus({ days }));
};

/** From this year on, far enough for a 29th of February. */
const years: Days = ({ start, now, zone }) => {
  const { year } = DateTime.fromJSDate(now, { zone });
  return Array.from({ length: 9 }, (_, later) =>
    DateTime.fromObject({ ...dateOf(start), year: year + later }, { zone }),
  ).filter((day) => day.isValid);
};

function dateOf(start: ParsedComponents): { readonly year: number; readonly month: number; readonly day: number } {
  return { year: start.get('year') ?? 0, month: start.get('month') ?? 0, day: start.get('day') ?? 0 };
}

/** The read time on a day: two instants when the clock is set back over it. */
function instants({ start }: Clock, day: DateTime): readonly Date[] {
  if (!day.isValid) return [];
  return day
    .set({ hour: start.get('hour') ?? 0, minute: start.get('minute') ?? 0, second: start.get('second') ?? 0 })
    .getPossibleOffsets()
    .map((at) => at.toJSDate())
    .sort((one, other) => one.getTime() - other.getTime());
}
