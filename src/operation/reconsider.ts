import { digestOf } from '../canonical';
import type { Ballot, Seat } from '../approvals/ballot';
import { lastingMembers } from '../approvals/members';
import type { Judgement, Reconsidered } from './judgement';

type Allowed = Extract<Judgement, { kind: 'allowed' }>;

/**
 * Holds a fresh judgement against the one that people vote on. Other work, or more to ask for, opens the ballots anew;
 * a denial voids; to ask for less does not loosen what was asked for before.
 */
export function reconsider({ held, fresh }: { readonly held: Allowed; readonly fresh: Judgement }): Reconsidered {
  if (fresh.kind === 'denied') return { kind: 'denied', reasons: fresh.reasons };
  if (fresh.decisionDigest === held.decisionDigest) return { kind: 'same' };
  const commits = `policy ${held.policyCommit.slice(0, 10)} became ${fresh.policyCommit.slice(0, 10)}`;
  const void_ = 'so the votes are void; please look again and vote anew';
  if (fresh.workDigest !== held.workDigest)
    return {
      kind: 'changed',
      because: `What would run has changed since people voted (${commits}), ${void_}.`,
      judgement: fresh,
    };
  if (fresh.ballots.every((ballot) => isCovered(ballot, held.ballots))) return { kind: 'same' };
  const ballots = tightened(held.ballots, fresh.ballots);
  return {
    kind: 'changed',
    because: `Who has to approve this has changed (${commits}): now ${seatWords(ballots)}, where it was ${seatWords(held.ballots)}, ${void_}.`,
    judgement: { ...fresh, ballots },
  };
}

/** Whether what a ballot asks for is asked for already, of the same people. */
function isCovered(ballot: Ballot, held: readonly Ballot[]): boolean {
  const same = held.filter(({ order, excluded, secondFactor }) => {
    const kept = new Set(excluded.map(({ id }) => id));
    if (ballot.secondFactor && !secondFactor) return false;
    return order === ballot.order && ballot.excluded.every(({ id }) => kept.has(id));
  });
  const before = countsOf(same.flatMap(({ seats }) => seats));
  const areSameTeams = Object.entries(ballot.teams).every(([team, members]) =>
    same.some(
      ({ teams }) =>
        teams[team] !== undefined && digestOf(lastingMembers(teams[team])) === digestOf(lastingMembers(members)),
    ),
  );
  return areSameTeams && [...countsOf(ballot.seats)].every(([team, count]) => count <= (before.get(team) ?? 0));
}

/** The fresh ballots, with the seats and the second factor that were asked for before and are no more. */
function tightened(held: readonly Ballot[], fresh: readonly Ballot[]): readonly Ballot[] {
  return withSecondFactor(held, withSeats(held, fresh));
}

/** A second factor that was asked for before is asked for still. */
function withSecondFactor(held: readonly Ballot[], fresh: readonly Ballot[]): readonly Ballot[] {
  if (!held.some(({ secondFactor }) => secondFactor)) return fresh;
  return fresh.map((ballot) => {
    if (ballot.secondFactor) return ballot;
    const shown = { secondFactor: true, oneClick: false } as const;
    return { ...ballot, ...shown, ...renamed(ballot, shown) };
  });
}

/** Id and digest of a ballot that shows something else. */
function renamed({ id, digest: of }: Ballot, shown: object): Pick<Ballot, 'id' | 'digest'> {
  const digest = digestOf({ format: 1, of, ...shown });
  return { id: `${id.split('-')[0]}-${digest.slice(0, 8)}`, digest };
}

function withSeats(held: readonly Ballot[], fresh: readonly Ballot[]): readonly Ballot[] {
  const [first, ...rest] = fresh;
  const left = countsOf(fresh.flatMap(({ seats }) => seats));
  const more = held
    .flatMap(({ seats }) => seats)
    .filter(({ team }) => {
      const count = left.get(team) ?? 0;
      left.set(team, count - 1);
      return count <= 0;
    });
  if (more.length === 0 || !first) return fresh;
  const counted = new Map<string, number>();
  const seats = [...first.seats, ...more].map((seat) => {
    const number = (counted.get(seat.team) ?? 0) + 1;
    counted.set(seat.team, number);
    return { ...seat, id: `${seat.team}#${number}` };
  });
  const known: Ballot['teams'] = { ...Object.assign({}, ...held.map(({ teams }) => teams)), ...first.teams };
  const shown = { seats, teams: known };
  return [{ ...first, ...shown, ...renamed(first, shown) }, ...rest];
}

/** How many seats of each team, or of each choice of teams. */
function countsOf(seats: readonly Seat[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { team } of seats) counts.set(team, (counts.get(team) ?? 0) + 1);
  return counts;
}

function seatWords(ballots: readonly Ballot[]): string {
  const counts = countsOf(ballots.flatMap(({ seats }) => seats));
  const words = [...counts].map(([team, count]) => (count === 1 ? team : `${count} of ${team}`)).join(', ');
  const factor = ballots.some(({ secondFactor }) => secondFactor) ? ' with a code from their authenticator' : '';
  return words ? `${words}${factor}` : 'nobody';
}
