import { z } from 'zod';
import type { Ballot, VoteBody, VoteRefusal } from '../../src/approvals/ballot';
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
  decision: z.enum(['approve', 'reject']),
  reason: z.string().max(5_000).optional(),
  actionId: id,
  at: id,
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
    freshness: { freshMs: Math.min(freshestMs, asked.maxAgeMs), fallbackMs: asked.maxAgeMs },
  });
}

/** Why this is no decision on this ballot that came through the bot, if so. */
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
  return vote.body.ballotDigest === ballot.digest ? undefined : 'other_digest';
}

/** Who a person is for a ballot: one of those who never count, or a member of these of its teams. */
export async function checkVoter(
  directory: Directory,
  asked: { readonly by: string; readonly ballot: Ballot; readonly freshness: Freshness },
): Promise<VoterCheck> {
  const { by, ballot } = asked;
  const person = personOf(ballot, by);
  const excluded = ballot.excluded.find((account) => account.id === by || personOf(ballot, account.id) === person);
  if (excluded) return { kind: 'refused', code: excluded.because };
  const status = await directory.person(by, asked.freshness);
  if (status.kind === 'refused') return status;
  return await teamsOf(directory, { ...asked, person });
}

async function teamsOf(
  directory: Directory,
  asked: { readonly by: string; readonly person: string; readonly ballot: Ballot; readonly freshness: Freshness },
): Promise<VoterCheck> {
  const { by, person, ballot } = asked;
  const names = teamsAsked(ballot);
  const groups = new Set(names.flatMap((name) => ballot.teams[name]?.groups ?? []));
  const members = new Set<string>();
  const troubles: string[] = [];
  for (const group of groups) {
    const membership = await directory.group(group, asked.freshness);
    if (membership.kind === 'failed') return { kind: 'refused', code: 'lookup_failed', detail: membership.why };
    if (membership.kind === 'nobody') troubles.push(membership.why);
    else if (membership.users.has(by) || membership.users.has(person)) members.add(group);
  }
  const teams = teamsOfVoter(ballot, { by, person, groups: members });
  if (teams.length > 0) return { kind: 'ok', person, teams };
  return { kind: 'refused', code: 'not_in_team', ...(troubles.length > 0 && { detail: troubles.join('; ') }) };
}

function teamsAsked({ seats }: Ballot): readonly string[] {
  return [...new Set(seats.map((seat) => seat.team))];
}

/** The teams of the ballot in which somebody sits who is in these user groups. */
export function teamsOfVoter(
  ballot: Ballot,
  { by, person, groups }: { readonly by: string; readonly person: string; readonly groups: ReadonlySet<string> },
): readonly string[] {
  return teamsAsked(ballot).filter((name) => {
    const team = ballot.teams[name];
    if (!team) return false;
    return team.users.includes(by) || team.users.includes(person) || team.groups.some((group) => groups.has(group));
  });
}

/** One person may have several accounts; policy's `people.yaml` says which are one. */
export function personOf(ballot: Ballot, account: string): string {
  return Object.hasOwn(ballot.persons, account) ? ballot.persons[account]! : account;
}
