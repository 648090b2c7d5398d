import { askerIn } from '../../src/operation/known-person';
import { awayFor, personIn } from '../../src/approvals/members';
import type { WorkerActivities } from '../../src/operation/ports';
import { objectionToVote, teamsOfVoter } from '../slack/check-vote';

/**
 * Counts a voter on what the bot freshly knew. It only ever says yes: whatever is missing, stale, of a second account
 * or a refusal is asked of Slack, which gives the reason too.
 */
export function createKnownVoterActivities(deps: {
  readonly relayKey: string;
  readonly now: () => Date;
}): Pick<WorkerActivities, 'checkKnownVoter'> {
  const { relayKey, now } = deps;
  return {
    async checkKnownVoter({ vote, known, ballot, maxAgeMs }) {
      if (objectionToVote({ vote, ballot, relayKey })) return { kind: 'ask' };
      const { by } = vote.body;
      const member = askerIn(known, { user: by, relayKey, now: now(), maxAgeMs });
      const person = personIn(ballot, by);
      const isPlain = person === by && !ballot.excluded.some(({ id }) => id === by || personIn(ballot, id) === person);
      const at = now().getTime();
      // Whoever sits in for somebody is in more teams than their own groups tell.
      if (awayFor(ballot, by, at).length > 0) return { kind: 'ask' };
      if (!member || member.groups === 'unknown' || !isPlain) return { kind: 'ask' };
      const { teams } = teamsOfVoter(ballot, { by, person, at, groups: new Set(member.groups) });
      return teams.length > 0 ? { kind: 'ok', person, teams } : { kind: 'ask' };
    },
  };
}
