import { z } from 'zod';
import type { Ballot, VoteBody, VoteRefusal } from '../../src/approvals/ballot';
import { awayFor, namedMembers, personIn } from '../../src/approvals/members';
import { teamsOf as seatTeams } from '../../src/approvals/seats';
import { lacksSecondFactor } from '../../src/approvals/second-factor';
import { freshPersonMs } from '../../src/operation/known-person';
import type { VoterCheck } from '../../src/operation/ports';
import { isRelayed } from '../../src/operation/relay';
import type { Relayed } from '../../src/operation/request';
import type { Directory, Freshness } from './directory';

/** Answers about people are asked anew after this, however old an answer the caller would still take. */
export const freshestMs = freshPersonMs;

const id = z.string().min(1).max(300);
const voteBody = z.object({
  format: z.literal(1),
  operationId: id,
  ballotId: id,
  ballotDigest: z.string().max(200),
  by: id,
  decision: z.enum(['approve', 'reject', 'withdraw']),
  reason: z.string().max(5_000).optional(),
  actionId: id,
  at: id,
  secondFactor: z.object({ at: id }).optional(),
});

/**
 * Whether this decision came through the bot, and who its voter is for this ballot. Fails closed: whatever cannot be
 * asked is a refusal. `maxAgeMs` is how old a known answer may be when Slack gives none.
 */
export async function checkVote(
  { directory, relayKey }: { readonly directory: Directory; readonly relayKey: string },
  asked: { readonly vote: Relayed<VoteBody>; readonly ballot: Ballot; readonly maxAgeMs: number },
): Promise<VoterCheck> {
  const { vote, ballot } = asked;
  const code = objectionToVote({ vote, ballot, relayKey });
  if (code) return { kind: 'refused', code };
  return await checkVoter(directory, {
    by: vote.body.by,
    ballot,
    at: directory.now(),
    freshness: { freshMs: Math.min(freshestMs, asked.maxAgeMs), fallbackMs: asked.maxAgeMs },
  });
}

/** Why this is no decision on this ballot that came through the bot with all that the ballot asks for, if so. */
export function objectionToVote({
  vote,
  ballot,
  relayKey,
}: {
  readonly vote: Relayed<VoteBody>;
  readonly ballot: Ballot;
  readonly relayKey: string;
}): VoteRefusal | undefined {
  if (!isRelayed('vote', vote, relayKey) || !voteBody.safeParse(vote.body).success) return 'bad_signature';
  if (vote.body.ballotId !== ballot.id) return 'other_ballot';
  if (vote.body.ballotDigest !== ballot.digest) return 'other_digest';
  return lacksSecondFactor(ballot, vote.body) ? 'second_factor' : undefined;
}

interface VoterQuestion {
  readonly by: string;
  readonly ballot: Ballot;
  /** When the vote was given, ms: who is on call and who is away is asked for then. */
  readonly at: number;
  readonly freshness: Freshness;
}

/** Who a person is for a ballot: one of those who never count, or a member of these of its teams. */
export async function checkVoter(directory: Directory, asked: VoterQuestion): Promise<VoterCheck> {
  const { by, ballot } = asked;
  const person = personIn(ballot, by);
  const excluded = ballot.excluded.find((account) => account.id === by || personIn(ballot, account.id) === person);
  if (excluded) return { kind: 'refused', code: excluded.because };
  const status = await directory.person(by, asked.freshness);
  if (status.kind === 'refused') return status;
  return await teamsOf(directory, { ...asked, person });
}

async function teamsOf(directory: Directory, asked: VoterQuestion & { readonly person: string }): Promise<VoterCheck> {
  const { by, person, ballot, at } = asked;
  const away = awayFor(ballot, by, at);
  const groups = new Set(teamsAsked(ballot).flatMap((name) => ballot.teams[name]?.groups ?? []));
  const own = new Set<string>();
  const absent = new Map<string, string>();
  const troubles: string[] = [];
  for (const group of groups) {
    const membership = await directory.group(group, asked.freshness);
    if (membership.kind === 'failed') return { kind: 'refused', code: 'lookup_failed', detail: membership.why };
    if (membership.kind === 'nobody') {
      troubles.push(membership.why);
      continue;
    }
    const { users } = membership;
    if (users.has(by) || users.has(person)) own.add(group);
    const one = away.find((of) => [...users].some((user) => personIn(ballot, user) === of));
    if (one !== undefined) absent.set(group, one);
  }
  const { teams, sitsInFor } = teamsOfVoter(ballot, { by, person, at, groups: own, absent });
  if (teams.length > 0) return { kind: 'ok', person, teams, ...(Object.keys(sitsInFor).length > 0 && { sitsInFor }) };
  const missing = teamsAsked(ballot).flatMap((name) => ballot.teams[name]?.missing ?? []);
  const detail = [...new Set([...troubles, ...missing.map((why) => why.replace(/\.$/, ''))])].join('; ');
  return { kind: 'refused', code: 'not_in_team', ...(detail && { detail }) };
}

function teamsAsked({ seats }: Ballot): readonly string[] {
  return [...new Set(seats.flatMap(seatTeams))];
}

/** The teams of the ballot in which somebody sits, and for whom they sit in where they do so only because of that. */
export function teamsOfVoter(
  ballot: Ballot,
  voter: {
    readonly by: string;
    readonly person: string;
    /** ms */
    readonly at: number;
    /** User groups they are in. */
    readonly groups: ReadonlySet<string>;
    /** User groups in which they sit in for somebody: group -> that person. */
    readonly absent?: ReadonlyMap<string, string>;
  },
): { readonly teams: readonly string[]; readonly sitsInFor: { readonly [team: string]: string } } {
  const { by, person, at, groups, absent } = voter;
  const teams: string[] = [];
  const sitsInFor: Record<string, string> = {};
  for (const name of teamsAsked(ballot)) {
    const named = namedMembers(ballot, name, at).filter(({ user }) => user === by || personIn(ballot, user) === person);
    const itsGroups = ballot.teams[name]?.groups ?? [];
    const isOwn =
      named.some((member) => member.sitsInFor === undefined) || itsGroups.some((group) => groups.has(group));
    const inPlaceOf =
      named[0]?.sitsInFor ?? itsGroups.map((group) => absent?.get(group)).find((of) => of !== undefined);
    if (!isOwn && inPlaceOf === undefined) continue;
    teams.push(name);
    if (!isOwn) sitsInFor[name] = inPlaceOf!;
  }
  return { teams, sitsInFor };
}
