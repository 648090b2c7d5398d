import { DateTime } from 'luxon';
import { understandInstant } from '../../src/commands/instant';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Los_Angeles',
  'Asia/Kolkata',
  'Pacific/Auckland',
] as const;

function understood(text: string, wall: string, zone: string): string {
  const now = DateTime.fromISO(wall, { zone }).toJSDate();
  const answer = understandInstant({ text, now, zone });
  return answer.ok ? DateTime.fromJSDate(answer.at, { zone }).toFormat("yyyy-MM-dd'T'HH:mm") : answer.problem;
}

describe('the weekday of today', () => {
  describe.each(zones)('in %s', (zone) => {
    it.each([
      ['friday 18:00', '2026-11-20T17:30', '2026-11-20T18:00'],
      ['friday 18:00', '2026-11-20T18:00', '2026-11-20T18:00'],
      ['friday 18:00', '2026-11-20T20:00', '2026-11-27T18:00'],
      ['friday 18:00', '2026-11-20T00:10', '2026-11-20T18:00'],
      ['friday 18:00', '2026-11-20T23:50', '2026-11-27T18:00'],
      ['friday 18:00', '2026-11-21T00:10', '2026-11-27T18:00'],
      ['friday', '2026-11-20T11:30', '2026-11-20T12:00'],
      ['friday', '2026-11-20T12:30', '2026-11-27T12:00'],
      ['this friday 18:00', '2026-11-20T17:30', '2026-11-20T18:00'],
      ['next friday 18:00', '2026-11-20T17:30', '2026-11-27T18:00'],
      ['18:00', '2026-11-20T17:30', '2026-11-20T18:00'],
      ['18:00', '2026-11-20T18:30', '2026-11-21T18:00'],
      ['midnight', '2026-11-20T18:30', '2026-11-21T00:00'],
      ['tomorrow 9am', '2026-11-20T23:30', '2026-11-21T09:00'],
      ['20 november 18:00', '2026-11-20T17:30', '2026-11-20T18:00'],
      ['20 november 18:00', '2026-11-20T18:30', '2027-11-20T18:00'],
      ['3 march 9:00', '2026-11-20T18:30', '2027-03-03T09:00'],
      ['2026-11-18 10:00', '2026-11-20T18:30', '2026-11-18T10:00'],
    ])('"%s" asked at %s is %s', (text, now, at) => {
      expect(understood(text, now, zone)).toBe(at);
    });
  });

  it.each([
    ['fri 18:00 UTC', '2026-11-20T18:30', 'Europe/Berlin', '2026-11-20T19:00'],
    ['18:00 UTC', '2026-11-22T05:00', 'Pacific/Auckland', '2026-11-22T07:00'],
  ])('"%s" counts on the clock it names', (text, now, zone, at) => {
    expect(understood(text, now, zone)).toBe(at);
  });

  it.each(['last friday 18:00', 'past friday', 'friday last week'])('"%s" is never the one to come', (text) => {
    expect(understood(text, '2026-11-20T17:30', 'Europe/Berlin')).toMatch(
      new RegExp(`^"${text}" is over, .*; write the date, as in "2026-12-18 10:00"\\.$`),
    );
  });
});

/** Two weeks in which Europe, then North America set their clocks back. */
const from = Date.parse('2026-10-20T00:00:00Z');
const step = 30 * 60_000;

describe.each(zones)('a sweep in %s', (zone) => {
  it.each([
    ['friday 18:00', 5, 18, 0],
    ['monday 09:00', 1, 9, 0],
    ['sunday 01:30', 7, 1, 30],
  ])('"%s" is the first such wall-clock instant not before now', (text, weekday, hour, minute) => {
    const instants = Array.from({ length: 22 * 48 }, (_, index) => from + index * step);
    const matching = instants.filter((at) => {
      const wall = DateTime.fromMillis(at, { zone });
      return wall.weekday === weekday && wall.hour === hour && wall.minute === minute;
    });
    const wrong = instants.slice(0, 14 * 48).flatMap((now) => {
      const answer = understandInstant({ text, now: new Date(now), zone });
      const first = matching.find((at) => at >= now);
      return answer.ok && answer.at.getTime() === first ? [] : [{ now: new Date(now), answer, first }];
    });
    expect(wrong).toEqual([]);
  });
});
