import type { PayloadCodec } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import type { RunResult } from '../../src/operation/outcome';
import type { RunStepInput } from '../../src/operation/runner-ports';
import { RUN_ACT, runnerQueue, WORKER_QUEUE } from '../../workflows/contract';
import type { RunAct, RunInput } from '../../workflows/run/state';
import { testTimings } from '../helpers/operation-world';
import { aPlan, aRequest, aStep } from '../helpers/samples';
import { startShortHistory } from '../helpers/short-history';
import { eventually, openTemporal, workflowBundle, type TestTemporal } from '../helpers/temporal';

/** So few that a run begins anew after its first step. */
const longHistory = 5;

let server: Awaited<ReturnType<typeof startShortHistory>>;
let temporal: TestTemporal;
let worker: Worker;
let working: Promise<void>;
let steps: RunStepInput[] = [];
/** Called when a run is about to say that its first step is done, which it waits for before it begins anew. */
let whileItDrains: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  server = await startShortHistory(longHistory);
  temporal = await eventually(() => openTemporal(server.address), 30_000);
  const codec: PayloadCodec = {
    encode: async (payloads) => {
      if (payloads.some(({ data }) => saysFirstStepIsDone(data))) await whileItDrains();
      return payloads;
    },
    decode: async (payloads) => payloads,
  };
  worker = await Worker.create({
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue: WORKER_QUEUE,
    workflowBundle: { codePath: await workflowBundle() },
    dataConverter: { payloadCodecs: [codec] },
  });
  working = worker.run();
  await temporal.worker({
    taskQueue: runnerQueue('default'),
    activities: {
      runStep: async (input: RunStepInput) => {
        steps.push(input);
        return { status: 'done', outputs: {}, summary: 'ok' };
      },
    },
  });
}, 60_000);

beforeEach(() => {
  steps = [];
});

afterAll(async () => {
  worker?.shutdown();
  await working;
  await temporal?.close();
  await server?.stop();
});

function saysFirstStepIsDone(data: Uint8Array | null | undefined): boolean {
  const text = Buffer.from(data ?? []).toString();
  return text.includes('"phase":"work"') && text.includes('{"state":"done"');
}

const threeSteps = aPlan([aStep('first'), aStep('second'), aStep('watch', { phase: 'watch', hasUndo: false })]);

/** A run to which `act` comes while it waits for the report of its first step to arrive. */
async function toldWhileItDrains(act?: RunAct, plan = threeSteps) {
  const workflowId = `run-${Math.random().toString(36).slice(2)}`;
  whileItDrains = async () => {
    whileItDrains = async () => undefined;
    if (act) await temporal.client.workflow.getHandle(workflowId).signal(RUN_ACT, act);
  };
  const request = { body: aRequest(), signature: '' };
  const input: RunInput = { operationId: 'nobody', plan, request, late: {}, timings: testTimings };
  const handle = await temporal.client.workflow.start('run', {
    workflowId,
    taskQueue: WORKER_QUEUE,
    args: [input],
  });
  const first = temporal.client.workflow.getHandle(workflowId, handle.firstExecutionRunId, { followRuns: false });
  const result: RunResult = await handle.result();
  const done = steps.map(({ mode, path }) => `${mode} ${path}`);
  return { result, done, beganAnew: (await first.describe()).status.name === 'CONTINUED_AS_NEW' };
}

test('a run whose history grows long begins anew and goes on where it was', async () => {
  const { result, done, beganAnew } = await toldWhileItDrains();

  expect(result).toEqual({ kind: 'done', watch: 'ended' });
  expect(done).toEqual(['do first', 'do second', 'do watch']);
  expect(beganAnew).toBe(true);
});

test('an abort that comes while a run is about to begin anew is not lost', async () => {
  const { result, done } = await toldWhileItDrains({ kind: 'abort', by: 'U0LEE', reason: 'wrong day' });

  expect(result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE', undoneSteps: 1 });
  expect(done).toEqual(['do first', 'undo first']);
});

test('a rollback that takes over while a run is about to begin anew is not lost', async () => {
  const { result, done } = await toldWhileItDrains({ kind: 'taken_over', by: 'rollback-1' });

  expect(result).toMatchObject({ kind: 'left', because: 'taken_over', by: 'rollback-1' });
  expect(done).toEqual(['do first']);
});

test('the end of a watch that is said while a run is about to begin anew goes with it', async () => {
  const { result, done, beganAnew } = await toldWhileItDrains({ kind: 'finish_watch', because: 'superseded' });

  expect(result).toEqual({ kind: 'done', watch: 'superseded' });
  expect(done).toEqual(['do first', 'do second']);
  expect(beganAnew).toBe(true);
});

test('an abort that comes while the last step is reported undoes it', async () => {
  const { result, done } = await toldWhileItDrains({ kind: 'abort', by: 'U0LEE' }, aPlan([aStep('only')]));

  expect(result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE', undoneSteps: 1 });
  expect(done).toEqual(['do only', 'undo only']);
});
