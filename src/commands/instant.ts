import { casual } from 'chrono-node';
import { DateTime } from 'luxon';
import { excerpt } from './words';

export type Understood =
  | { readonly ok: true; readonly at: Date }
  /** One full sentence. */
  | { readonly ok: false; readonly problem: string };

/**
 * An instant as people type it (`friday 18:00`, `tomorrow 9am`, `in 2 hours`, ISO 8601), on the wall clock of a zone
 * and after `now` where it could be either. A day without a time is noon. What is only half understood is refused:
 * an answer for another instant than the one meant is worse than none.
 */
export function understandInstant(asked: {
  readonly text: string;
  readonly now: Date;
  /** IANA name. */
  readonly zone: string;
}): Understood {
  const { text, now, zone } = asked;
  const local = DateTime.fromJSDate(now, { zone });
  const found = casual.parse(text, { instant: now, timezone: local.offset }, { forwardDate: true });
  const [first] = found;
  const rest = first && `${text.slice(0, first.index)} ${text.slice(first.index + first.text.length)}`;
  if (!first || found.length > 1 || first.end || !/^\s*((at|on|by)\s*)?[.,!?]*\s*$/i.test(rest!))
    return {
      ok: false,
      problem: `"${excerpt(text)}" is not an instant that Signalbox understands; write it as "friday 18:00", "tomorrow 9am", "in 2 hours" or "2026-12-18 10:00".`,
    };
  const { start } = first;
  if (start.isCertain('timezoneOffset')) return { ok: true, at: start.date() };
  const part = (name: Parameters<typeof start.get>[0]): number => start.get(name) ?? 0;
  const wall = DateTime.fromObject(
    {
      year: part('year'),
      month: part('month'),
      day: part('day'),
      hour: part('hour'),
      minute: part('minute'),
      second: part('second'),
    },
    { zone },
  );
  return { ok: true, at: wall.toJSDate() };
}
