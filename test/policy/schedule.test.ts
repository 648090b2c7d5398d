import fc from 'fast-check';
import { DateTime } from 'luxon';
import { onCallAt, shiftsOf, type Schedule } from '../../src/policy/schedule';
import { readSchedules } from '../../src/policy/reading/schedules';

function scheduleOf(lines: string): Schedule {
  const text = `timezone: Europe/Berlin\nrotation: [U0A, U0B, U0C]\nstart: 2026-01-01\n${lines}`;
  const { schedules, problems } = readSchedules(new Map([['oncall/x.yaml', { text, blob: '' }]]));
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return schedules.get('oncall/x.yaml')!;
}

const berlin = (text: string): number => DateTime.fromISO(text, { zone: 'Europe/Berlin' }).toMillis();
const weekly = scheduleOf(`handoff: { day: mon, at: "09:00" }
length: 7d
overrides:
  - { from: 2026-02-10, until: 2026-02-11, who: U0X }
  - { from: 2026-02-11T12:00, until: 2026-02-11T18:00, who: U0Y }
`);
const halfDays = scheduleOf('handoff: { at: "08:00" }\nlength: 12h\n');

test.each([
  // The first Monday on or after the day it starts is January 5th.
  [weekly, '2026-01-05T08:59:59', undefined],
  [weekly, '2026-01-05T09:00:00', 'U0A'],
  [weekly, '2026-01-12T08:59:59', 'U0A'],
  [weekly, '2026-01-12T09:00:00', 'U0B'],
  [weekly, '2026-01-26T09:00:00', 'U0A'],
  // The wall clock counts: summer time begins on March 29th.
  [weekly, '2026-03-30T08:59:59', 'U0C'],
  [weekly, '2026-03-30T09:00:00', 'U0A'],
  [weekly, '2026-10-26T08:59:59', 'U0C'],
  [weekly, '2026-10-26T09:00:00', 'U0A'],
  // Days of a swap are inclusive, and the one listed last counts.
  [weekly, '2026-02-09T23:59:59', 'U0C'],
  [weekly, '2026-02-10T00:00:00', 'U0X'],
  [weekly, '2026-02-11T12:00:00', 'U0Y'],
  [weekly, '2026-02-11T18:00:00', 'U0X'],
  [weekly, '2026-02-12T00:00:00', 'U0C'],
  [halfDays, '2026-01-01T08:00:00', 'U0A'],
  [halfDays, '2026-01-01T20:00:00', 'U0B'],
  [halfDays, '2026-01-02T08:00:00', 'U0C'],
])('who is on call (%#)', (schedule, at, who) => {
  expect(onCallAt(schedule, berlin(at))).toBe(who);
});

test('shifts follow one another, and at every instant they say who is on call', () => {
  const begin = berlin('2025-12-20T00:00');
  const end = berlin('2026-12-20T00:00');
  fc.assert(
    fc.property(
      fc.constantFrom(weekly, halfDays),
      fc.integer({ min: begin, max: end }),
      fc.integer({ min: 1, max: 40 * 86_400_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (schedule, from, length, part) => {
        const shifts = shiftsOf(schedule, { from, until: from + length });
        for (const [index, shift] of shifts.entries())
          expect(shift.from).toBeGreaterThanOrEqual(shifts[index - 1]?.until ?? 0);
        const at = from + Math.floor(part * length);
        expect(shifts.find((shift) => shift.from <= at && at < shift.until)?.user).toBe(onCallAt(schedule, at));
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['length: 5h\n', /not a length of shifts/],
  ['length: 1d12h\n', /not a length of shifts/],
  ['length: 1d\nhandoff: { day: mon, at: "09:00" }\n', /whole weeks/],
  ['length: 7d\nhandoff: { day: mon-fri, at: "09:00" }\n', /is not a day/],
  ['length: 7d\nhandoff: { at: "25:00" }\n', /not a time of day/],
  ['length: 7d\noverrides: [{ from: 2026-02-11, until: 2026-02-10, who: U0X }]\n', /ends before it starts/],
  ['length: 7d\noverrides: [{ from: 2026-02-30, until: 2026-03-10, who: U0X }]\n', /not in the calendar/],
  ['length: 7d\nrotatoin: true\n', /did you mean .*rotation/],
])('%j is a problem', (lines, problem) => {
  expect(() => scheduleOf(lines)).toThrow(problem);
});

test('a moment later the same shifts are told, so that ballots keep their digests', () => {
  const from = berlin('2026-02-10T12:00');
  const ahead = (at: number) => shiftsOf(weekly, { from: at, until: at + 8 * 86_400_000 });
  expect(ahead(from + 1_234)).toEqual(ahead(from));
  expect(ahead(from).map(({ user }) => user)).toEqual(['U0X', 'U0Y', 'U0X', 'U0C', 'U0A']);
});
