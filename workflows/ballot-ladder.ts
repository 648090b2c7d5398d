import type { Ballot, Rung, Vote } from '../src/approvals/ballot';
import { namedMembers, personIn } from '../src/approvals/members';
import { awakeAt } from '../src/approvals/quiet';
import { assignSeats, teamsOf } from '../src/approvals/seats';
import type { BallotStatus } from '../src/approvals/takes';

/** A ballot with what has become of it. Instants in ms. */
export interface OpenBallot {
  readonly ballot: Ballot;
  openedAt: number;
  expiresAt: number;
  status: BallotStatus;
  votes: Vote[];
  /** How many steps of its ladder were taken. */
  rungs: number;
  /** Steps taken by which other teams may fill some seats by now, besides those that the seats name. */
  widened: readonly Widening[];
  /** Calls to people who are left in peace until then. */
  putOff: readonly (Called & { readonly at: number; readonly rung: Rung })[];
}

export type Widening = Extract<Rung, { does: 'widen' }>;

/** Whom a step of a ladder calls. */
interface Called {
  readonly groups: readonly string[];
  readonly users: readonly string[];
}

/** A step of a ladder that has come, for those who may be disturbed now. */
export interface Call extends Called {
  readonly ballot: Ballot;
  readonly openedAt: number;
  readonly expiresAt: number;
  readonly rung: Rung;
  /** Whether who is called may fill a seat. */
  readonly mayVote: boolean;
}

/** Most people and groups that one step calls. */
const calledMost = 20;

/** The ballot as it counts now: seats may be filled by the teams that they were widened to as well. */
export function inForce({ ballot, widened }: Pick<OpenBallot, 'ballot' | 'widened'>): Ballot {
  if (widened.length === 0) return ballot;
  const seats = ballot.seats.map((seat) => {
    const more = widened.filter(({ seats: ids }) => ids.includes(seat.id)).map(({ team }) => team);
    return more.length === 0 ? seat : { ...seat, anyOf: [...new Set([...teamsOf(seat), ...more])] };
  });
  return { ...ballot, seats };
}

/** A seat is free again: whoever is asked now has as long as the others had, and the ladder begins anew. */
export function restart(open: OpenBallot, now: number): void {
  open.status = 'open';
  open.openedAt = now;
  open.expiresAt = now + open.ballot.timeoutMs;
  open.rungs = 0;
  open.widened = stillWidened(open);
  open.putOff = [];
}

/** The seats of those who fill them only because of a widening keep it. */
function stillWidened(open: Pick<OpenBallot, 'ballot' | 'widened' | 'votes'>): readonly Widening[] {
  const { ballot, votes } = open;
  const own = assignSeats({ ballot, votes });
  const left = new Set(own.free.map(({ id }) => id));
  const seated = new Set(Object.values(own.assigned));
  const wide = inForce(open);
  const { assigned: kept } = assignSeats({
    ballot: { ...wide, seats: wide.seats.filter(({ id }) => left.has(id)) },
    votes: votes.filter(({ person }) => !seated.has(person)),
  });
  return open.widened
    .map((step) => ({ ...step, seats: step.seats.filter((id) => kept[id] !== undefined) }))
    .filter(({ seats }) => seats.length > 0);
}

/** The instant at which a ballot has something to do by itself: a step, a call that was put off, its end. */
export function nextInstant(open: OpenBallot): number {
  const rung = open.ballot.ladder[open.rungs];
  const step = rung === undefined ? Infinity : open.openedAt + rung.afterMs;
  return Math.min(open.expiresAt, step, ...open.putOff.map(({ at }) => at));
}

/** Takes the steps that have come by now: changes the ballot, and tells whom to call. */
export function climb(
  open: OpenBallot,
  now: number,
): { readonly taken: readonly Rung[]; readonly calls: readonly Call[] } {
  const taken: Rung[] = [];
  const calls: Call[] = [];
  for (;;) {
    const rung = open.ballot.ladder[open.rungs];
    if (rung === undefined || now < open.openedAt + rung.afterMs || open.status !== 'open') break;
    open.rungs += 1;
    taken.push(rung);
    if (rung.does === 'widen') open.widened = [...open.widened, rung];
    if (rung.does === 'expire') open.status = 'expired';
    if (rung.does === 'reject') open.status = 'rejected';
    if (open.status === 'open') calls.push(...callNow(open, rung, now));
  }
  const due = open.putOff.filter(({ at }) => at <= now);
  open.putOff = open.status === 'open' ? open.putOff.filter(({ at }) => at > now) : [];
  if (open.status === 'open') for (const { rung, ...called } of due) calls.push(...callOf(open, rung, called, now));
  return { taken, calls };
}

/** Calls whoever is awake, and puts the others off to the end of their quiet hours. */
function callNow(open: OpenBallot, rung: Rung, now: number): readonly Call[] {
  const quiet = rung.does === 'page' && rung.urgent ? undefined : open.ballot.quiet;
  const { groups, users } = calledBy(open, rung, now);
  const later = new Map<number, { groups: string[]; users: string[] }>();
  const at = (instant: number): { groups: string[]; users: string[] } => {
    const known = later.get(instant) ?? { groups: [], users: [] };
    later.set(instant, known);
    return known;
  };
  for (const group of groups) at(awakeAt(quiet, undefined, now)).groups.push(group);
  for (const user of users) at(awakeAt(quiet, user, now)).users.push(user);
  const put = [...later]
    .filter(([instant]) => instant > now)
    .map(([instant, called]) => ({ ...called, at: instant, rung }));
  open.putOff = [...open.putOff, ...put];
  const awake = later.get(now);
  // With nobody to call it is still said in the thread, unless all of them are asleep.
  return awake || put.length === 0 ? callOf(open, rung, awake ?? { groups: [], users: [] }, now) : [];
}

/** Who has voted meanwhile is not called any more. */
function callOf(open: OpenBallot, rung: Rung, called: Called, now: number): readonly Call[] {
  const { groups, users } = calledBy(open, rung, now);
  const still = {
    groups: called.groups.filter((group) => groups.includes(group)),
    users: called.users.filter((user) => users.includes(user)),
  };
  if (still.groups.length + still.users.length === 0 && called.groups.length + called.users.length > 0) return [];
  const ballot = inForce(open);
  const mayVote = rung.does !== 'page' || ballot.seats.some((seat) => teamsOf(seat).includes(rung.team));
  return [{ ...still, ballot, openedAt: open.openedAt, expiresAt: open.expiresAt, rung, mayVote }];
}

/** A reminder goes to the teams of the seats that are still free, the other steps to the team that they name. */
function calledBy(open: OpenBallot, rung: Rung, now: number): Called {
  const ballot = inForce(open);
  const free = assignSeats({ ballot, votes: open.votes }).free.flatMap(teamsOf);
  const teams = 'team' in rung ? [rung.team] : [...new Set(free)];
  const isOut = (user: string): boolean => {
    const person = personIn(ballot, user);
    return (
      ballot.excluded.some(({ id }) => id === user || personIn(ballot, id) === person) ||
      open.votes.some((vote) => vote.decision === 'approve' && vote.person === person)
    );
  };
  const users = teams.flatMap((team) => namedMembers(ballot, team, now).map(({ user }) => user));
  return {
    groups: [...new Set(teams.flatMap((team) => ballot.teams[team]?.groups ?? []))].slice(0, calledMost),
    users: [...new Set(users)].filter((user) => !isOut(user)).slice(0, calledMost),
  };
}
