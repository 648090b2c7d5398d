import { createWatchMetric } from '../../activities/watch-metric';
import type { MetricWatch } from '../../src/triggers/metric-watch';
import { statusOf } from '../../bot/looks';
import {
  metricWatchId,
  runnerQueue,
  SEARCH_ATTRIBUTES,
  WORKER_QUEUE,
  type MetricWatchInput,
  type WatchOrder,
} from '../../workflows/contract';
import { testTimings } from '../helpers/operation-world';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';
import { Endpoint, json } from '../steps/endpoint';
import type { Worker } from '@temporalio/worker';

jest.setTimeout(180_000);

let at: TriggerWorld;
let worker: Worker;
const prometheus = new Endpoint();
/** Ends the step that is under way. */
let free = (): void => undefined;

const vector = (values: { readonly [instance: string]: string }) =>
  json(200, {
    status: 'success',
    data: {
      resultType: 'vector',
      result: Object.entries(values).map(([instance, value]) => ({ metric: { instance }, value: [1, value] })),
    },
  });

const runbook = (rule: string): { readonly [path: string]: string } => ({
  'runbooks/scale-out.yaml': `name: scale-out
on:
  metric: { ${rule}, key: event.labels.instance, cooldown: 2s, owner: platform, inputs: { environment: staging, host: '\${{ event.labels.instance }}' } }
inputs:
  environment: { type: environment }
  host: { type: string, pattern: '[a-z][a-z0-9-]*' }
steps:
  - { uses: expect, with: { that: 'true' } }
`,
});
const watched = (is = '">90%"') => runbook(`metric: cpu, is: ${is}, for: 2s, every: 1s, runs-on: eyes`);

const startRunner = async (): Promise<Worker> =>
  at.world.temporal.worker({
    taskQueue: runnerQueue('eyes'),
    activities: {
      watchMetric: createWatchMetric({
        readWatch: async (digest) => JSON.parse((await at.blobs.get(digest)).toString('utf8')) as MetricWatch,
        now: () => Date.now(),
        secrets: { env: { PROMETHEUS_TOKEN: 'token-of-the-metrics' }, folder: '/run/secrets' },
      }),
    },
  });

beforeAll(async () => {
  await prometheus.start();
  prometheus.reply = vector({ 'web-1': '0.1' });
  at = await openTriggerWorld({
    'policy.yaml': `version: 1
channels: { default: "#deploys", policy: "#policy" }
teams: { platform: { users: [U0LEE] } }
environments: { staging: { machines: [metric] } }
metrics: { cpu: { connection: prometheus, query: 'max by (instance) (cpu)', unit: ratio } }
`,
    'connections/prometheus.yaml': `connection:
  name: prometheus
  kind: prometheus
  origin: ${prometheus.origin}
  auth: { bearer: { env: PROMETHEUS_TOKEN } }
`,
    ...watched(),
  });
  worker = await startRunner();
});
afterAll(async () => {
  await at?.close();
  await prometheus.stop();
});

function hold(): void {
  const held = new Promise<void>((resolve) => (free = resolve));
  at.world.step = async () => {
    await held;
    return { status: 'done', outputs: {}, summary: 'ok' };
  };
}

const views = (host: string) =>
  at.world.cards.flatMap((each) => (each.card === 'operation' && each.view.inputs?.host === host ? [each.view] : []));
const operationsFor = (host: string): readonly string[] => [...new Set(views(host).map(({ id }) => id))];
const untilState = (host: string, state: string) =>
  at.until(`${host} ${state}`, () => (views(host).some((view) => view.state === state) ? true : undefined));
const inThreads = (): readonly string[] =>
  at.world.notices.flatMap(({ to, notice }) => (to.kind === 'thread' && notice.kind === 'plain' ? [notice.text] : []));
const said = (words: string): readonly string[] => at.said('#policy').filter((text) => text.includes(words));
const handle = () => at.world.temporal.client.workflow.getHandle(metricWatchId('scale-out'));
/** What the watch was started with. */
const orders = async (): Promise<WatchOrder | undefined> => {
  const history = await handle().fetchHistory();
  const payload = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return (JSON.parse(Buffer.from(payload!).toString('utf8')) as MetricWatchInput).order;
};
const looks = (count: number) => {
  const before = prometheus.seen.length;
  return at.until(`${count} more looks`, () => (prometheus.seen.length >= before + count ? true : undefined));
};
const stateOf = async (): Promise<unknown> =>
  (await handle().describe()).searchAttributes[SEARCH_ATTRIBUTES.state.name]?.[0];

test('a threshold that is held starts its runbook once, and what lasts joins it, over a restart of the worker', async () => {
  hold();
  prometheus.reply = vector({ 'web-1': '0.95', 'web-2': '0.2' });
  await untilState('web-1', 'running');
  expect(prometheus.seen[0]!.headers.authorization).toBe('Bearer token-of-the-metrics');
  expect(views('web-1')[0]).toMatchObject({
    requester: { kind: 'machine', id: 'metric', via: 'metric' },
    reason: 'Started by cpu >90% for 2s (web-1), which is at 95%; platform answers for it.',
  });
  await at.world.restartWorker();
  await looks(5);
  expect(inThreads()).toEqual([]);
  prometheus.reply = vector({ 'web-1': '0.3', 'web-2': '0.2' });
  await looks(2);
  prometheus.reply = vector({ 'web-1': '0.96', 'web-2': '0.2' });
  await at.until('a word in the thread', () => inThreads().find((text) => text.includes('while this is under way')));
  await looks(4);
  expect(inThreads().filter((text) => text.includes('while this is under way'))).toHaveLength(1);
  expect(operationsFor('web-1')).toHaveLength(1);
  prometheus.reply = vector({ 'web-1': '0.2', 'web-2': '0.2' });
  free();
  await untilState('web-1', 'succeeded');
  expect(operationsFor('web-2')).toEqual([]);
});

test('watching costs next to no history however long it lasts', async () => {
  const before = (await handle().describe()).historyLength;
  await looks(6);
  expect((await handle().describe()).historyLength).toBe(before);
});

test('what is held again after the cooldown starts the runbook again', async () => {
  at.world.step = async () => ({ status: 'done', outputs: {}, summary: 'ok' });
  prometheus.reply = vector({ 'web-1': '0.97' });
  await at.until('a second operation', () => (operationsFor('web-1').length === 2 ? true : undefined));
  prometheus.reply = vector({ 'web-1': '0.1' });
});

test('a metric that is missing, is no number or cannot be reached starts nothing, says once that the watch is blind, shows in the status, and says once that it sees again', async () => {
  const before = operationsFor('web-1');
  const status = () => statusOf({ temporal: at.world.temporal.client, waits: { look: 5_000 } } as never);
  prometheus.reply = vector({});
  const blind = await at.until('the word that it is blind', () => said('is blind')[0]);
  expect(blind).toBe(
    'The watch of cpu >90% for 2s for the runbook scale-out is blind and starts nothing until it sees again. The query gives no data. platform answers for it.',
  );
  prometheus.reply = vector({ 'web-1': 'NaN' });
  await looks(4);
  prometheus.reply = json(503, { error: 'overloaded' });
  await looks(4);
  expect(said('is blind')).toHaveLength(1);
  const line = await at.until('the line of the status', async () => (await status()).blind?.[0]);
  expect(line).toBe('The watch of the runbook scale-out is blind and starts nothing. The query gives no data.');
  prometheus.reply = vector({ 'web-1': '0.1' });
  await at.until('the word that it sees', () => said('scale-out sees again.')[0]);
  await at.until('a status without it', async () => ((await status()).blind === undefined ? true : undefined));
  expect(operationsFor('web-1')).toEqual(before);
});

test('a pool without a runner is blind, too, and sees again with the next runner', async () => {
  worker.shutdown();
  const found = await at.until('the word about the runner', () => said('No runner of the pool eyes')[0]);
  expect(found).toContain('is blind');
  expect(await stateOf()).toBe('blind');
  worker = await startRunner();
  await at.until('the word that it sees', () => (said('scale-out sees again.').length === 2 ? true : undefined));
});

test('a policy commit changes what is watched, and takes the watch away', async () => {
  const { runId } = await handle().describe();
  prometheus.reply = vector({ 'web-3': '0.6' });
  await looks(4);
  expect(operationsFor('web-3')).toEqual([]);
  await at.remote.commit(watched('">50%"'));
  await at.until('the operation', () => (operationsFor('web-3').length > 0 ? true : undefined));
  expect((await handle().describe()).runId).toBe(runId);

  await at.remote.commit({ 'runbooks/scale-out.yaml': watched()['runbooks/scale-out.yaml']!.replace(/\non:\n.*/, '') });
  await at.until('the end of the watch', async () =>
    (await handle().describe()).status.name === 'COMPLETED' ? true : undefined,
  );
  const count = prometheus.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(prometheus.seen.length).toBe(count);
});

test('only the watch of a runbook gets a signature for it, and only for what the policy in force has watched', async () => {
  await at.remote.commit(watched());
  await at.until('the watch', async () => ((await handle().describe()).status.name === 'RUNNING' ? true : undefined));
  const now = new Date().toISOString();
  const breach = { labels: { instance: 'web-9' }, value: 1, since: now, at: now };
  const order = { runbook: 'scale-out', what: 'x', pool: 'forged', everyMs: 1_000, owner: 'platform' };
  // Somebody with a runner of their own answers what they like.
  await at.world.temporal.worker({
    taskQueue: runnerQueue('forged'),
    activities: {
      watchMetric: async () => ({
        memory: { held: [], lookedMs: 0, unseen: 0, isBlind: false },
        news: [{ kind: 'fires', breach }],
      }),
    },
  });
  const start = (workflowId: string, watch: string) =>
    at.world.temporal.client.workflow.start('metricWatch', {
      workflowId,
      taskQueue: WORKER_QUEUE,
      args: [{ timings: testTimings, order: { ...order, watch } }],
    });
  const digest = (await orders())!.watch;
  const others = [await start('watch-of-somebody', digest), await start(metricWatchId('scale-in'), 'another')];
  await looks(3);
  for (const other of others) await other.terminate('seen enough');
  expect(operationsFor('web-9')).toEqual([]);
});
