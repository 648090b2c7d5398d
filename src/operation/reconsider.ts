import { digestOf } from '../canonical';
import type { Ballot, Rung, Seat } from '../approvals/ballot';
import { lastingMembers } from '../approvals/members';
import { teamsOf } from '../approvals/seats';
import type { Judgement, Reconsidered } from './judgement';

type Allowed = Extract<Judgement, { kind: 'allowed' }>;

/**
 * Holds a fresh judgement against the one that people vote on. Other work, or more to ask for, opens the ballots anew;
 * a denial voids; to ask for less does not loosen what was asked for before.
 */
export function reconsider({ held, fresh }: { readonly held: Allowed; readonly fresh: Judgement }): Reconsidered {
  if (fresh.kind === 'denied') return { kind: 'denied', reasons: fresh.reasons };
  if (fresh.decisionDigest === held.decisionDigest) return { kind: 'same' };
  const isSameCommit = fresh.policyCommit === held.policyCommit;
  const commits = isSameCommit
    ? 'the policy is the same'
    : `policy ${held.policyCommit.slice(0, 10)} became ${fresh.policyCommit.slice(0, 10)}`;
  const void_ = 'so the votes are void; please look again and vote anew';
  if (fresh.workDigest !== held.workDigest)
    return {
      kind: 'changed',
      because: `What would run has changed since people voted (${commits}), ${void_}.`,
      judgement: fresh,
    };
  const isSameWho = fresh.ballots.every((ballot) => isCovered(ballot, held.ballots));
  if (isSameWho && widensNoFurther(held.ballots, fresh.ballots)) return { kind: 'same' };
  const ballots = tightened(held.ballots, fresh.ballots);
  if (isSameWho)
    return {
      kind: 'changed',
      because: `Fewer people may step in while nobody decides (${commits}), ${void_}.`,
      judgement: { ...fresh, ballots },
    };
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
  // Who is only called for help fills no seat.
  const mayFill = new Set([
    ...ballot.seats.flatMap(teamsOf),
    ...same.flatMap(({ ladder }) => ladder.filter(isWidening)).map(({ team }) => team),
  ]);
  const areSameTeams = Object.entries(ballot.teams).every(
    ([team, members]) =>
      !mayFill.has(team) ||
      same.some(
        ({ teams }) =>
          teams[team] !== undefined && digestOf(lastingMembers(teams[team])) === digestOf(lastingMembers(members)),
      ),
  );
  return areSameTeams && [...countsOf(ballot.seats)].every(([team, count]) => count <= (before.get(team) ?? 0));
}

type Widening = Extract<Rung, { does: 'widen' }>;

function isWidening(rung: Rung): rung is Widening {
  return rung.does === 'widen';
}

/** Whether every step by which others may fill seats of the first ballots is one of the second ones too, by then. */
function widensNoFurther(wide: readonly Ballot[], narrow: readonly Ballot[]): boolean {
  const steps = wide.flatMap(({ ladder, seats }) =>
    ladder
      .filter(isWidening)
      .flatMap((step) => seats.filter(({ id }) => step.seats.includes(id)).map(({ team }) => ({ step, team }))),
  );
  return steps.every(({ step, team }) => unwidened(narrow, { step, team }) <= unwidened(wide, { step, team }));
}

/** How many seats of a team are not open to another one by the time of a step. */
function unwidened(
  ballots: readonly Ballot[],
  { step, team }: { readonly step: Widening; readonly team: string },
): number {
  return ballots.flatMap(({ ladder, seats }) => {
    const open = ladder
      .filter(isWidening)
      .filter((other) => other.team === step.team && other.afterMs <= step.afterMs)
      .flatMap((other) => other.seats);
    return seats.filter((seat) => seat.team === team && !open.includes(seat.id));
  }).length;
}

/** The fresh ballots, with the seats and the second factor that were asked for before and are no more. */
function tightened(held: readonly Ballot[], fresh: readonly Ballot[]): readonly Ballot[] {
  return withSecondFactor(
    held,
    withSeats(
      held,
      fresh.map((ballot) => withLadder(held, ballot)),
    ),
  );
}

/** A seat that was asked for before is opened to nobody who could not fill it then. */
function withLadder(held: readonly Ballot[], ballot: Ballot): Ballot {
  const labels = new Set(held.flatMap(({ seats }) => seats.map(({ team }) => team)));
  const ladder = ballot.ladder.flatMap((rung): readonly Rung[] => {
    if (!isWidening(rung)) return [rung];
    const seats = rung.seats.filter((id) => {
      const team = ballot.seats.find((seat) => seat.id === id)?.team;
      if (team === undefined || !labels.has(team)) return true;
      return unwidened(held, { step: rung, team }) === 0;
    });
    return seats.length === 0 ? [] : [{ ...rung, seats }];
  });
  if (digestOf(ladder) === digestOf(ballot.ladder)) return ballot;
  return { ...ballot, ladder, ...renamed(ballot, { ladder }) };
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
