import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createRunStep } from '../../activities/run-step';
import { bodiesInMemory } from '../helpers/bodies';
import type { Plan } from '../../src/operation/plan';
import type { RunResult } from '../../src/operation/outcome';
import { compileStep, outlineOf } from '../../src/runbooks/compile-step';
import { stepSchema } from '../../src/runbooks/schema';
import { defaultTimings, runnerQueue, WORKFLOWS } from '../../workflows/contract';
import { Endpoint, inTurn, json } from './endpoint';

/** The real interpreter, the real server, a real API: what an attempt leaves has to reach the next one. */
describe('steps on Temporal', () => {
  const api = new Endpoint();
  const pool = `test-${randomUUID()}`;
  const undoPool = `test-${randomUUID()}`;
  const queue = `test-${randomUUID()}`;
  let plan: Plan;
  let client: Client;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    await api.start();
    const address = process.env.TEST_TEMPORAL_ADDRESS!;
    const [connection, native] = await Promise.all([
      Connection.connect({ address }),
      NativeConnection.connect({ address }),
    ]);
    client = new Client({ connection });
    const runStep = createRunStep({
      readPlan: async () => plan,
      ...bodiesInMemory(),
      now: Date.now,
      env: {},
      log: { debug: () => undefined, warn: () => undefined },
    });
    const workers = await Promise.all([
      Worker.create({ connection: native, taskQueue: queue, workflowsPath: require.resolve('../../workflows/run') }),
      Worker.create({ connection: native, taskQueue: runnerQueue(pool), activities: { runStep } }),
      Worker.create({ connection: native, taskQueue: runnerQueue(undoPool), activities: { runStep } }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    stop = async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await Promise.all([connection.close(), native.close()]);
    };
  });
  beforeEach(() => api.reset());
  afterAll(async () => {
    await stop();
    await api.stop();
  });

  async function run(...written: object[]): Promise<RunResult> {
    const steps = written.map((step, index) =>
      compileStep(stepSchema.parse({ ...step, 'runs-on': pool }), index, { prefix: '', scope: 'main', phase: 'work' }),
    );
    plan = {
      format: 1,
      operation: { id: 'o', kind: 'runbook', requester: 'U0ANA' },
      policyCommit: 'c',
      sources: [],
      connections: { api: { name: 'api', kind: 'http', origin: api.origin } },
      metrics: {},
      scopes: { main: { inputs: {} } },
      service: {},
      environment: {},
      resolve: {},
      steps,
    };
    const outline = { format: 1, digest: 'd', steps: steps.map(outlineOf), irreversible: [] };
    return client.workflow.execute(WORKFLOWS.run, {
      taskQueue: queue,
      workflowId: randomUUID(),
      args: [{ operationId: `nobody-${randomUUID()}`, plan: outline, late: {}, timings: defaultTimings }],
    }) as Promise<RunResult>;
  }

  const put = { uses: 'http/request', with: { connection: 'api', method: 'PUT', path: '/x' } };
  const quick = { attempts: 3, first: '20ms', backoff: 1 };

  it('are tried exactly as often as they say', async () => {
    api.reply = json(500, {});
    const result = await run({ ...put, id: 'put', retry: quick });
    expect(result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('tried 3 times') });
    expect(api.seen).toHaveLength(3);
  });

  it('poll until their condition holds, as one activity', async () => {
    api.reply = inTurn(json(200, { ok: false }), json(500, {}), json(200, { ok: false }), json(200, { ok: true }));
    const get = { uses: 'http/request', with: { connection: 'api', path: '/x' } };
    const result = await run({ ...get, id: 'ready', until: 'response.body.ok', every: '50ms', for: '20s' });
    expect(result).toMatchObject({ kind: 'done' });
    expect(api.seen).toHaveLength(4);
  });

  it('wait, and undo what was done when a later one fails', async () => {
    const undo = { uses: 'http/request', with: { connection: 'api', method: 'DELETE', path: '/x' } };
    const result = await run(
      { ...put, id: 'put', undo },
      { id: 'rest', uses: 'wait', with: { for: '200ms' } },
      { id: 'no', uses: 'fail', with: { message: 'It is not good enough.' } },
    );
    expect(result).toMatchObject({ kind: 'undone', reason: 'It is not good enough.', undoneSteps: 1 });
    expect(api.seen.map((seen) => seen.method)).toEqual(['PUT', 'DELETE']);
  });

  it('are undone on the pool of their undo, which is tried again where they are not', async () => {
    const undo = {
      uses: 'http/request',
      with: { connection: 'api', method: 'DELETE', path: '/x' },
      'runs-on': undoPool,
    };
    let times = 0;
    api.reply = (seen, response) => {
      const isFirst = seen.method === 'DELETE' && times++ === 0;
      json(seen.method === 'POST' || isFirst ? 503 : 200, {})(seen, response);
    };
    const result = await run({ ...put, with: { ...put.with, method: 'POST' }, id: 'post', undo });
    expect(result).toMatchObject({ kind: 'undone', undoneSteps: 1 });
    expect(api.seen.map((seen) => seen.method)).toEqual(['POST', 'DELETE', 'DELETE']);
  });

  it('fail in plain words when they poll for too long', async () => {
    api.reply = json(200, { ok: false });
    const get = { uses: 'http/request', with: { connection: 'api', path: '/x' } };
    const result = await run({ ...get, id: 'ready', until: 'response.body.ok', every: '50ms', for: '300ms' });
    expect(result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('waited 300ms') });
  });
});
