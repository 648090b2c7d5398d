import type { Ballot, Vote, VoteRefusal } from '../../src/approvals/ballot';
import { teamsOf } from '../../src/approvals/seats';
import { checkVoter } from './check-vote';
import type { Directory } from './directory';

/** Votes that no longer stand, asked of Slack anew right before the first side effect. */
export async function recheckVoters(
  directory: Directory,
  asked: { readonly ballots: readonly Ballot[]; readonly votes: readonly Vote[] },
): Promise<readonly { readonly by: string; readonly code: VoteRefusal }[]> {
  // What was known before does not count here; within this one question everybody is asked about once.
  directory.forget();
  const fallen = new Map<string, VoteRefusal>();
  for (const vote of asked.votes) {
    if (vote.decision !== 'approve' || fallen.has(vote.by)) continue;
    const ballot = asked.ballots.find((candidate) => candidate.id === vote.ballotId);
    const code = ballot ? await fault(directory, { ballot, vote }) : 'other_ballot';
    if (code) fallen.set(vote.by, code);
  }
  return [...fallen].map(([by, code]) => ({ by, code }));
}

const oneQuestion = { freshMs: 30_000, fallbackMs: 0 };

async function fault(
  directory: Directory,
  { ballot, vote }: { readonly ballot: Ballot; readonly vote: Vote },
): Promise<VoteRefusal | undefined> {
  const check = await checkVoter(directory, { by: vote.by, ballot, at: Date.parse(vote.at), freshness: oneQuestion });
  // Slack being away says nothing about a person: asked again, as long as the operation lets it be asked.
  if (check.kind === 'refused' && check.code === 'lookup_failed')
    throw new Error(`Slack did not say who ${vote.by} is: ${check.detail ?? 'no reason given'}`);
  if (check.kind === 'refused') return check.code;
  // Another person than the one that was counted: the accounts were mapped anew.
  if (check.person !== vote.person) return 'unknown_person';
  // The seat may be that of any team the vote was counted for and that is still asked, so all of them must hold.
  const asked = new Set(ballot.seats.flatMap(teamsOf));
  return vote.teams.every((team) => check.teams.includes(team) || !asked.has(team)) ? undefined : 'not_in_team';
}
