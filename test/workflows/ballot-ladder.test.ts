import type { Ballot, Rung, Vote } from '../../src/approvals/ballot';
import { assignSeats } from '../../src/approvals/seats';
import { climb, inForce, nextInstant, restart, type OpenBallot } from '../../workflows/ballot-ladder';
import { aBallot } from '../helpers/samples';

const hour = 3_600_000;
const night = [20 * hour, 31 * hour] as const;

function opened(ladder: readonly Rung[], more: Partial<Ballot> = {}): OpenBallot {
  const ballot = aBallot({
    ladder,
    timeoutMs: 48 * hour,
    teams: {
      security_team: { groups: ['S0SECURITY'], users: [] },
      team_lead: { groups: [], users: ['U0LEE', 'U0KIM', 'U0ANA'] },
      directors: { groups: [], users: ['U0DEE'] },
      oncall: { groups: [], users: [], shifts: [{ user: 'U0OLA', from: 0, until: 4 * hour }] },
    },
    ...more,
  });
  return { ballot, openedAt: 0, expiresAt: 48 * hour, status: 'open', votes: [], rungs: 0, widened: [], putOff: [] };
}

const approval = (person: string, teams: readonly string[]): Vote => ({
  ballotId: 'b1',
  by: person,
  person,
  decision: 'approve',
  actionId: '1',
  at: '',
  teams,
});
const bothSeats = ['security_team#1', 'team_lead#1'];
const widen = (hours: number, seats: readonly string[] = bothSeats) => ({
  afterMs: hours * hour,
  does: 'widen' as const,
  team: 'directors',
  seats,
});
const remind = (hours: number): Rung => ({ afterMs: hours * hour, does: 'remind' });
const page = (hours: number, team: string, urgent = false): Rung => ({
  afterMs: hours * hour,
  does: 'page',
  team,
  urgent,
});

test('a reminder goes to whoever may still fill a seat, and to nobody who asked or has approved', () => {
  const open = opened([remind(1)]);
  open.votes = [approval('U0KIM', ['team_lead'])];
  expect(climb(open, hour - 1).calls).toEqual([]);
  expect(climb(open, hour).calls).toMatchObject([{ groups: ['S0SECURITY'], users: [] }]);
  const other = opened([remind(1)]);
  other.votes = [approval('U0SAM', ['security_team'])];
  expect(climb(other, hour).calls).toMatchObject([{ groups: [], users: ['U0LEE', 'U0KIM'] }]);
  // Once is enough.
  expect(climb(other, hour).calls).toEqual([]);
});

test('a team that it is widened to may fill the free seats from then on, and is called', () => {
  const open = opened([widen(2)]);
  expect(inForce(open).seats.map(({ anyOf }) => anyOf)).toEqual([undefined, undefined]);
  const { taken, calls } = climb(open, 2 * hour);
  expect(taken).toHaveLength(1);
  expect(calls).toMatchObject([{ users: ['U0DEE'], mayVote: true }]);
  expect(inForce(open).seats.map(({ anyOf }) => anyOf)).toEqual([
    ['security_team', 'directors'],
    ['team_lead', 'directors'],
  ]);
});

test('seats that the step does not name stay closed to the team', () => {
  const open = opened([widen(2, ['team_lead#1'])]);
  climb(open, 2 * hour);
  expect(inForce(open).seats.map(({ anyOf }) => anyOf)).toEqual([undefined, ['team_lead', 'directors']]);
  const votes = ['U0DEE', 'U0DAN'].map((person) => approval(person, ['directors']));
  expect(assignSeats({ ballot: inForce(open), votes }).free.map(({ id }) => id)).toEqual(['security_team#1']);
});

test('when the ladder begins anew, only who sits somewhere by a widening keeps that seat', () => {
  const open = opened([widen(2)]);
  climb(open, 2 * hour);
  open.votes = [approval('U0LEE', ['team_lead', 'directors']), approval('U0DEE', ['directors'])];
  restart(open, 5 * hour);
  expect(open).toMatchObject({ status: 'open', openedAt: 5 * hour, expiresAt: 53 * hour, rungs: 0, putOff: [] });
  expect(open.widened).toEqual([widen(2, ['security_team#1'])]);
  open.votes = open.votes.slice(0, 1);
  restart(open, 5 * hour);
  expect(open.widened).toEqual([]);
});

test('whoever is on call then is paged, with a seat or without one', () => {
  const early = opened([page(3, 'oncall')]);
  expect(climb(early, 3 * hour).calls).toMatchObject([{ users: ['U0OLA'], mayVote: false }]);
  // The shift is over: nobody is called, and it is said in the thread.
  const late = opened([page(5, 'oncall')]);
  expect(climb(late, 5 * hour).calls).toMatchObject([{ users: [], groups: [] }]);
  expect(climb(opened([page(1, 'team_lead')]), hour).calls).toMatchObject([{ mayVote: true }]);
});

test.each([
  ['expire', 'expired'],
  ['reject', 'rejected'],
] as const)('at a step that says %s it is %s, and nobody is called any more', (does, status) => {
  const open = opened([{ afterMs: hour, does }, remind(2)]);
  expect(climb(open, 3 * hour).calls).toEqual([]);
  expect(open.status).toBe(status);
});

test('steps that were missed while nobody looked are all taken, in order', () => {
  const open = opened([remind(1), widen(2)]);
  expect(climb(open, 5 * hour).taken.map(({ does }) => does)).toEqual(['remind', 'widen']);
  expect(nextInstant(open)).toBe(48 * hour);
});

describe('quiet hours', () => {
  const quiet = {
    stretches: { home: [night], away: [[0, hour]] as const },
    zones: { U0KIM: 'away' },
    elsewhere: 'home',
  };

  test('a reminder reaches whoever is awake, and the others when their night is over', () => {
    const open = opened([remind(22)], { quiet });
    expect(climb(open, 22 * hour).calls).toMatchObject([{ groups: [], users: ['U0KIM'] }]);
    expect(nextInstant(open)).toBe(31 * hour);
    expect(climb(open, 31 * hour - 1).calls).toEqual([]);
    expect(climb(open, 31 * hour).calls).toMatchObject([{ groups: ['S0SECURITY'], users: ['U0LEE'] }]);
    expect(nextInstant(open)).toBe(48 * hour);
  });

  test('who has approved by then is not woken', () => {
    const open = opened([remind(22)], { quiet });
    climb(open, 22 * hour);
    open.votes = [approval('U0LEE', ['team_lead']), approval('U0SAM', ['security_team'])];
    expect(climb(open, 31 * hour).calls).toEqual([]);
  });

  test('a page is put off unless it is urgent', () => {
    const open = opened([page(22, 'directors')], { quiet });
    expect(climb(open, 22 * hour).calls).toEqual([]);
    expect(climb(open, 31 * hour).calls).toMatchObject([{ users: ['U0DEE'] }]);
    expect(climb(opened([page(22, 'directors', true)], { quiet }), 22 * hour).calls).toMatchObject([
      { users: ['U0DEE'] },
    ]);
  });

  test('widening and the end are not put off, whoever sleeps', () => {
    const open = opened([widen(22), { afterMs: 23 * hour, does: 'expire' }], { quiet });
    expect(climb(open, 22 * hour).calls).toEqual([]);
    expect(open.widened).toEqual([widen(22)]);
    climb(open, 23 * hour);
    expect(open.status).toBe('expired');
  });
});
