import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import { heldBack } from '../../activities/worker/held-back';
import type { HoldAct, Holds } from '../../src/holds/holds';
import type { ActAnswer, ActBody, SlackActivities, WorkerActivities } from '../../src/operation/ports';
import {
  ACT_UPDATE,
  HOLDS_ID,
  SLACK_QUEUE,
  VIEW_QUERY,
  WORKER_QUEUE,
  WORKFLOWS,
  type HoldsInput,
} from '../../workflows/contract';
import { testTimings } from '../helpers/operation-world';
import { startShortHistory } from '../helpers/short-history';
import { eventually, openTemporal, type TestTemporal } from '../helpers/temporal';

/** So few events that the holds begin anew after a handful of acts. */
const longHistory = 40;
const place = { service: 'web', environment: 'production' };

let server: Awaited<ReturnType<typeof startShortHistory>>;
let temporal: TestTemporal;
const keys: string[] = [];
const indices: number[] = [];

beforeAll(async () => {
  server = await startShortHistory(longHistory);
  temporal = await eventually(() => openTemporal(server.address), 30_000);
  await temporal.worker({ taskQueue: SLACK_QUEUE, activities: slack });
}, 60_000);

afterAll(async () => {
  await temporal?.close();
  await server?.stop();
});

const slack: Partial<SlackActivities> = {
  whoIs: async () => ({ standing: 'member', groups: [] }),
  notify: async ({ key }) => {
    keys.push(key);
    return {};
  },
};

const activities: Partial<WorkerActivities> = {
  judgeHold: async ({ act: { body } }) => ({
    kind: 'granted',
    as: 'leads',
    policyCommit: 'c0ffee',
    grant: {
      who: { by: body.by, person: body.by },
      scope: 'own',
      others: 'nobody',
      channel: '#prod',
      forMs: 3_600_000,
    },
  }),
  record: async ({ entries }) => {
    indices.push(...entries.map(({ index }) => index));
    return { commit: 'abc' };
  },
  stirOperations: async () => undefined,
};

const worker = (): Promise<Worker> => temporal.worker({ taskQueue: WORKER_QUEUE, workflows: true, activities });

async function act(what: HoldAct, by: string, actionId: string): Promise<ActAnswer> {
  const input: HoldsInput = { timings: testTimings, lingerMs: 60_000, stirAgainMs: 10 };
  const body: ActBody = { format: 1, workflowId: HOLDS_ID, act: what, by, actionId, at: new Date().toISOString() };
  return temporal.client.workflow.executeUpdateWithStart<never, ActAnswer, [unknown]>(ACT_UPDATE, {
    args: [{ body, signature: 'x' }],
    startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOWS.holds, {
      workflowId: HOLDS_ID,
      taskQueue: WORKER_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
    }) as never,
  });
}

const held = () => heldBack({ client: temporal.client, waitMs: 5_000 }, {});
const handle = () => temporal.client.workflow.getHandle(HOLDS_ID);

test('what is held is read without a worker, and outlives one', async () => {
  const first = await worker();
  await act({ kind: 'lock', ...place, reason: 'a migration', change: 'v3' }, 'U0ANA', 'a1');
  first.shutdown();
  await eventually(() => expect(first.getState()).toBe('STOPPED'));

  expect((await held()).locks).toMatchObject([{ ...place, by: 'U0ANA', reason: 'a migration', change: 'v3' }]);

  await worker();
  await expect(act({ kind: 'lock', ...place, reason: 'next' }, 'U0LEE', 'a2')).resolves.toMatchObject({
    sentence: expect.stringContaining('number 1 in the queue'),
  });
}, 60_000);

test('a history that grows long begins anew and forgets nothing, and what is held can be read all the while', async () => {
  const { runId } = await handle().describe();
  for (let index = 0; index < 12; index += 1) {
    const reason = `round ${index}`;
    await act({ kind: 'freeze', environment: 'production', reason }, 'U0ANA', `f${index}`);
    expect((await held()).freezes).toMatchObject([{ reason }]);
  }
  await eventually(async () => expect((await handle().describe()).runId).not.toBe(runId), 20_000);

  expect((await held()).locks).toHaveLength(1);
  await expect(act({ kind: 'stop', reason: 'again' }, 'U0ANA', 'f0')).resolves.toMatchObject({
    sentence: 'That was taken on already.',
  });
  expect(await handle().query<Holds>(VIEW_QUERY)).toMatchObject({
    locks: [{ holder: { by: 'U0ANA' }, queue: [{ by: 'U0LEE' }] }],
    freezes: [{ reason: 'round 11' }],
  });
  await eventually(() => expect(indices).toEqual(indices.map((_, index) => index)));
  expect(new Set(keys).size).toBe(keys.length);
}, 60_000);
