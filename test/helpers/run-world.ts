import { randomUUID } from 'node:crypto';
import { createRunStep } from '../../activities/run-step';
import type { ToolHost } from '../../activities/steps/toolbox';
import { createRunParts } from '../../activities/worker/run-parts';
import { digestOf } from '../../src/canonical';
import type { Json, JsonObject } from '../../src/json';
import type { RunResult } from '../../src/operation/outcome';
import type { Plan } from '../../src/operation/plan';
import type { Policy } from '../../src/policy/policy';
import type { PolicySource } from '../../activities/worker/policy-source';
import { compilePlan } from '../../src/runbooks/compile';
import { actionSchema, runbookSchema, type Action, type Runbook } from '../../src/runbooks/schema';
import { relay } from '../../src/operation/relay';
import { RUN_ACT, runnerQueue, WORKER_QUEUE } from '../../workflows/contract';
import type { RunAct, RunInput, RunProgress } from '../../workflows/run/state';
import { testTimings } from './operation-world';
import { aRequest } from './samples';
import { reportsOf } from './run-reports';
import { openTemporal, type TestTemporal } from './temporal';

const relayKey = 'a-relay-key-for-tests-of-32-characters';

/** A runbook under way. */
export interface RunningRunbook {
  readonly result: Promise<RunResult>;
  tell(act: RunAct): Promise<void>;
  /** The latest that the run has reported of each step, its phase, and the log that says the most. */
  shown(): Promise<Pick<RunProgress, 'steps' | 'log'> & { readonly phase?: RunProgress['phase'] }>;
  /** How many workflows it has started for targets of its lists. */
  slices(): Promise<number>;
}

export interface RunWorld {
  readonly temporal: TestTemporal;
  /** Compiles a runbook as an operation would and runs it with real runners. */
  start(spec: {
    readonly runbook: object;
    readonly actions?: readonly object[];
    readonly runbooks?: readonly object[];
    readonly inputs?: JsonObject;
    readonly id?: string;
  }): Promise<RunningRunbook>;
  close(): Promise<void>;
}

/**
 * Runs of runbooks with everything real but the operation around them: workflows, worker, runner and a service `api`
 * that the test provides.
 */
export async function openRunWorld(about: {
  readonly origin: string;
  readonly address?: string;
  /** Its windows are what steps wait for; without it, none. */
  readonly policy?: Policy;
  /** For steps that run programs. */
  readonly tools?: ToolHost;
}): Promise<RunWorld> {
  const temporal = await openTemporal(about.address);
  const bodies = new Map<string, string>();
  const blobs = {
    put: async (text: string) => {
      const digest = digestOf(text);
      bodies.set(digest, text);
      return digest;
    },
    get: async (digest: string) => Buffer.from(bodies.get(digest) ?? ''),
  };
  const plans = new Map<string, Plan>();
  const policy: Pick<PolicySource, 'current'> = {
    current: async () => {
      if (!about.policy) throw new Error('no policy here');
      return { repository: { policy: about.policy } } as Awaited<ReturnType<PolicySource['current']>>;
    },
  };
  await temporal.worker({
    taskQueue: WORKER_QUEUE,
    workflows: true,
    activities: createRunParts({ policy, blobs, relayKey, now: () => new Date() }),
  });
  await temporal.worker({
    taskQueue: runnerQueue('default'),
    activities: {
      runStep: createRunStep({
        readPlan: async (digest) => plans.get(digest)!,
        keepBody: blobs.put,
        readBody: async (digest) => JSON.parse(bodies.get(digest)!) as Json,
        now: Date.now,
        env: {},
        log: { debug: () => undefined, warn: () => undefined },
        ...(about.tools ? { tools: about.tools } : {}),
      }),
    },
  });
  return {
    temporal,
    async start({ runbook, actions = [], runbooks = [], inputs = {}, id = `run-${randomUUID()}` }) {
      const plan = compiled({ runbook, actions, runbooks, inputs, id, origin: about.origin });
      plans.set(plan.outline.digest, plan.plan);
      const request = relay('request', aRequest({ id, kind: 'runbook' }), relayKey);
      const input: RunInput = { operationId: id, plan: plan.outline, request, late: {}, timings: testTimings };
      const handle = await temporal.client.workflow.start('run', {
        workflowId: `${id}/run`,
        taskQueue: WORKER_QUEUE,
        args: [input],
      });
      return {
        result: handle.result() as Promise<RunResult>,
        tell: (act) => handle.signal(RUN_ACT, act),
        shown: () => shownBy(temporal, `${id}/run`),
        slices: async () => {
          const { events } = await handle.fetchHistory();
          return events!.filter(({ startChildWorkflowExecutionInitiatedEventAttributes: started }) => started).length;
        },
      };
    },
    close: () => temporal.close(),
  };
}

function compiled(spec: {
  readonly runbook: object;
  readonly actions: readonly object[];
  readonly runbooks: readonly object[];
  readonly inputs: JsonObject;
  readonly id: string;
  readonly origin: string;
}) {
  const runbook: Runbook = runbookSchema.parse({ name: 'probe', ...spec.runbook });
  const actions = spec.actions.map((action): Action => actionSchema.parse(action));
  const runbooks = spec.runbooks.map((other): Runbook => runbookSchema.parse(other));
  const made = compilePlan({
    request: aRequest({ id: spec.id, kind: 'runbook', inputs: spec.inputs }),
    policyCommit: 'c'.repeat(40),
    service: {},
    environment: {},
    work: { kind: 'runbook', runbook },
    library: { actions: byName(actions), runbooks: byName(runbooks) },
    resolve: {},
    connections: { api: { name: 'api', kind: 'http', origin: spec.origin } },
    metrics: {},
    sources: [],
    watchMs: 0,
  });
  if (!made.ok) throw new Error(made.problems.join('\n'));
  return made;
}

function byName<T extends { readonly name: string }>(documents: readonly T[]): ReadonlyMap<string, T> {
  return new Map(documents.map((document) => [document.name, document]));
}

async function shownBy(temporal: TestTemporal, workflowId: string): ReturnType<RunningRunbook['shown']> {
  const reports = await reportsOf(temporal, workflowId);
  const steps: { [path: string]: RunProgress['steps'][string] } = {};
  for (const report of reports)
    for (const [path, step] of Object.entries(report.steps)) steps[path] = { ...steps[path], ...step };
  const { phase, log } = reports.at(-1) ?? {};
  return { phase, steps, ...(log ? { log } : {}) };
}
