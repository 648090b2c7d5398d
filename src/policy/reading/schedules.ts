import { DateTime } from 'luxon';
import { didYouMean } from '../../documents/nearest';
import { readDocument, type Problem } from '../../documents/read-yaml';
import { parseDuration } from '../../runbooks/duration';
import { isDay, isZone, parseClock, parseDays } from '../calendar';
import type { PolicyFileText } from '../policy';
import type { Schedule } from '../schedule';
import { scheduleSchema, type ScheduleDocument } from '../schedule-schema';
import type { Reader } from './reader';

const dayMinutes = 1440;

type Complain = (path: readonly (string | number)[], message: string, hint?: string) => void;

const schedulePlace = /^oncall\/[^/]+\.ya?ml$/;

/** Every on-call schedule of a commit, by file: `oncall/<name>.yaml`. */
export function readSchedules(files: ReadonlyMap<string, PolicyFileText>): {
  readonly schedules: ReadonlyMap<string, Schedule>;
  readonly problems: readonly Problem[];
} {
  const schedules = new Map<string, Schedule>();
  const problems: Problem[] = [];
  for (const [file, { text }] of files) {
    if (!schedulePlace.test(file)) continue;
    const read = readDocument({ file, text, schema: scheduleSchema });
    if (!read.ok) {
      problems.push(...read.problems);
      continue;
    }
    const before = problems.length;
    const complain: Complain = (path, message, hint) =>
      problems.push({
        file,
        line: read.lineOf(path),
        column: read.columnOf(path),
        key: path.join('.'),
        message,
        ...(hint ? { hint } : {}),
      });
    const schedule = scheduleOf(file, read.value, complain);
    if (problems.length === before) schedules.set(file, schedule);
  }
  return { schedules, problems };
}

/** Teams whose schedule is not there. One that cannot be read is told at its own line. */
export function checkSchedules(
  reader: Reader,
  schedules: ReadonlyMap<string, Schedule>,
  files: ReadonlyMap<string, PolicyFileText>,
): void {
  for (const [team, rule] of Object.entries(reader.file.teams ?? {})) {
    const file = 'length' in rule ? undefined : rule.schedule;
    const isUnread = file !== undefined && schedulePlace.test(file) && files.has(file);
    if (file !== undefined && !schedules.has(file) && !isUnread)
      reader.problem(
        ['teams', team, 'schedule'],
        `there is no schedule ${file} that can be used`,
        didYouMean(file, schedules.keys()) ?? 'write who is on call into a file under oncall/',
      );
  }
}

function scheduleOf(file: string, document: ScheduleDocument, complain: Complain): Schedule {
  const zone = isZone(document.timezone) ? document.timezone : 'UTC';
  if (zone !== document.timezone)
    complain(['timezone'], `"${document.timezone}" is not a time zone`, 'write its IANA name, such as Europe/Berlin');
  const lengthMinutes = lengthOf(document, complain);
  return {
    file,
    zone,
    rotation: document.rotation,
    start: startOf(document, lengthMinutes, complain),
    lengthMinutes,
    overrides: (document.overrides ?? []).map(({ from, until, who }, index) => {
      const begins = edgeIn(from, zone, 'from');
      const ends = edgeIn(until, zone, 'until');
      if (begins === undefined) complain(['overrides', index, 'from'], `${from} is not in the calendar`);
      if (ends === undefined) complain(['overrides', index, 'until'], `${until} is not in the calendar`);
      if (begins !== undefined && ends !== undefined && ends <= begins)
        complain(['overrides', index, 'until'], 'the override ends before it starts');
      return { from: begins ?? 0, until: ends ?? 0, user: who };
    }),
  };
}

function lengthOf({ length }: ScheduleDocument, complain: Complain): number {
  const minutes = (parseDuration(length) ?? 0) / 60_000;
  const fits = minutes >= 60 && minutes <= 366 * dayMinutes;
  if (fits && (minutes % dayMinutes === 0 || (minutes < dayMinutes && dayMinutes % minutes === 0))) return minutes;
  complain(['length'], `${length} is not a length of shifts`, 'write whole days such as 7d, or 12h, 8h, 6h, 4h');
  return dayMinutes;
}

/** The first handoff on or after the day it starts. */
function startOf({ start, handoff }: ScheduleDocument, lengthMinutes: number, complain: Complain): string {
  const minute = handoff ? parseClock(handoff.at, 'from') : 0;
  if (minute === undefined) complain(['handoff', 'at'], `${handoff?.at} is not a time of day`);
  if (!isDay(start)) {
    complain(['start'], `${start} is not a day of the calendar`);
    return '2000-01-01T00:00';
  }
  let day = DateTime.fromISO(start, { zone: 'utc' });
  if (handoff?.day !== undefined) {
    const [weekday, ...more] = parseDays(handoff.day) ?? [];
    if (weekday === undefined || more.length > 0) complain(['handoff', 'day'], `"${handoff.day}" is not a day`);
    else if (lengthMinutes % (7 * dayMinutes) !== 0)
      complain(
        ['handoff', 'day'],
        'a day of the week needs shifts of whole weeks',
        'write length: 7d, or leave it out',
      );
    else while (day.weekday !== weekday) day = day.plus({ days: 1 });
  }
  return day.plus({ minutes: minute ?? 0 }).toFormat("yyyy-MM-dd'T'HH:mm");
}

/** A day begins at its midnight, and as an end it is inclusive. */
function edgeIn(text: string, zone: string, edge: 'from' | 'until'): number | undefined {
  if (!isDay(text.slice(0, 10))) return undefined;
  const at = DateTime.fromISO(text.replace(' ', 'T'), { zone });
  if (!at.isValid) return undefined;
  return (text.length === 10 && edge === 'until' ? at.plus({ days: 1 }).startOf('day') : at).toMillis();
}
