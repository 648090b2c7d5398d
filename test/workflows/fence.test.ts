import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { createRecordActivities } from '../../activities/worker/records';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { openWorld, type World } from '../helpers/operation-world';
import { aJudgement, aRequest } from '../helpers/samples';

let world: World;
let remote: TestRepository;
let ledger: Ledger;
let dataDir: string;

beforeAll(async () => {
  world = await openWorld();
  remote = await makeRepository();
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-fence-'));
  ledger = await openLedger({ url: remote.url, ref: 'ledger', now: () => new Date(), restMs: 0, dataDir });
  const { record } = createRecordActivities({ ledger });
  world.record = async (entries) => void (await record({ entries }));
});

afterAll(async () => {
  await world?.close();
  await remote?.remove();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

async function approved(lane: { service: string; environment: string }) {
  const judgement = aJudgement({ lane, ballots: [] });
  world.judge = () => judgement;
  return world.start(aRequest());
}

test('the fence of the lane goes into the intent, the applied state and every step', async () => {
  const lane = { service: 'fence-1', environment: 'production' };
  const operation = await approved(lane);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });

  const step = world.steps.find(({ key }) => key.startsWith(operation.id));
  expect(step?.fence).toEqual({ epoch: expect.any(Number), number: 1 });
  const records = await ledger.readOperation(operation.id);
  expect(records.filter(({ state }) => state).map(({ event, state }) => [event, state?.kind, state?.fence])).toEqual([
    ['intent', 'started', step?.fence],
    ['outcome', 'succeeded', step?.fence],
  ]);
  expect((await ledger.readState(lane)).fence).toEqual(step?.fence);
});

test('an operation whose lane has passed on begins nothing, says why, and its outcome is kept', async () => {
  const lane = { service: 'fence-2', environment: 'production' };
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const later = { epoch: Date.parse(at), number: 1 };
  const state = { ...lane, kind: 'started', version: 'v9', operation: 'rollback-later', at, fence: later } as const;
  await ledger.append([
    { operationId: 'rollback-later', event: 'intent', index: 0, at, day: at.slice(0, 10), body: {}, state },
  ]);
  const operation = await approved(lane);

  await expect(operation.result()).resolves.toMatchObject({
    kind: 'failed',
    sentence: expect.stringMatching(/was not started.*lane of fence-2 in production.*later operation/),
  });

  expect(world.steps.some(({ key }) => key.startsWith(operation.id))).toBe(false);
  const records = await ledger.readOperation(operation.id);
  expect(records.map(({ event }) => event)).toEqual(['request', 'verdict', 'intent', 'outcome']);
  expect(records.find(({ event }) => event === 'intent')).toMatchObject({ dropped: { change: { kind: 'started' } } });
  expect(records.at(-1)?.body).toMatchObject({ started: false });
  expect(await ledger.readState(lane)).toMatchObject({ changing: { operation: 'rollback-later' }, fence: later });
  expect(await ledger.verify({ keys: [ledger.publicKeyPem] })).toMatchObject({ ok: true });
});
