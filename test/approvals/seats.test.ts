import fc from 'fast-check';
import { voteRefusals, type Ballot, type Vote } from '../../src/approvals/ballot';
import { refusalSentence } from '../../src/approvals/refusals';
import { assignSeats } from '../../src/approvals/seats';

function ballotOf(teams: readonly string[], more: Partial<Ballot> = {}): Ballot {
  const counts = new Map<string, number>();
  const seats = teams.map((team) => {
    counts.set(team, (counts.get(team) ?? 0) + 1);
    return { id: `${team}#${counts.get(team)}`, team };
  });
  return {
    id: 'b1',
    digest: 'd',
    rule: 'r',
    seats,
    teams: {},
    order: 'parallel',
    excluded: [],
    persons: {},
    timeoutMs: 1,
    ladder: [],
    channels: [],
    oneClick: false,
    ...more,
  };
}

const vote = (by: string, teams: readonly string[], more: Partial<Vote> = {}): Vote => ({
  ballotId: 'b1',
  by,
  person: by,
  decision: 'approve',
  actionId: by,
  at: '',
  teams,
  ...more,
});

describe('seats', () => {
  test.each([
    ['nobody', ['a'], [], {}, ['a']],
    ['one of the team', ['a'], [vote('x', ['a'])], { 'a#1': 'x' }, []],
    ['one of another team', ['a'], [vote('x', ['b'])], {}, ['a']],
    ['one person in both teams fills one seat', ['a', 'b'], [vote('x', ['a', 'b'])], { 'a#1': 'x' }, ['b']],
    [
      'one person cannot fill two seats of a team',
      ['a', 'a'],
      [vote('x', ['a']), vote('x', ['a'])],
      { 'a#1': 'x' },
      ['a'],
    ],
    [
      'the earlier moves over where that helps',
      ['a', 'b'],
      [vote('x', ['a', 'b']), vote('y', ['a'])],
      { 'a#1': 'y', 'b#1': 'x' },
      [],
    ],
    ['a rejection fills nothing', ['a'], [vote('x', ['a'], { decision: 'reject' })], {}, ['a']],
    [
      'the newest vote of a person counts',
      ['a'],
      [vote('x', ['a']), vote('x', ['a'], { decision: 'reject' })],
      {},
      ['a'],
    ],
    ['a vote on another ballot', ['a'], [vote('x', ['a'], { ballotId: 'b0' })], {}, ['a']],
    [
      'two accounts of one person',
      ['a', 'a'],
      [vote('x', ['a']), vote('x2', ['a'], { person: 'x' })],
      { 'a#1': 'x' },
      ['a'],
    ],
  ])('%s', (_what, teams, votes, assigned, free) => {
    const result = assignSeats({ ballot: ballotOf(teams), votes });
    expect(result.assigned).toEqual(assigned);
    expect(result.free.map(({ team }) => team)).toEqual(free);
    expect(result.complete).toBe(free.length === 0);
  });

  test('in sequence a seat is filled only when all before it are', () => {
    const ballot = ballotOf(['a', 'b'], { order: 'sequence' });
    expect(assignSeats({ ballot, votes: [vote('y', ['b'])] }).assigned).toEqual({});
    expect(assignSeats({ ballot, votes: [vote('y', ['b']), vote('x', ['a'])] }).complete).toBe(true);
    expect(assignSeats({ ballot, votes: [vote('x', ['a'])] }).free.map(({ team }) => team)).toEqual(['b']);
  });

  test('an excluded account fills nothing, whatever is counted elsewhere', () => {
    const ballot = ballotOf(['a'], { excluded: [{ id: 'x', because: 'requester' }] });
    expect(assignSeats({ ballot, votes: [vote('x', ['a'])] }).assigned).toEqual({});
    expect(assignSeats({ ballot, votes: [vote('x2', ['a'], { person: 'x' })] }).assigned).toEqual({});
  });

  const teamNames = ['a', 'b', 'c'];
  const anyTeams = fc.subarray(teamNames);
  const anyVotes = fc.array(
    fc.record({ by: fc.constantFrom('p', 'q', 'r', 's', 't'), teams: anyTeams, approves: fc.boolean() }),
    { maxLength: 7 },
  );
  const anySeats = fc.array(fc.constantFrom(...teamNames), { maxLength: 5 });
  const votesOf = (given: readonly { by: string; teams: readonly string[]; approves: boolean }[]): readonly Vote[] =>
    given.map(({ by, teams, approves }) => vote(by, teams, { decision: approves ? 'approve' : 'reject' }));

  test('as many seats are filled as brute force can fill', () => {
    fc.assert(
      fc.property(anySeats, anyVotes, (teams, given) => {
        const votes = votesOf(given);
        const { assigned } = assignSeats({ ballot: ballotOf(teams), votes });
        const newest = [...new Map(votes.map((one) => [one.person, one])).values()];
        const voters = newest.filter(({ decision }) => decision === 'approve');
        expect(Object.keys(assigned)).toHaveLength(
          most(
            teams,
            voters.map((voter) => voter.teams),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('with seats that several teams may fill, as many are filled as brute force can fill', () => {
    const anyOf = fc.subarray(teamNames, { minLength: 1 });
    fc.assert(
      fc.property(fc.array(anyOf, { maxLength: 4 }), anyVotes, (wanted, given) => {
        const votes = votesOf(given);
        const seats = wanted.map((teams, index) => ({
          id: `${teams.join(' or ')}#${index + 1}`,
          team: teams.join(' or '),
          ...(teams.length > 1 && { anyOf: teams }),
        }));
        const { assigned, complete } = assignSeats({ ballot: ballotOf([], { seats }), votes });
        const newest = [...new Map(votes.map((one) => [one.person, one])).values()];
        const voters = newest.filter(({ decision }) => decision === 'approve').map((voter) => voter.teams);
        expect(Object.keys(assigned)).toHaveLength(mostOf(wanted, voters));
        expect(complete).toBe(mostOf(wanted, voters) === wanted.length);
        for (const [id, who] of Object.entries(assigned)) {
          const teams = wanted[Number(id.split('#')[1]) - 1]!;
          expect(votes.findLast(({ person }) => person === who)?.teams.some((team) => teams.includes(team))).toBe(true);
        }
      }),
      { numRuns: 100_000 },
    );
  }, 300_000);

  test('an approval that was withdrawn fills nothing', () => {
    const votes = [vote('x', ['a']), vote('x', ['a'], { decision: 'withdraw' })];
    expect(assignSeats({ ballot: ballotOf(['a']), votes }).assigned).toEqual({});
  });

  test('no seat goes to somebody outside its team, nobody sits twice, and the requester never sits', () => {
    fc.assert(
      fc.property(
        anySeats,
        anyVotes,
        fc.constantFrom('p', 'q'),
        fc.constantFrom('parallel', 'sequence'),
        (teams, given, requester, order) => {
          const votes = votesOf(given);
          const ballot = ballotOf(teams, {
            order: order as 'parallel',
            excluded: [{ id: requester, because: 'requester' }],
          });
          const { assigned, free } = assignSeats({ ballot, votes });
          const sitting = Object.values(assigned);
          expect(sitting).not.toContain(requester);
          expect(new Set(sitting).size).toBe(sitting.length);
          expect(sitting.length + free.length).toBe(ballot.seats.length);
          for (const [seat, who] of Object.entries(assigned))
            expect(votes.filter(({ person }) => person === who).at(-1)?.teams).toContain(seat.split('#')[0]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('one more approval never frees a seat', () => {
    fc.assert(
      fc.property(anySeats, anyVotes, anyTeams, (teams, given, more) => {
        const ballot = ballotOf(teams);
        const votes = votesOf(given);
        const before = Object.keys(assignSeats({ ballot, votes }).assigned).length;
        const after = Object.keys(assignSeats({ ballot, votes: [...votes, vote('new', more)] }).assigned).length;
        expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});

/** The same where each seat names the teams of which any may fill it. */
function mostOf(seats: readonly (readonly string[])[], voters: readonly (readonly string[])[]): number {
  const [seat, ...rest] = seats;
  if (seat === undefined) return 0;
  const filled = voters.flatMap((teams, index) =>
    teams.some((team) => seat.includes(team)) ? [1 + mostOf(rest, voters.toSpliced(index, 1))] : [],
  );
  return Math.max(mostOf(rest, voters), ...filled);
}

/** Most seats that can be filled, by trying everything. */
function most(seats: readonly string[], voters: readonly (readonly string[])[]): number {
  const [seat, ...rest] = seats;
  if (seat === undefined) return 0;
  const without = most(rest, voters);
  const withOne = voters.flatMap((teams, index) =>
    teams.includes(seat)
      ? [
          1 +
            most(
              rest,
              voters.filter((_, other) => other !== index),
            ),
        ]
      : [],
  );
  return Math.max(without, ...withOne);
}

test('every refusal is one full sentence that says why and what to do', () => {
  for (const code of voteRefusals) {
    const sentence = refusalSentence(code, { teams: ['security'], rule: 'high risk', detail: 'time-out' });
    expect(sentence).toMatch(/^(Your|This) (vote|rejection|approval) .*[;,].*\.$/);
    expect(refusalSentence(code)).not.toContain('undefined');
  }
});
