import { parseClock, parseDays, seasonAt, windowAt, type Season, type TimeWindow } from '../../src/policy/calendar';
import { readCron } from '../../src/policy/cron';

/**
 * The calendar against a second one that knows nothing but `Intl.DateTimeFormat`: it goes through every minute of ten
 * years and asks what the wall clock shows. Slow and plain on purpose.
 */
const minuteMs = 60_000;
const dayMinutes = 1440;

interface Span {
  readonly zone: string;
  readonly from: number;
}

// Ten years each. The early ones have the day that Apia skipped and the minute past midnight of St John's.
const spans: readonly Span[] = [
  ...[
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'America/St_Johns',
    'America/Santiago',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Africa/El_Aaiun',
    'Asia/Kathmandu',
    'Pacific/Kiritimati',
  ].map((zone) => ({ zone, from: 2026 })),
  { zone: 'Pacific/Apia', from: 2007 },
  { zone: 'America/St_Johns', from: 2007 },
];

/** How far a zone's clock is ahead of UTC at an instant, in minutes. */
function offsetReader(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (ms) => {
    const [month, day, year, hour, minute] = format.format(ms).split(/\D+/).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return Date.UTC(year, month - 1, day, hour, minute) / minuteMs - ms / minuteMs;
  };
}

/** What the wall clock shows at each minute of a span, in minutes of a calendar without zones. */
function wallClock({ zone, from }: Span): { readonly first: number; readonly shown: Int32Array } {
  const offsetAt = offsetReader(zone);
  const first = Date.UTC(from, 0, 1) / minuteMs;
  const shown = new Int32Array(Date.UTC(from + 10, 0, 1) / minuteMs - first);
  const step = 180;
  for (let start = 0; start < shown.length; start += step) {
    const [before, after] = [first + start, first + start + step].map((minute) => offsetAt(minute * minuteMs));
    for (let index = start; index < Math.min(start + step, shown.length); index++) {
      const offset = before === after ? before! : offsetAt((first + index) * minuteMs);
      shown[index] = first + index + offset;
    }
  }
  return { first, shown };
}

/** Minutes of the zoneless calendar, two days more than ten years at both ends, at which something is on. */
type Sheet = (from: number) => { readonly first: number; readonly on: Uint8Array };

/** What is on at each minute of a day. */
type OfDay = (day: Day) => (minute: number) => boolean;

function sheet(ofDay: OfDay): Sheet {
  return (from) => {
    const first = Date.UTC(from, 0, 1) / minuteMs - 40 * dayMinutes;
    const on = new Uint8Array(Date.UTC(from + 10, 0, 1) / minuteMs - first + 2 * dayMinutes);
    for (let index = 0; index < on.length; index += dayMinutes) {
      const date = new Date((first + index) * minuteMs);
      const day = {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        midnight: first + index,
      };
      const isOn = ofDay(day);
      for (let minute = 0; minute < dayMinutes; minute++) on[index + minute] = isOn(minute) ? 1 : 0;
    }
    return { first, on };
  };
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Minutes of the zoneless calendar. */
  readonly midnight: number;
}

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

function weeklySheet(days: readonly string[], from: number, to: number): Sheet {
  return sheet(({ weekday }) => {
    const today = days.includes(names[weekday]!);
    const yesterday = days.includes(names[(weekday + 6) % 7]!);
    if (from < to) return (minute) => today && minute >= from && minute < to;
    return (minute) => (today && minute >= from) || (yesterday && minute < to);
  });
}

/** `*`, `*‍/n`, `a`, `a-b`, `a,b` and names of days: all that the patterns below use. */
function field(text: string, min: number, max: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [range, step = '1'] = part.split('/');
    const [low, high = low] = range === '*' ? [min, max] : range!.split('-').map(number);
    for (let value = low!; value <= high!; value += Number(step)) found.add(value);
  }
  return found;
}

const number = (text: string): number => (names.includes(text) ? names.indexOf(text) : Number(text));

function cronSheet(pattern: string, lasts: number): Sheet {
  const [minutes, hours, days, months, weekdays] = pattern.split(' ') as [string, string, string, string, string];
  const [inMinutes, inHours] = [field(minutes, 0, 59), field(hours, 0, 23)];
  const [inDays, inMonths, inWeekdays] = [field(days, 1, 31), field(months, 1, 12), field(weekdays, 0, 6)];
  let begun = -Infinity;
  return sheet(({ month, day, weekday, midnight }) => {
    const either = days !== '*' && weekdays !== '*';
    const [byDay, byWeekday] = [inDays.has(day), inWeekdays.has(weekday)];
    const onDay = inMonths.has(month) && (either ? byDay || byWeekday : byDay && byWeekday);
    return (minute) => {
      if (onDay && inHours.has(Math.floor(minute / 60)) && inMinutes.has(minute % 60)) begun = midnight + minute;
      return midnight + minute - begun >= 0 && midnight + minute - begun < lasts;
    };
  });
}

const dayText = ({ month, day }: Day): string => `${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

function datedSheet(from: string, to: string): Sheet {
  return sheet((day) => {
    const text = `${day.year}-${dayText(day)}`;
    const inside = from <= text && text <= to;
    return () => inside;
  });
}

function yearlySheet(from: string, to: string): Sheet {
  return sheet((day) => {
    const text = dayText(day);
    const inside = from <= to ? from <= text && text <= to : from <= text || text <= to;
    return () => inside;
  });
}

const weekly = (days: string, from: string, to: string): TimeWindow => ({
  name: 'w',
  days: parseDays(days)!,
  from: parseClock(from, 'from')!,
  to: parseClock(to, 'to')!,
});

function cron(pattern: string, minutes: number): TimeWindow & Season {
  const read = readCron(pattern);
  if (!read.ok) throw new Error(read.message);
  return { name: 'c', cron: read.cron, minutes };
}

const windows: readonly (readonly [string, TimeWindow, Sheet])[] = [
  ['office hours', weekly('mon-tue', '09:00', '16:00'), weeklySheet(['mon', 'tue'], 540, 960)],
  ['the hour of the change', weekly('sun', '02:00', '03:00'), weeklySheet(['sun'], 120, 180)],
  ['a quarter of it', weekly('sun', '02:30', '02:45'), weeklySheet(['sun'], 150, 165)],
  ['midnight on Sunday', weekly('sun', '00:00', '00:30'), weeklySheet(['sun'], 0, 30)],
  ['over midnight', weekly('fri-sat', '22:30', '01:15'), weeklySheet(['fri', 'sat'], 1350, 75)],
  ['Monday mornings', cron('0 6 * * mon', 180), cronSheet('0 6 * * mon', 180)],
  ['nights of spring and autumn', cron('30 2 * 3,4,9-11 *', 45), cronSheet('30 2 * 3,4,9-11 *', 45)],
  ['openings that run into each other', cron('*/20 22-23 * * sat,sun', 30), cronSheet('*/20 22-23 * * sat,sun', 30)],
  ['two days from the first', cron('0 0 1 * *', 2880), cronSheet('0 0 1 * *', 2880)],
  ['the 13th, or a Friday in March', cron('15 1 13 3 fri', 60), cronSheet('15 1 13 3 fri', 60)],
  ['29 February', cron('0 23 29 2 *', 240), cronSheet('0 23 29 2 *', 240)],
];

const seasons: readonly (readonly [string, Season, Sheet])[] = [
  ['year end', { from: '2028-12-18', to: '2029-01-04' }, datedSheet('2028-12-18', '2029-01-04')],
  ['the day that Apia skipped', { from: '2011-12-30', to: '2011-12-30' }, datedSheet('2011-12-30', '2011-12-30')],
  ['days around it', { from: '2011-12-29', to: '2011-12-31' }, datedSheet('2011-12-29', '2011-12-31')],
  ['a Saturday of Santiago', { from: '2026-04-04', to: '2026-04-04' }, datedSheet('2026-04-04', '2026-04-04')],
  ['the last of October', { from: '2008-11-01', to: '2008-11-01' }, datedSheet('2008-11-01', '2008-11-01')],
  ['every year end', { every: 'year', from: '12-18', to: '01-04' }, yearlySheet('12-18', '01-04')],
  ['every summer', { every: 'year', from: '07-01', to: '08-31' }, yearlySheet('07-01', '08-31')],
  ['only in leap years', { every: 'year', from: '02-29', to: '02-29' }, yearlySheet('02-29', '02-29')],
  ['the days about 29 February', { every: 'year', from: '02-29', to: '03-01' }, yearlySheet('02-29', '03-01')],
  ['up to 29 February', { every: 'year', from: '02-20', to: '02-29' }, yearlySheet('02-20', '02-29')],
];

type Ask = (at: number, zone: string) => { readonly on: boolean; readonly next?: number };

/** A new one each time: answers are kept by the window, and an answer that was kept proves nothing. */
type Asker = () => Ask;

const ofWindow =
  (window: TimeWindow): Asker =>
  () => {
    const list = [window];
    return (at, zone) => {
      const answer = windowAt({ windows: list, now: new Date(at), defaultZone: zone });
      return { on: answer.open, next: (answer.closesAt ?? answer.opensAt)?.getTime() };
    };
  };

const ofSeason =
  (season: Season): Asker =>
  () => {
    const copy = { ...season };
    return (at, zone) => {
      const answer = seasonAt({ season: copy, now: new Date(at), defaultZone: zone });
      return { on: answer.active, next: (answer.active ? answer.until : answer.next)?.getTime() };
    };
  };

const cases: readonly (readonly [string, Asker, Sheet])[] = [
  ...windows.map(([name, window, on]): [string, Asker, Sheet] => [`window: ${name}`, ofWindow(window), on]),
  ...seasons.map(([name, season, on]): [string, Asker, Sheet] => [`freeze: ${name}`, ofSeason(season), on]),
];

const clocks = new Map<Span, ReturnType<typeof wallClock>>();

function clockOf(span: Span): ReturnType<typeof wallClock> {
  const known = clocks.get(span) ?? wallClock(span);
  clocks.set(span, known);
  return known;
}

/** Every instant of a span at which the second calendar changes its mind, with what it thinks from then on. */
function turnsOf(span: Span, { first, on }: ReturnType<Sheet>): readonly (readonly [number, boolean])[] {
  const clock = clockOf(span);
  const turns: [number, boolean][] = [];
  let before = on[clock.shown[0]! - first];
  for (let index = 1; index < clock.shown.length; index++) {
    const now = on[clock.shown[index]! - first];
    if (now === before) continue;
    turns.push([(clock.first + index) * minuteMs, now === 1]);
    before = now;
  }
  return turns;
}

describe('windows and freezes agree with a calendar that goes minute by minute', () => {
  test.each(cases)('%s', (_name, asker, sheetOf) => {
    const sheets = new Map([...new Set(spans.map(({ from }) => from))].map((from) => [from, sheetOf(from)]));
    const wrong: string[] = [];
    let seen = 0;
    for (const span of spans) {
      const turns = turnsOf(span, sheets.get(span.from)!);
      seen += turns.length;
      for (const [index, [at, on]] of turns.entries()) {
        const next = turns[index + 1]?.[0];
        const [before, after] = [asker(), asker()];
        const expected = [
          [before, at - 1000, !on, at],
          [after, at, on, next],
          [after, at + 1000, on, next],
        ] as const;
        for (const [ask, instant, isOn, until] of expected) {
          const answer = ask(instant, span.zone);
          if (answer.on !== isOn || (until !== undefined && answer.next !== until))
            wrong.push(`${span.zone} ${new Date(instant).toISOString()}: ${JSON.stringify(answer)} instead of ${isOn}`);
        }
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(seen).toBeGreaterThan(0);
  });
});
