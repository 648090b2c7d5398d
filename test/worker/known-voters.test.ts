import { createKnownVoterActivities } from '../../activities/worker/known-voters';
import type { Ballot, VoteBody } from '../../src/approvals/ballot';
import type { KnownPerson } from '../../src/operation/asker';
import { relay } from '../../src/operation/relay';
import { aBallot } from '../helpers/samples';

const relayKey = 'a-relay-key-for-tests-of-32-characters';
const now = Date.parse('2026-11-21T09:00:00Z');
const { checkKnownVoter } = createKnownVoterActivities({ relayKey, now: () => new Date(now) });

interface Asked {
  readonly by?: string;
  readonly body?: Partial<VoteBody>;
  readonly known?: Partial<KnownPerson>;
  readonly ballot?: Partial<Ballot>;
  readonly maxAgeMs?: number;
  readonly voteKey?: string;
  readonly knownKey?: string;
}

function check({ by = 'U0SAM', body, known, ballot, maxAgeMs = 60_000, ...keys }: Asked = {}) {
  const vote: VoteBody = {
    format: 1,
    operationId: 'o1',
    ballotId: 'b1',
    ballotDigest: 'd1',
    by,
    decision: 'approve',
    actionId: '1.1',
    at: '2026-11-21T09:00:00Z',
    ...body,
  };
  const person: KnownPerson = { format: 1, user: by, groups: ['S0SECURITY'], at: at(10_000), ...known };
  return checkKnownVoter({
    vote: relay('vote', vote, keys.voteKey ?? relayKey),
    known: relay('person', person, keys.knownKey ?? relayKey),
    ballot: aBallot(ballot),
    maxAgeMs,
  });
}

const at = (agoMs: number): string => new Date(now - agoMs).toISOString();

it.each<[string, Asked, string[]]>([
  ['a member of a user group', {}, ['security_team']],
  ['somebody listed by id', { by: 'U0LEE', known: { groups: [] } }, ['team_lead']],
  ['somebody in two teams', { by: 'U0LEE' }, ['security_team', 'team_lead']],
])('counts %s', async (_who, asked, teams) => {
  await expect(check(asked)).resolves.toEqual({ kind: 'ok', person: asked.by ?? 'U0SAM', teams });
});

it('counts with a fresh second factor, where the ballot asks for one', async () => {
  const ballot = { secondFactor: true } as const;
  const body = { secondFactor: { at: '2026-11-21T08:59:00Z' } };
  await expect(check({ ballot, body })).resolves.toMatchObject({ kind: 'ok' });
});

it.each<[string, Asked]>([
  ['a vote that lacks the second factor', { ballot: { secondFactor: true } }],
  [
    'a vote with an old second factor',
    { ballot: { secondFactor: true }, body: { secondFactor: { at: '2026-11-21T08:50:00Z' } } },
  ],
  ['a stranger to the teams', { known: { groups: ['S0OTHER'] } }],
  ['whoever asked', { by: 'U0ANA' }],
  ['a second account of whoever asked', { ballot: { persons: { U0SAM: 'U0ANA' } } }],
  ['a person of whom whoever asked is a second account', { ballot: { persons: { U0ANA: 'U0SAM' } } }],
  ['a second account of anybody', { ballot: { persons: { U0SAM: 'U0SAMUEL' } } }],
  [
    'somebody who sits in for a person who is away',
    { ballot: { delegations: [{ of: 'U0LEE', to: 'U0SAM', from: now - 1, until: now + 1 }] } },
  ],
  ['a look-up that is a minute old', { known: { at: at(60_001) } }],
  ['a look-up that is older than this ballot takes', { known: { at: at(10_000) }, maxAgeMs: 5_000 }],
  ['a look-up of somebody else', { known: { user: 'U0KIM' } }],
  ['a vote signed by another key', { voteKey: 'x'.repeat(32) }],
  ['a look-up signed by another key', { knownKey: 'x'.repeat(32) }],
  ['another ballot', { body: { ballotId: 'b2' } }],
  ['what another ballot showed', { body: { ballotDigest: 'd2' } }],
])('leaves to Slack %s', async (_what, asked) => {
  await expect(check(asked)).resolves.toEqual({ kind: 'ask' });
});
