import { parseClock, parseDays, type CronWindow, type TimeWindow, type WeeklyWindow } from '../calendar';
import { readCron } from '../cron';
import type { WindowRule } from '../schema';
import type { Path, Reader } from './reader';

interface Place {
  readonly name: string;
  readonly path: Path;
}

/** One window, named or written in place. */
export function readWindow(reader: Reader, { rule, ...place }: Place & { readonly rule: WindowRule }): TimeWindow {
  const { path } = place;
  reader.zone(rule.timezone, [...path, 'timezone']);
  if (rule.cron === undefined) return readWeekly(reader, rule, place);
  for (const key of ['days', 'from', 'to'] as const) {
    if (rule[key] !== undefined)
      reader.problem([...path, key], `"cron" says when it opens, so "${key}" means nothing`, 'keep one of the two');
  }
  const read = readCronTimes(reader, { cron: rule.cron, for: rule.for }, path);
  // Never open: harmless until the problem beside it is mended.
  return read ? { name: place.name, ...read, zone: rule.timezone } : { name: place.name, days: [], from: 0, to: 1440 };
}

function readWeekly(reader: Reader, rule: WindowRule, { name, path }: Place): WeeklyWindow {
  if (rule.for !== undefined)
    reader.problem([...path, 'for'], '"for" belongs to "cron", and this window has none', 'write from and to');
  for (const key of ['days', 'from', 'to'] as const) {
    if (rule[key] === undefined)
      reader.problem(path, `"${key}" is missing`, 'a window has days, from and to, or cron and for');
  }
  const days = [rule.days ?? []].flat().flatMap((word) => {
    const parsed = parseDays(word);
    if (!parsed)
      reader.problem([...path, 'days'], `"${word}" are no days`, 'write mon-thu, sat, [mon, wed], weekdays or all');
    return parsed ?? [];
  });
  const from = rule.from === undefined ? 0 : parseClock(rule.from, 'from');
  const to = rule.to === undefined ? 1440 : parseClock(rule.to, 'to');
  if (from === undefined) reader.problem([...path, 'from'], `${rule.from} is not a time of day`);
  if (to === undefined) reader.problem([...path, 'to'], `${rule.to} is not a time of day`);
  if (from !== undefined && from === to)
    reader.problem([...path, 'to'], 'the window has no length', 'for a whole day write from: "00:00", to: "24:00"');
  return { name, days: [...new Set(days)], from: from ?? 0, to: to ?? 1440, zone: rule.timezone };
}

const minuteMs = 60_000;
const longestMs = 31 * 86_400_000;

/** `cron` and `for`: when it begins and how long it lasts. */
export function readCronTimes(
  reader: Reader,
  rule: { readonly cron: string; readonly for?: string },
  path: Path,
): Pick<CronWindow, 'cron' | 'minutes'> | undefined {
  const read = readCron(rule.cron);
  if (!read.ok)
    reader.problem(
      [...path, 'cron'],
      `"${rule.cron}" cannot be used: ${read.message}`,
      'write minute, hour, day of the month, month and day of the week, such as "0 6 * * mon"',
    );
  if (rule.for === undefined) reader.problem(path, '"for" is missing: how long does it last?', 'add for: 3h');
  const ms = rule.for === undefined ? minuteMs : reader.duration(rule.for, [...path, 'for']);
  const fits = ms >= minuteMs && ms <= longestMs && ms % minuteMs === 0;
  if (!fits) reader.problem([...path, 'for'], `${rule.for} cannot be used`, 'write whole minutes, 1m to 31d');
  return read.ok && fits ? { cron: read.cron, minutes: ms / minuteMs } : undefined;
}
