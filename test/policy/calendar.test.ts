import fc from 'fast-check';
import {
  freezeAt,
  isDay,
  isZone,
  parseClock,
  parseDays,
  seasonAt,
  windowAt,
  type WeeklyWindow,
} from '../../src/policy/calendar';

const window = (days: string, from: string, to: string, zone = 'Europe/Berlin'): WeeklyWindow => ({
  name: 'w',
  days: parseDays(days)!,
  from: parseClock(from, 'from')!,
  to: parseClock(to, 'to')!,
  zone,
});
const at = (windows: readonly WeeklyWindow[], now: string) => {
  const { open, opensAt, closesAt } = windowAt({ windows, now: new Date(now), defaultZone: 'UTC' });
  return {
    open,
    ...(opensAt && { opensAt: opensAt.toISOString() }),
    ...(closesAt && { closesAt: closesAt.toISOString() }),
  };
};

describe('a window is a stretch of the wall clock', () => {
  const office = [window('mon-thu', '09:00', '16:00')];
  const night = [window('fri', '22:00', '02:00')];
  const sunday = [window('sun', '02:00', '03:00')];
  const late = [window('sun', '02:30', '02:45')];

  // 2026: Berlin skips 02:00 to 03:00 on 29 March and repeats 02:00 to 03:00 on 25 October.
  test.each([
    ['inside', office, '2026-11-24T09:00:00Z', { open: true, closesAt: '2026-11-24T15:00:00.000Z' }],
    ['at its very start', office, '2026-11-24T08:00:00Z', { open: true, closesAt: '2026-11-24T15:00:00.000Z' }],
    [
      'at its end, which is exclusive',
      office,
      '2026-11-24T15:00:00Z',
      { open: false, opensAt: '2026-11-25T08:00:00.000Z' },
    ],
    ['over the weekend', office, '2026-11-26T16:00:00Z', { open: false, opensAt: '2026-11-30T08:00:00.000Z' }],
    ['after the clocks changed', office, '2026-10-23T12:00:00Z', { open: false, opensAt: '2026-10-26T08:00:00.000Z' }],
    ['across midnight, before it', night, '2026-11-20T21:30:00Z', { open: true, closesAt: '2026-11-21T01:00:00.000Z' }],
    ['across midnight, after it', night, '2026-11-21T00:30:00Z', { open: true, closesAt: '2026-11-21T01:00:00.000Z' }],
    [
      'not in the night before its day',
      night,
      '2026-11-20T00:30:00Z',
      { open: false, opensAt: '2026-11-20T21:00:00.000Z' },
    ],
    [
      'in the hour that spring skips',
      sunday,
      '2026-03-29T01:00:00Z',
      { open: false, opensAt: '2026-04-05T00:00:00.000Z' },
    ],
    [
      'before the hour that spring skips',
      sunday,
      '2026-03-28T12:00:00Z',
      { open: false, opensAt: '2026-04-05T00:00:00.000Z' },
    ],
    [
      'in the first pass of autumn',
      sunday,
      '2026-10-25T00:30:00Z',
      { open: true, closesAt: '2026-10-25T02:00:00.000Z' },
    ],
    [
      'in the second pass of autumn',
      sunday,
      '2026-10-25T01:30:00Z',
      { open: true, closesAt: '2026-10-25T02:00:00.000Z' },
    ],
    ['between the two passes', late, '2026-10-25T00:50:00Z', { open: false, opensAt: '2026-10-25T01:30:00.000Z' }],
    ['a spring night swallowed', late, '2026-03-29T00:30:00Z', { open: false, opensAt: '2026-04-05T00:30:00.000Z' }],
    [
      'across midnight into the skipped hour',
      [window('sat', '23:00', '02:30')],
      '2026-03-28T23:00:00Z',
      { open: true, closesAt: '2026-03-29T01:00:00.000Z' },
    ],
    ['with no window at all', [], '2026-11-24T09:00:00Z', { open: true }],
    ['all the time', [window('all', '00:00', '24:00')], '2026-11-24T09:00:00Z', { open: true }],
    [
      'two windows that touch',
      [window('tue', '09:00', '12:00'), window('tue', '12:00', '13:00')],
      '2026-11-24T09:00:00Z',
      { open: true, closesAt: '2026-11-24T12:00:00.000Z' },
    ],
    [
      'a day that begins without midnight',
      [window('sun', '00:00', '02:00', 'America/Santiago')],
      '2026-09-06T03:30:00Z',
      { open: false, opensAt: '2026-09-06T04:00:00.000Z' },
    ],
    [
      'half an hour off UTC',
      [window('tue', '09:00', '10:00', 'Asia/Kolkata')],
      '2026-11-24T03:30:00Z',
      { open: true, closesAt: '2026-11-24T04:30:00.000Z' },
    ],
    [
      'two zones',
      [window('tue', '09:00', '10:00', 'Asia/Tokyo'), window('tue', '09:00', '10:00', 'America/New_York')],
      '2026-11-24T02:00:00Z',
      { open: false, opensAt: '2026-11-24T14:00:00.000Z' },
    ],
  ])('%s', (_what, windows, now, expected) => {
    expect(at(windows, now)).toEqual(expected);
  });

  test('the next change it tells is a change, and nothing changes before it', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'];
    const windows = fc.array(
      fc.record({
        name: fc.constant('w'),
        days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        from: fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15),
        to: fc.integer({ min: 1, max: 96 }).map((quarter) => quarter * 15),
        zone: fc.constantFrom(...zones),
      }),
      { minLength: 1, maxLength: 2 },
    );
    // Around a change of the clock in spring and one in autumn.
    const start = fc.constantFrom(Date.parse('2026-03-26T00:00:00Z'), Date.parse('2026-10-22T00:00:00Z'));
    fc.assert(
      fc.property(windows, start, fc.integer({ min: 0, max: 7 * 96 }), (given, from, quarter) => {
        const usable = given.filter(({ from: begin, to }) => begin !== to);
        fc.pre(usable.length > 0);
        const now = new Date(from + quarter * 900_000);
        const answer = windowAt({ windows: usable, now, defaultZone: 'UTC' });
        const flip = answer.opensAt ?? answer.closesAt;
        const openAt = (instant: number) =>
          windowAt({ windows: usable, now: new Date(instant), defaultZone: 'UTC' }).open;
        const end = flip?.getTime() ?? now.getTime() + 86_400_000;
        for (
          let step = now.getTime();
          step < end;
          step += Math.max(900_000, Math.floor((end - now.getTime()) / 20 / 900_000) * 900_000)
        )
          expect(openAt(step)).toBe(answer.open);
        if (flip) expect([openAt(flip.getTime() - 1), openAt(flip.getTime())]).toEqual([answer.open, !answer.open]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a range of days has inclusive ends in its zone', () => {
  const range = { from: '2026-12-18', to: '2027-01-04', zone: 'Europe/Berlin' };
  test.each([
    ['2026-12-17T22:59:59Z', false],
    ['2026-12-17T23:00:00Z', true],
    ['2027-01-04T22:59:59Z', true],
    ['2027-01-04T23:00:00Z', false],
  ])('%s: %s', (now, active) => {
    expect(seasonAt({ season: range, now: new Date(now), defaultZone: 'UTC' }).active).toBe(active);
  });

  test('of two freezes at once the one that ends last is told first', () => {
    const freezes = [range, { ...range, to: '2027-02-01' }];
    const found = freezeAt({ freezes, now: new Date('2026-12-20T00:00:00Z'), defaultZone: 'UTC' });
    expect(found.map(({ until }) => until.toISOString())).toEqual([
      '2027-02-01T23:00:00.000Z',
      '2027-01-04T23:00:00.000Z',
    ]);
  });
});

describe('words of the calendar', () => {
  test.each([
    ['mon-thu', [1, 2, 3, 4]],
    ['fri-mon', [1, 5, 6, 7]],
    ['sat', [6]],
    ['weekdays', [1, 2, 3, 4, 5]],
    ['all', [1, 2, 3, 4, 5, 6, 7]],
    ['Mon', [1]],
    ['monday', undefined],
    ['mon-', undefined],
    ['', undefined],
  ])('%j are the days %j', (text, days) => {
    expect(parseDays(text)).toEqual(days);
  });

  test.each([
    ['09:00', 'from', 540],
    ['24:00', 'to', 1440],
    ['24:00', 'from', undefined],
    ['25:00', 'to', undefined],
    ['12:60', 'to', undefined],
    ['noon', 'from', undefined],
  ] as const)('%s as %s is %s', (text, edge, minutes) => {
    expect(parseClock(text, edge)).toBe(minutes);
  });

  test('a day of the calendar and a time zone are told from what only looks like them', () => {
    expect(['2026-02-28', '2026-02-30', '2026-2-3', 'today'].map(isDay)).toEqual([true, false, false, false]);
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', 'CET', '+02:00'].map(isZone)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

it('tells the same of an instant whatever was asked before', () => {
  const windows = [{ ...window('mon-thu', '09:00', '16:00'), zone: undefined }];
  const instants = ['2026-11-24T07:59:59Z', '2026-11-24T08:00:00Z', '2026-11-24T14:59:59Z', '2026-11-24T15:00:00Z'];
  const ask = (iso: string, zone: string) => windowAt({ windows, now: new Date(iso), defaultZone: zone });
  const orders = [instants, [...instants].reverse(), [...instants, ...instants]];
  for (const order of orders)
    for (const iso of order)
      for (const zone of ['Europe/Berlin', 'Asia/Tokyo'])
        expect([iso, zone, ask(iso, zone)]).toEqual([
          iso,
          zone,
          windowAt({ windows: [...windows], now: new Date(iso), defaultZone: zone }),
        ]);
});
