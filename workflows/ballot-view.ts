import type { Ballot, Rung, Vote, VoteAnswer } from '../src/approvals/ballot';
import { namedMembers } from '../src/approvals/members';
import { assignSeats, teamsOf } from '../src/approvals/seats';
import type { BallotTakes } from '../src/approvals/takes';
import type { Json } from '../src/json';
import type { Notice } from '../src/messages/notice';
import type { BallotView } from '../src/operation/view';
import { inForce, type OpenBallot } from './ballot-ladder';
import { instant } from './say';

export type Counted = Extract<VoteAnswer, { kind: 'counted' }>;

/** Most names that a seat shows. */
const mentionedMost = 8;
const rungsShown = 6;

/** A ballot as the card shows it. */
export function ballotView(open: OpenBallot, takes: BallotTakes): BallotView {
  const { ballot, votes, openedAt } = open;
  const counting = inForce(open);
  const { assigned } = assignSeats({ ballot: counting, votes });
  const rejection = votes.find((vote) => vote.decision === 'reject');
  const next = open.status === 'open' ? ballot.ladder.slice(open.rungs, open.rungs + rungsShown) : [];
  return {
    id: ballot.id,
    digest: ballot.digest,
    ...(ballot.purpose && { purpose: ballot.purpose }),
    rule: ballot.rule,
    order: ballot.order,
    seats: ballot.seats.map((seat, index) => {
      const vote = votes.find((candidate) => candidate.person === assigned[seat.id]);
      const teams = teamsOf(counting.seats[index]!);
      const missing = teams.flatMap((team) => ballot.teams[team]?.missing ?? []);
      return {
        team: seat.team,
        ...(teams.length > 1 && { anyOf: teams }),
        mention: [
          ...new Set((ballot.purpose === 'review' ? [seat.team] : teams).flatMap((team) => mentionsOf(ballot, team))),
        ].slice(0, mentionedMost),
        filledBy: vote?.by,
        at: vote?.at,
        ...(vote && sitsInFor(vote, teams)),
        ...(!vote && missing.length > 0 && { missing: [...new Set(missing)].join(' ') }),
      };
    }),
    rejectedBy: rejection && { by: rejection.by, reason: rejection.reason ?? '' },
    approvedBy: votes.filter(({ decision }) => decision === 'approve').map(({ by }) => by),
    expiresAt: instant(open.expiresAt),
    ladder: next.map((rung) => ({
      at: instant(openedAt + rung.afterMs),
      does: rung.does,
      ...('team' in rung && { team: rung.team }),
    })),
    widened: [...new Set(open.widened.map(({ team }) => team))],
    takes,
    oneClick: ballot.oneClick,
    ...(ballot.secondFactor && { secondFactor: ballot.secondFactor }),
  };
}

/** A counted vote as the ledger keeps it. */
export function voteBody(vote: Vote, answer: Counted): { readonly [key: string]: Json } {
  const { ballotId, by, person, decision, at, actionId, sitsInFor: away, secondFactor } = vote;
  return {
    ballot: ballotId,
    by,
    person,
    decision,
    reason: vote.reason ?? null,
    at,
    actionId,
    seat: answer.seat ?? null,
    ...(away && { sitsInFor: { ...away } }),
    ...(secondFactor && { secondFactor: { at: secondFactor.at } }),
  };
}

/** A counted vote as the thread tells it. */
export function voteNotice(vote: Vote, { seat, stillNeeded }: Counted, ballot: Ballot): Notice {
  const { by, decision, reason, sitsInFor: away } = vote;
  if (ballot.purpose === 'override' && decision === 'approve')
    return { kind: 'overridden', by, rule: ballot.rule, reason: reason ?? '' };
  const absent = [...new Set(Object.values(away ?? {}))];
  return {
    kind: 'vote_cast',
    by,
    decision,
    seat,
    reason,
    stillNeeded,
    ...(absent.length > 0 && { sitsInFor: absent }),
  };
}

/** A step of a ladder that was taken, as the ledger keeps it. */
export function rungBody({ id }: Ballot, rung: Rung): { readonly [key: string]: Json } {
  return {
    ballot: id,
    does: rung.does,
    team: 'team' in rung ? rung.team : null,
    ...('seats' in rung && { seats: [...rung.seats] }),
    afterMs: rung.afterMs,
  };
}

/**
 * Who to ping for a team: its groups, else the people whom policy names. `subteam:S…` and `user:U…`, so that a renderer
 * can tell them apart.
 */
export function mentionsOf(ballot: Ballot, team: string): readonly string[] {
  const users = namedMembers(ballot, team, Date.now()).map(({ user }) => user);
  return mentionsFor({ groups: ballot.teams[team]?.groups ?? [], users }).slice(0, mentionedMost);
}

export function mentionsFor({
  groups,
  users,
}: {
  readonly groups: readonly string[];
  readonly users: readonly string[];
}): readonly string[] {
  return [...groups.map((id) => `subteam:${id}`), ...users.map((id) => `user:${id}`)];
}

/** For whom a vote sits in, if it counts for these teams only because of that. */
function sitsInFor({ sitsInFor: away }: Vote, teams: readonly string[]): { readonly sitsInFor?: string } {
  const absent = teams.flatMap((team) => (away && Object.hasOwn(away, team) ? [away[team]!] : []));
  return absent[0] === undefined ? {} : { sitsInFor: absent[0] };
}
