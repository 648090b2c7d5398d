import { judgeAsk } from '../../src/approvals/judge-ask';
import type { ApprovalAsk } from '../../src/approvals/ask';
import { loadPolicy, type Policy } from '../../src/policy/policy';

const base = `
version: 1
channels: { default: "#deploys" }
teams:
  team_lead: { users: [U0LEE, U0KIM] }
  security_team: { slack_group: S0SECURITY }
environments:
  production: { branch: main, path: configs/production, channel: "#deploys-prod" }
approvals: []
`;

function policyOf(more = ''): Policy {
  const loaded = loadPolicy({ files: new Map([['policy.yaml', { text: base + more, blob: 'b' }]]), commit: 'c0ffee' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.policy;
}

const judge = (ask: Partial<ApprovalAsk>, more = 'approval_callers: [client]\n', type?: string) =>
  judgeAsk({
    ask: { title: 'Delete the bucket', about: 'It is empty.', from: ['team_lead'], ...ask },
    caller: { workflowId: 'w1', parentWorkflowId: 'p1', type },
    policy: policyOf(more),
    now: new Date('2026-11-02T10:00:00Z'),
  });

test('teams and counts become seats, the environment gives the channel, the asker never fills a seat', () => {
  const judged = judge({
    from: [{ team: 'team_lead', count: 2 }, 'security_team'],
    environment: 'production',
    requester: 'U0KIM',
  });

  expect(judged).toMatchObject({ kind: 'allowed', channel: '#deploys-prod', policyCommit: 'c0ffee' });
  if (judged.kind !== 'allowed') return;
  expect(judged.ballots[0]?.seats.map(({ id }) => id)).toEqual(['team_lead#1', 'team_lead#2', 'security_team#1']);
  expect(judged.ballots[0]?.excluded).toEqual([{ id: 'U0KIM', because: 'requester' }]);
});

test.each`
  what                                  | ask                        | words
  ${'a team that policy does not have'} | ${{ from: ['nobody'] }}    | ${'no team called nobody'}
  ${'no team at all'}                   | ${{ from: [] }}            | ${'at least one team'}
  ${'an unknown environment'}           | ${{ environment: 'mars' }} | ${'no environment called mars'}
  ${'a time limit that is no duration'} | ${{ timeout: 'soon' }}     | ${'not a duration'}
`('$what is denied in words', ({ ask, words }) => {
  expect(judge(ask as Partial<ApprovalAsk>)).toMatchObject({
    kind: 'denied',
    reason: expect.stringContaining(words as string),
  });
});

test('where policy lists callers, only those may ask', () => {
  const listed = 'approval_callers: [cleanup]\n';

  expect(judge({}, listed, 'cleanup').kind).toBe('allowed');
  expect(judge({}, listed, 'other')).toMatchObject({
    kind: 'denied',
    reason: expect.stringContaining('approval_callers'),
  });
  expect(judge({}, listed, undefined).kind).toBe('denied');
  expect(judge({}, '').kind).toBe('denied');
});

test('another question is another digest', () => {
  const digests = [judge({}), judge({ about: 'It is full.' })].map(
    (judged) => judged.kind === 'allowed' && judged.ballots[0]?.digest,
  );

  expect(new Set(digests).size).toBe(2);
});

test.each`
  timeout      | reminders
  ${undefined} | ${[60, 240]}
  ${'2h'}      | ${[60]}
  ${'30m'}     | ${[15]}
`('with $timeout to decide, people are reminded after $reminders minutes', ({ timeout, reminders }) => {
  const judged = judge({ timeout });

  expect(judged).toMatchObject({
    ballots: [{ ladder: reminders.map((minutes: number) => ({ afterMs: minutes * 60_000, does: 'remind' })) }],
  });
});
