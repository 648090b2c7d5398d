import fc from 'fast-check';
import { DateTime } from 'luxon';
import { instantAt, offsetAt } from '../src/zone-offset';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Asia/Kathmandu',
  'Pacific/Apia',
];
const anyZone = fc.constantFrom(...zones);

describe('the offset of a zone', () => {
  test('is what the library tells, at any instant since clocks are told from Greenwich', () => {
    const anyInstant = fc.integer({ min: Date.UTC(1890, 0, 1), max: Date.UTC(2150, 0, 1) });
    fc.assert(
      fc.property(anyZone, anyInstant, (zone, at) => {
        expect(offsetAt(zone, at)).toBe(DateTime.fromMillis(at, { zone }).offset * 60_000);
      }),
      { numRuns: 3_000 },
    );
  });

  test('turns a wall clock into the instant that the library makes of it, also when clocks change', () => {
    // Quarters of an hour of three years: enough of them lie in hours that are skipped or repeated.
    const quarters = (3 * 366 * 86_400_000) / 900_000;
    const changes = [
      '2026-03-29T02:30',
      '2026-10-25T02:30',
      '2026-03-08T02:15',
      '2026-11-01T01:45',
      '2026-04-05T01:45',
      '2026-10-04T02:15',
    ].map((text) => Date.parse(`${text}Z`));
    const anyWall = fc.oneof(
      fc.constantFrom(...changes),
      fc.nat(quarters).map((quarter) => Date.UTC(2026, 0, 1) + quarter * 900_000),
    );
    fc.assert(
      fc.property(anyZone, anyWall, (zone, wall) => {
        const expected = DateTime.fromMillis(wall, { zone: 'utc' }).setZone(zone, { keepLocalTime: true });
        expect(instantAt(zone, wall)).toBe(expected.toMillis());
      }),
      { numRuns: 5_000 },
    );
  });
});
