import type { ApprovalAsk, ApprovalJudgement, ApprovalResult } from '../../src/approvals/ask';
import { relay } from '../../src/operation/relay';
import type { OperationTimings } from '../../src/operation/timings';
import type { Ballot, VoteAnswer, VoteBody } from '../../src/approvals/ballot';
import { VOTE_UPDATE, WORKER_QUEUE } from '../../workflows/contract';
import { eventually } from '../helpers/temporal';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { aBallot } from '../helpers/samples';

const key = 'a-relay-key-for-tests-of-32-characters';
let world: World;
let timings: OperationTimings = testTimings;
let ballot: Partial<Ballot> = {};

beforeAll(async () => {
  world = await openWorld();
  world.judgeApproval = ({ ask }) => ({ judgement: judged(ask), timings });
});

afterAll(() => world?.close());

beforeEach(() => {
  timings = testTimings;
  ballot = {};
});

const judged = ({ from }: ApprovalAsk): ApprovalJudgement =>
  from.includes('nobody')
    ? { kind: 'denied', reason: 'Policy has no team called nobody.' }
    : {
        kind: 'allowed',
        policyCommit: 'c0ffee',
        channel: '#deploys',
        digest: 'd0',
        ballots: [aBallot({ seats: [{ id: 'team_lead#1', team: 'team_lead' }], excluded: [], ...ballot })],
      };

async function ask(overrides: Partial<ApprovalAsk> = {}) {
  const workflowId = `approval-${Math.random().toString(36).slice(2)}`;
  const args: [ApprovalAsk] = [
    { title: 'Delete the old bucket', about: 'It is empty.', from: ['team_lead'], ...overrides },
  ];
  const handle = await world.temporal.client.workflow.start('requestApproval', {
    workflowId,
    taskQueue: WORKER_QUEUE,
    args,
  });
  const vote = (by: string, decision: 'approve' | 'reject' = 'approve') => {
    const body: VoteBody = {
      format: 1,
      operationId: workflowId,
      ballotId: 'b1',
      ballotDigest: 'd1',
      by,
      decision,
      reason: decision === 'reject' ? 'keep it' : undefined,
      actionId: '1.1',
      at: new Date().toISOString(),
    };
    return eventually(() =>
      handle.executeUpdate<VoteAnswer, [unknown]>(VOTE_UPDATE, { args: [relay('vote', body, key)] }),
    );
  };
  return { handle, vote, workflowId };
}

test('a workflow in any language gets its approval by plain JSON, with who decided', async () => {
  const { handle, vote, workflowId } = await ask();
  await eventually(() => expect(world.cards.some(({ slot }) => slot.startsWith(workflowId))).toBe(true));
  await vote('U0LEE');

  const result: ApprovalResult = await handle.result();

  expect(result).toMatchObject({
    decision: 'approved',
    votes: [{ by: 'U0LEE' }],
    policyCommit: 'c0ffee',
    digest: 'd0',
  });
  expect(world.records.filter(({ operationId }) => operationId === workflowId).map(({ event }) => event)).toEqual([
    'request',
    'vote',
    'outcome',
  ]);
});

test('a field that the card cuts is in the thread, whole, before anybody is called', async () => {
  const query = 'DELETE FROM orders WHERE '.repeat(60);
  const { handle, vote, workflowId } = await ask({ fields: { query, rows: '12' } });
  await eventually(() => expect(world.cards.some(({ slot }) => slot.startsWith(workflowId))).toBe(true));
  await vote('U0LEE');
  await handle.result();

  const told = world.notices.filter(({ key }) => key.startsWith(workflowId)).map(({ notice }) => notice);
  const [first, second] = told;
  expect(first).toEqual({ kind: 'inputs', pieces: [{ name: 'query', text: query, from: 0, of: query.length }] });
  expect(second).toMatchObject({ kind: 'ballot_opened' });
});

test('a rejection comes back with its reason', async () => {
  const { handle, vote, workflowId } = await ask();
  await eventually(() => expect(world.cards.some(({ slot }) => slot.startsWith(workflowId))).toBe(true));
  await vote('U0KIM', 'reject');

  await expect(handle.result()).resolves.toMatchObject({
    decision: 'rejected',
    votes: [{ by: 'U0KIM', reason: 'keep it' }],
  });
});

test('a team that policy does not have is refused in words', async () => {
  const { handle } = await ask({ from: ['nobody'] });

  await expect(handle.result()).rejects.toMatchObject({ cause: { message: 'Policy has no team called nobody.' } });
});

test('whoever may still decide is reminded, in the thread and by direct message, until it runs out', async () => {
  ballot = {
    ladder: [{ afterMs: 300, does: 'remind' }],
    timeoutMs: 1_500,
    excluded: [{ id: 'U0KIM', because: 'requester' }],
  };
  const { handle, workflowId } = await ask();

  await expect(handle.result()).resolves.toMatchObject({ decision: 'expired', votes: [] });

  const told = world.notices.filter(({ key }) => key.startsWith(workflowId));
  const reminders = told.filter(({ notice }) => notice.kind === 'reminder');
  expect(reminders).toMatchObject([
    { to: { kind: 'person', user: 'U0LEE' }, notice: { operationId: workflowId, ballotId: 'b1', ballotDigest: 'd1' } },
  ]);
  expect(told.filter(({ notice }) => notice.kind === 'ballot_opened')).toHaveLength(2);
});

test('Slack being away holds the decision no longer than one delivery may take in this installation', async () => {
  timings = { ...testTimings, deliveryMs: 300, lastDeliveryMs: 3_600_000 };
  const { deliver } = world;
  world.deliver = () => {
    throw new Error('Slack is away.');
  };
  const { handle, vote, workflowId } = await ask();
  await vote('U0LEE');

  await expect(handle.result()).resolves.toMatchObject({ decision: 'approved' });
  expect(world.cards.some(({ slot }) => slot.startsWith(workflowId))).toBe(false);
  world.deliver = deliver;
});
