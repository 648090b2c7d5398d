import type { Ballot } from '../approvals/ballot';
import { lastingMembers } from '../approvals/members';
import { digestOf } from '../canonical';
import type { Judgement } from './judgement';
import type { Plan } from './plan';

/** Hashes by which a newer look tells whether what people vote on is still the same. */
export function decisionDigests(
  plan: Plan,
  ballots: readonly Ballot[],
): Pick<Extract<Judgement, { kind: 'allowed' }>, 'decisionDigest' | 'workDigest'> {
  const work = workOfPlan(plan);
  return { decisionDigest: digestOf({ work, ballots: ballots.map(seatsOf) }), workDigest: digestOf(work) };
}

/** What would run, without the commit it comes from: a newer commit that changes nothing here must not void votes. */
function workOfPlan({
  policyCommit: _commit,
  sources: _sources,
  ...work
}: Plan): Omit<Plan, 'policyCommit' | 'sources'> {
  return work;
}

/** Who has to approve it. */
function seatsOf({ rule, seats, teams: all, order, excluded, ladder }: Ballot): Partial<Ballot> {
  const teams = Object.fromEntries(Object.entries(all).map(([team, members]) => [team, lastingMembers(members)]));
  return { rule, seats, teams, order, excluded, ladder };
}
