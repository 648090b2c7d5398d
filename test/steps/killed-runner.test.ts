import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { RunResult } from '../../src/operation/outcome';
import type { Plan } from '../../src/operation/plan';
import { compileStep, outlineOf } from '../../src/runbooks/compile-step';
import { stepSchema } from '../../src/runbooks/schema';
import { defaultTimings, runnerQueue, WORKFLOWS } from '../../workflows/contract';

/** A real server and real runner processes that die in the middle of a program with a family. */
const address = process.env.TEST_TEMPORAL_ADDRESS!;
const queue = `test-${randomUUID()}`;
const folder = mkdtempSync(join(tmpdir(), 'signalbox-killed-'));
const runners: ChildProcess[] = [];
let client: Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  client = new Client({ connection });
  const worker = await Worker.create({
    connection: native,
    taskQueue: queue,
    workflowsPath: require.resolve('../../workflows/run'),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await Promise.all([connection.close(), native.close()]);
  };
});
afterAll(async () => {
  for (const runner of runners) runner.kill('SIGKILL');
  await stop();
});

/**
 * The first time it is run, a family of three writes its own mark every few milliseconds and never ends; the second
 * time it ends by itself. None of them heeds SIGTERM.
 */
const family = (file: string): string => `
  const { spawn } = require('node:child_process');
  const fs = require('node:fs');
  process.on('SIGTERM', () => undefined);
  const file = ${JSON.stringify(file)};
  const depth = Number(process.env.DEPTH ?? 0);
  const mark = process.env.MARK ?? (fs.existsSync(file) ? 'B' : 'A');
  fs.appendFileSync(file, mark);
  if (depth < 2) spawn(process.execPath, ['-e', process.env.SOURCE ?? process.execArgv[1]], {
    stdio: 'ignore', detached: true,
    env: { ...process.env, DEPTH: String(depth + 1), MARK: mark, SOURCE: process.env.SOURCE ?? process.execArgv[1] },
  }).unref();
  setInterval(() => fs.appendFileSync(file, mark), 5);
  if (mark === 'B') setTimeout(() => process.exit(0), 1500);`;

function startRunner(pool: string, plan: Plan, file: string): ChildProcess {
  const hook = join(__dirname, '../helpers/typescript-hook.cjs');
  const given = JSON.stringify({ address, queue: runnerQueue(pool), plan, source: family(file) });
  const runner = spawn(process.execPath, ['-r', hook, join(__dirname, 'runner-process.ts'), given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  runners.push(runner);
  return runner;
}

test.each([
  ['is killed', 'SIGKILL'],
  // The guard's connection to it stays open, so only the lease can tell.
  ['stands still', 'SIGSTOP'],
] as const)('when a runner %s, a new attempt begins only after nothing of the old one is left', async (_, signal) => {
  const pool = `test-${randomUUID()}`;
  const file = join(folder, signal);
  const written = { id: 'make', uses: 'program', with: { program: 'family' }, repeat: 'safe', 'runs-on': pool };
  const step = compileStep(stepSchema.parse(written), 0, { prefix: '', scope: 'main', phase: 'work' });
  const plan = {
    format: 1,
    operation: { id: `o-${pool}`, kind: 'runbook', requester: 'U0ANA' },
    policyCommit: 'c',
    sources: [],
    connections: {},
    metrics: {},
    scopes: { main: { inputs: {} } },
    service: {},
    environment: {},
    resolve: {},
    steps: [step],
  } as unknown as Plan;
  const first = startRunner(pool, plan, file);
  const timings = { ...defaultTimings, heartbeatMs: 4_000 };
  const outline = { format: 1 as const, digest: 'd', steps: [outlineOf(step)], irreversible: [] };
  const running = client.workflow.execute(WORKFLOWS.run, {
    taskQueue: queue,
    workflowId: randomUUID(),
    args: [{ operationId: `nobody-${randomUUID()}`, plan: outline, late: {}, timings }],
  }) as Promise<RunResult>;
  const seen = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  while (seen().length < 20) await pause(20);
  first.kill(signal);
  if (signal === 'SIGSTOP') {
    let before = -1;
    while (before !== seen().length) {
      before = seen().length;
      await pause(1_000);
    }
    // Its polls at the server would swallow new attempts as long as it stands.
    first.kill('SIGKILL');
  }
  startRunner(pool, plan, file);
  expect(await running).toMatchObject({ kind: 'done' });
  expect(seen()).toMatch(/^A+B+$/);
});
