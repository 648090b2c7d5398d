import type { Ballot, Seat, Vote } from './ballot';

/** Who sits where. Plain data and pure: workflow code imports this file, so its answers must never change. */
export interface SeatAssignment {
  /** Seat id to person. */
  readonly assigned: { readonly [seatId: string]: string };
  /** Seats without a person, in the ballot's order. */
  readonly free: readonly Seat[];
  readonly complete: boolean;
}

/**
 * Gives every approving person at most one seat that a team of theirs may fill, so that as many seats as possible are filled.
 * Who came earlier keeps a seat when later votes come in. With order `sequence` a seat is filled only when all seats
 * before it are. Votes of other ballots and of the ballot's excluded accounts are ignored.
 */
export function assignSeats(input: { readonly ballot: Ballot; readonly votes: readonly Vote[] }): SeatAssignment {
  const { ballot } = input;
  const voters = approvers(ballot, input.votes);
  const seats = ballot.order === 'sequence' ? reachable(ballot.seats, voters) : ballot.seats;
  const holders = match(seats, voters);
  const assigned: Record<string, string> = {};
  for (const [seatId, voter] of holders) assigned[seatId] = voter.person;
  const free = ballot.seats.filter((seat) => !holders.has(seat.id));
  return { assigned, free, complete: free.length === 0 };
}

/** The teams of which any may fill a seat. */
export function teamsOf(seat: Seat): readonly string[] {
  return seat.anyOf ?? [seat.team];
}

interface Voter {
  readonly person: string;
  readonly teams: readonly string[];
}

/** One entry a person, in the order of their first approval; the teams are those of their newest vote. */
function approvers(ballot: Ballot, votes: readonly Vote[]): readonly Voter[] {
  const newest = new Map<string, Vote>();
  for (const vote of votes) {
    if (vote.ballotId === ballot.id) newest.set(vote.person, vote);
  }
  const excluded = new Set(ballot.excluded.map((account) => account.id));
  return [...newest.values()].filter(
    (vote) => vote.decision === 'approve' && !excluded.has(vote.by) && !excluded.has(vote.person),
  );
}

/** Augmenting paths: each voter in turn takes a free seat, moving earlier voters to other seats where that helps. */
function match(seats: readonly Seat[], voters: readonly Voter[]): ReadonlyMap<string, Voter> {
  const holders = new Map<string, Voter>();
  const place = (voter: Voter, tried: Set<string>): boolean => {
    for (const seat of seats) {
      if (tried.has(seat.id) || !teamsOf(seat).some((team) => voter.teams.includes(team))) continue;
      tried.add(seat.id);
      const holder = holders.get(seat.id);
      if (holder === undefined || place(holder, tried)) {
        holders.set(seat.id, voter);
        return true;
      }
    }
    return false;
  };
  for (const voter of voters) place(voter, new Set());
  return holders;
}

/** The longest run of seats from the first on that can all be filled at once. */
function reachable(seats: readonly Seat[], voters: readonly Voter[]): readonly Seat[] {
  let length = 0;
  while (length < seats.length && match(seats.slice(0, length + 1), voters).size === length + 1) length++;
  return seats.slice(0, length);
}
