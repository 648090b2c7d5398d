import { mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { openLogFolder } from '../../activities/adapters/log-folder';
import { armSweep, createUpkeepActivities } from '../../activities/worker/upkeep';
import { canonical } from '../../src/canonical';
import type { JsonObject } from '../../src/json';
import { readRepository, type Repository } from '../../src/policy/read-repository';
import type { ResourceChange } from '../../src/resources/resource';
import { metricWatchOf } from '../../src/triggers/metric-watch';
import { runnerQueue, SWEEP_ID, WORKER_QUEUE, type SweepResult } from '../../workflows/contract';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { testTimings } from '../helpers/operation-world';
import { eventually, openTemporal, type TestTemporal } from '../helpers/temporal';

jest.setTimeout(120_000);

const dayMs = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'signalbox-sweep-'));
const logs = openLogFolder({ folder: join(folder, 'logs') });
let blobs: BlobStore;
let remote: TestRepository;
let ledger: Ledger;
let upkeep: ReturnType<typeof createUpkeepActivities>;
let temporal: TestTemporal;
/** What the workers take for now. */
let ahead = 0;
let repository: Repository;
const read = (more: { readonly [path: string]: string } = {}): Repository => {
  const texts = {
    'policy.yaml':
      'version: 1\nchannels: { default: "#deploys" }\nenvironments: { staging: {} }\nretention: { logs: 10d, blobs: 20d }\n',
    ...more,
  };
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, { text, blob: path }]));
  const found = readRepository({ files, commit: 'c0ffee' });
  if (!found.ok) throw new Error(JSON.stringify(found.problems));
  return found.repository;
};

beforeAll(async () => {
  blobs = await openBlobStore({ location: join(folder, 'blobs'), key: 'ab'.repeat(32) });
  remote = await makeRepository();
  ledger = await openLedger({ url: remote.url, ref: 'ledger', dataDir: join(folder, 'data'), now: () => new Date() });
  temporal = await openTemporal();
  upkeep = createUpkeepActivities({
    policy: { current: async () => ({ repository }) as never },
    client: temporal.client,
    ledger,
    blobs,
    now: () => new Date(Date.now() + ahead),
  });
  await temporal.worker({ taskQueue: WORKER_QUEUE, activities: upkeep, workflows: true });
  const sweepLogs = ({ before }: { readonly before: string }) => logs.sweep({ before: new Date(before) });
  await temporal.worker({ taskQueue: runnerQueue('default'), activities: { sweepLogs } });
});
afterAll(async () => {
  await temporal?.close();
  await ledger?.close();
  await remote?.remove();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for await (const { workflowId, type } of temporal.client.workflow.list({ query: "ExecutionStatus = 'Running'" }))
    if (type !== 'sweep') await temporal.client.workflow.getHandle(workflowId).terminate();
  await listed(0);
});
beforeEach(() => {
  ahead = 0;
  repository = read();
});

let sweeps = 0;
const sweep = (): Promise<SweepResult> =>
  temporal.client.workflow.execute('sweep', {
    workflowId: `sweep-${(sweeps += 1)}`,
    taskQueue: WORKER_QUEUE,
    args: [{ timings: testTimings }],
  });

/** A body that was last needed so many days ago. */
async function bodyOf(text: string, days: number): Promise<string> {
  const digest = await blobs.put(text);
  const at = (Date.now() - days * dayMs) / 1_000;
  utimesSync(join(folder, 'blobs', digest.slice(0, 2), digest.slice(2)), at, at);
  return digest;
}

async function logOf(operation: string, days: number): Promise<void> {
  const log = await logs.open({ operation, step: 'one', mode: 'do', attempt: 1 });
  log.write('x\n');
  await log.close();
  const at = (Date.now() - days * dayMs) / 1_000;
  utimesSync(join(folder, 'logs', log.key), at, at);
}

/** A workflow of a type that nobody carries out, so it stays under way until it is terminated. */
const begin = (type: 'operation' | 'run', workflowId: string) =>
  temporal.client.workflow.start(type, { workflowId, taskQueue: 'nobody', args: [] });

/** Lists lag by a moment. */
const listed = (count: number) =>
  eventually(async () => {
    let running = 0;
    for await (const { type } of temporal.client.workflow.list({ query: "ExecutionStatus = 'Running'" }))
      if (type === 'operation' || type === 'run') running += 1;
    if (running !== count) throw new Error(`${running} are under way`);
  });

test('what is older than policy says is removed, each by its own time, and nothing else', async () => {
  const [old, young] = [await bodyOf('old', 21), await bodyOf('young', 19)];
  await logOf('deploy-old', 11);
  await logOf('deploy-young', 9);
  expect(await sweep()).toEqual({ blobs: 1, logs: 1, unreached: [] });
  expect([await blobs.has(old), await blobs.has(young)]).toEqual([false, true]);
  expect([await logs.list('deploy-old'), await logs.list('deploy-young')]).toMatchObject([[], [{ step: 'one' }]]);
});

test('what an operation under way can need stays however long that lasts, and goes when it is over', async () => {
  const before = await bodyOf('of somebody before it', 2);
  const operation = await begin('operation', 'deploy-long-aaaaaaaaaa');
  const plan = await blobs.put('the plan of a long operation');
  await logOf('deploy-long-aaaaaaaaaa', 0);
  await listed(1);
  ahead = 400 * dayMs;
  await sweep();
  expect([await blobs.has(before), await blobs.has(plan)]).toEqual([false, true]);
  expect(await logs.list('deploy-long-aaaaaaaaaa')).toHaveLength(1);
  await operation.terminate();
  await listed(0);
  await sweep();
  expect(await blobs.has(plan)).toBe(false);
  expect(await logs.list('deploy-long-aaaaaaaaaa')).toEqual([]);
});

test('a run that outlives its operation counts from when the operation began', async () => {
  const operation = await begin('operation', 'deploy-orphan-bbbbbbbbbb');
  const plan = await blobs.put('the plan of an operation that was ended by force');
  await operation.terminate();
  await begin('run', 'deploy-orphan-bbbbbbbbbb/run');
  await listed(1);
  ahead = 400 * dayMs;
  await sweep();
  expect(await blobs.has(plan)).toBe(true);
});

test('while nobody knows when something began that is under way, nothing is removed', async () => {
  const old = await bodyOf('older than anything', 500);
  await begin('run', 'deploy-unknown-dddddddddd/run');
  await listed(1);
  ahead = 400 * dayMs;
  expect(await sweep()).toMatchObject({ blobs: 0, logs: 0 });
  expect(await blobs.has(old)).toBe(true);
});

test('what a metric watch looks at stays, because watches never end', async () => {
  repository = read({
    'connections/prometheus.yaml':
      'connection: { name: prometheus, kind: prometheus, origin: https://prometheus.example }\n',
    'policy.yaml':
      'version: 1\nchannels: { default: "#deploys" }\nteams: { sre: { users: [U0LEE] } }\nenvironments: { staging: {} }\nmetrics: { load: { connection: prometheus, query: load, unit: count } }\n',
    'runbooks/scale-out.yaml': `name: scale-out
on: { metric: { metric: load, is: ">90", for: 5m, owner: sre, cooldown: 5m } }
steps: [{ uses: expect, with: { that: 'true' } }]
`,
  });
  const text = canonical(metricWatchOf(repository, 'scale-out')!);
  const digest = await bodyOf(text, 100);
  const other = await bodyOf('no watch', 100);
  await sweep();
  expect([await blobs.has(digest), await blobs.has(other)]).toEqual([true, false]);
});

/** Records what became of a sandbox. */
async function recorded(index: number, name: string, ...changes: readonly Partial<ResourceChange>[]): Promise<void> {
  const [operation, at] = [`provision-${name}`, new Date().toISOString()];
  const resources = changes.map((change) => ({ kind: 'sandbox', name, operation, at, ...change }) as ResourceChange);
  await ledger.append([
    { operationId: operation, event: 'outcome', index, at, day: at.slice(0, 10), body: {}, resources },
  ]);
}

const about = {
  runbook: 'make-sandbox',
  owner: { kind: 'person', id: 'U0ANN' },
  inputs: {},
  data: 'kept',
  destroy: { how: 'undo' },
  teardown: 'c'.repeat(64),
  policyCommit: 'c0ffee',
} as const;
const fileOf = (digest: string): JsonObject => ({ $file: { digest, bytes: 1, name: 'hosts.yaml' } });

test('files that the teardown of something living needs stay, however long it lives, and go when it is gone', async () => {
  const [inventory, large, inLarge, other] = [
    await bodyOf('an inventory', 100),
    await bodyOf(canonical([fileOf(await bodyOf('named in a large output', 100))]), 100),
    await bodyOf('named in a large output', 100),
    await bodyOf('of nobody', 100),
  ];
  const outputs = { hosts: { file: fileOf(inventory), many: { $kept: large } } };
  const undoing = { paths: ['hosts', 'setup'], outputs };
  await recorded(0, 'demo', { change: 'creating', about }, { change: 'made', outputs: {}, undoing });
  await sweep();
  const there = () => Promise.all([inventory, large, inLarge, other].map((digest) => blobs.has(digest)));
  expect(await there()).toEqual([true, true, true, false]);
  await recorded(1, 'demo', { change: 'destroying' }, { change: 'destroyed' });
  ahead = 30 * dayMs;
  await sweep();
  expect(await there()).toEqual([false, false, false, false]);
});

test('while the ledger does not answer nothing is removed, whatever this worker knew of it', async () => {
  const old = await bodyOf('older than anything', 500);
  const away = `${remote.path}-away`;
  await ledger.fetch();
  renameSync(remote.path, away);
  await expect(upkeep.sweepBlobs()).rejects.toThrow();
  renameSync(away, remote.path);
  expect(await blobs.has(old)).toBe(true);
});

test('a pool where nobody answers holds nothing up, and is named', async () => {
  repository = read({
    'runbooks/far.yaml': "name: far\nsteps: [{ uses: expect, runs-on: far-away, with: { that: 'true' } }]\n",
  });
  await logOf('deploy-old', 11);
  await temporal.worker({
    taskQueue: runnerQueue('far-away'),
    activities: { sweepLogs: () => Promise.reject(ApplicationFailure.nonRetryable('no disk')) },
  });
  const { logs: removed, unreached } = await sweep();
  expect([removed, unreached]).toEqual([1, ['far-away']]);
});

test('one schedule of Temporal has it done, however many workers start, and a pause by hand stays', async () => {
  await armSweep(temporal.client, testTimings);
  const handle = temporal.client.schedule.getHandle(SWEEP_ID);
  await handle.pause('we look at something');
  await armSweep(temporal.client, testTimings);
  const { spec, state, policies } = await handle.describe();
  expect([spec.intervals?.[0]?.every, policies.overlap, state.paused]).toEqual([3_600_000, 'SKIP', true]);
  await logOf('deploy-old', 11);
  await handle.trigger();
  await eventually(async () => {
    if ((await logs.list('deploy-old')).length > 0) throw new Error('not yet swept');
  });
  await handle.delete();
});
