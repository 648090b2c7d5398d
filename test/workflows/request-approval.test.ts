import type { ApprovalAsk, ApprovalResult } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { VoteAnswer, VoteBody } from '../../src/approvals/ballot';
import { VOTE_UPDATE, WORKER_QUEUE } from '../../workflows/contract';
import { eventually } from '../helpers/temporal';
import { aBallot, openWorld, type World } from '../helpers/operation-world';

const key = 'a-relay-key-for-tests-of-32-characters';
let world: World;

beforeAll(async () => {
  world = await openWorld();
  world.judgeApproval = ({ ask }) =>
    ask.from.includes('nobody')
      ? { kind: 'denied', reason: 'Policy has no team called nobody.' }
      : {
          kind: 'allowed',
          policyCommit: 'c0ffee',
          channel: '#deploys',
          digest: 'd0',
          ballots: [aBallot({ seats: [{ id: 'team_lead#1', team: 'team_lead' }], excluded: [] })],
        };
});

afterAll(() => world?.close());

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
