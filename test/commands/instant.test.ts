import { understandInstant } from '../../src/commands/instant';

/** A Saturday, 17:00 in Berlin. */
const now = new Date('2026-11-21T16:00:00Z');
const berlin = 'Europe/Berlin';

describe('an instant as people type it', () => {
  it.each([
    ['friday 18:00', berlin, '2026-11-27T17:00:00.000Z'],
    ['friday 18:00', 'America/New_York', '2026-11-27T23:00:00.000Z'],
    ['at 18:00', berlin, '2026-11-21T17:00:00.000Z'],
    ['15:00', berlin, '2026-11-22T14:00:00.000Z'],
    ['tomorrow 9am', berlin, '2026-11-22T08:00:00.000Z'],
    ['friday', berlin, '2026-11-27T11:00:00.000Z'],
    ['in 2 hours', berlin, '2026-11-21T18:00:00.000Z'],
    ['now', berlin, '2026-11-21T16:00:00.000Z'],
    ['2026-12-18 10:00', berlin, '2026-12-18T09:00:00.000Z'],
    ['2027-07-01 10:00', berlin, '2027-07-01T08:00:00.000Z'],
    ['2026-12-18T10:00:00+05:30', berlin, '2026-12-18T04:30:00.000Z'],
    ['fri 6pm CET', 'America/New_York', '2026-11-27T17:00:00.000Z'],
  ])('"%s" in %s is %s', (text, zone, at) => {
    const understood = understandInstant({ text, now, zone });
    expect(understood.ok && understood.at.toISOString()).toBe(at);
  });

  it.each(['banana', '', 'friday 18:00 in berlin', 'mon-fri', 'friday 18:00 and saturday 9:00'])(
    '"%s" is refused instead of half understood',
    (text) => {
      expect(understandInstant({ text, now, zone: berlin })).toEqual({
        ok: false,
        problem: expect.stringMatching(/is not an instant that Signalbox understands; write it as/),
      });
    },
  );
});
