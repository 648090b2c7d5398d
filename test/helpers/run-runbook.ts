import { parse, stringify } from 'yaml';
import type { BlobStore } from '../../activities/adapters/blob-store';
import { createRunStep } from '../../activities/run-step';
import { packBody } from '../../activities/steps/packed-body';
import type { StepKind } from '../../activities/steps/step-kind';
import type { ToolHost } from '../../activities/steps/toolbox';
import { createRunParts } from '../../activities/worker/run-parts';
import { canonical, digestOf, sha256 } from '../../src/canonical';
import type { AnyConnection, Connection } from '../../src/connections/schema';
import { formatProblem } from '../../src/documents/read-yaml';
import type { Json, JsonObject } from '../../src/json';
import { libraryOf } from '../../src/operation/library-of';
import type { RunResult } from '../../src/operation/outcome';
import type { Plan, PlanOutline, PlanStep, StepResult } from '../../src/operation/plan';
import type { RunStepInput } from '../../src/operation/runner-ports';
import { relay } from '../../src/operation/relay';
import { readRepository, type Repository } from '../../src/policy/read-repository';
import { compilePlan, compileResolve } from '../../src/runbooks/compile';
import type { CompileInput } from '../../src/runbooks/compile-input';
import { outlineOf } from '../../src/runbooks/compile-step';
import { toolFoldersIn, type ToolFolders } from '../../src/runbooks/tool-folders';
import { RUN_ACT, runnerQueue, WORKER_QUEUE, WORKFLOWS } from '../../workflows/contract';
import type { RunAct, RunInput, RunProgress } from '../../workflows/run/state';
import { openWorld, testTimings, type World } from './operation-world';
import { aRequest } from './samples';
import { reportsOf } from './run-reports';

const relayKey = 'a-relay-key-for-tests-of-32-characters';
const barePolicy =
  'version: 1\nchannels: { default: "#deploys", rollback: "#deploys" }\nenvironments: { staging: {} }\n';

/** What one run of a runbook needs besides the engine. */
export interface RunbookAsked {
  /** Files of a policy repository, by path; a bare `policy.yaml` is there without saying so. */
  readonly files: { readonly [path: string]: string };
  readonly runbook: string;
  readonly inputs?: JsonObject;
  /** What is another here than in the files, by the connection's name: its origin, mostly. */
  readonly connections?: { readonly [name: string]: Partial<Connection> | AnyConnection };
  /** How many times faster than written it polls, retries and gives up: waits are arguments. */
  readonly pace?: number;
}

/** A step, or the undo of one, as a runner was asked for it. */
export interface StepSeen {
  readonly path: string;
  readonly mode: RunStepInput['mode'];
  /** What came of it; absent where it failed, was not yet so far, or is under way. */
  readonly result?: StepResult;
}

export interface Ran {
  readonly result: RunResult;
  /** Every attempt of every step, in the order in which they began. */
  readonly steps: readonly StepSeen[];
  /** Outputs of the steps that were done, by path. */
  readonly outputs: { readonly [path: string]: JsonObject };
  /** Summary of each step that was done, by path. */
  readonly summaries: { readonly [path: string]: string };
}

export interface Running {
  readonly id: string;
  readonly steps: readonly StepSeen[];
  /** The latest that the run has reported. */
  phase(): Promise<RunProgress['phase'] | undefined>;
  /** All that the run has reported. */
  reports(): Promise<readonly RunProgress[]>;
  act(act: RunAct): Promise<void>;
  end(): Promise<Ran>;
}

export interface Runbooks {
  /** Notices that were posted, approvals, cards: the neighbours of the engine. */
  readonly world: World;
  run(asked: RunbookAsked): Promise<Ran>;
  start(asked: RunbookAsked): Promise<Running>;
  /** Sentences that refuse the runbook before anything runs; empty when it may run. */
  problems(asked: RunbookAsked): readonly string[];
  close(): Promise<void>;
}

interface RunbooksSpec {
  /** Environment of the runner: where connections look their secrets up. */
  readonly env?: { readonly [name: string]: string };
  /** Runner pools besides `default`. */
  readonly pools?: readonly string[];
  readonly tools?: ToolHost;
  readonly kinds?: readonly StepKind[];
  /** Where plans and other bodies lie; in memory when absent. Runners that are programs of their own need one on disk. */
  readonly blobs?: Pick<BlobStore, 'put' | 'get'>;
}

/** Runs runbooks for real: read and checked as the worker does it, the real workflows, the real steps, on the test run's Temporal. */
export async function openRunbooks(spec: RunbooksSpec = {}): Promise<Runbooks> {
  const blobs = spec.blobs ?? blobsInMemory();
  let repository: Repository;
  const world = await openWorld(undefined, () =>
    createRunParts({
      policy: { current: async () => ({ repository }) as never },
      blobs,
      relayKey,
      now: () => new Date(),
    }),
  );
  const plans = new Map<string, Plan>();
  const seen = new Map<string, StepSeen[]>();
  const runStep = createRunStep({
    readPlan: async (digest) => plans.get(digest)!,
    keepBody: (text) => blobs.put(text),
    readBody: async (digest) => JSON.parse((await blobs.get(digest)).toString('utf8')) as Json,
    now: Date.now,
    env: spec.env ?? {},
    log: { debug: () => undefined, warn: () => undefined },
    ...(spec.tools === undefined ? {} : { tools: spec.tools }),
    ...(spec.kinds === undefined ? {} : { kinds: spec.kinds }),
  });
  world.step = async (input) => {
    const entry: { -readonly [key in keyof StepSeen]: StepSeen[key] } = { path: input.path, mode: input.mode };
    seen.get(plans.get(input.planDigest)!.operation.id)!.push(entry);
    entry.result = await runStep(input);
    return entry.result;
  };
  for (const pool of spec.pools ?? [])
    await world.temporal.worker({
      taskQueue: runnerQueue(pool),
      activities: { runStep: (input: RunStepInput) => world.step(input) },
    });

  const execute = async (id: string, outline: PlanOutline): Promise<Running> => {
    const steps: StepSeen[] = seen.get(id) ?? [];
    seen.set(id, steps);
    const request = relay('request', aRequest({ id, kind: 'runbook' }), relayKey);
    const input: RunInput = { operationId: id, plan: outline, request, late: {}, timings: testTimings };
    const workflowId = `${id}/${outline.digest.slice(0, 8)}`;
    const handle = await world.temporal.client.workflow.start(WORKFLOWS.run, {
      workflowId,
      taskQueue: WORKER_QUEUE,
      args: [input],
    });
    return {
      id,
      steps,
      phase: async () => (await reportsOf(world.temporal, workflowId)).at(-1)?.phase,
      reports: () => reportsOf(world.temporal, workflowId),
      act: (act) => handle.signal(RUN_ACT, act),
      end: async () => ranOf((await handle.result()) as RunResult, steps),
    };
  };

  const start = async (asked: RunbookAsked): Promise<Running> => {
    repository = repositoryOf(asked);
    const folders = await packedFoldersOf(asked, blobs);
    const bare = { ...compileInputOf(repository, asked), folders };
    const { id } = bare.request;
    const known = async ({ plan, outline }: { readonly plan: Plan; readonly outline: PlanOutline }): Promise<void> => {
      plans.set(outline.digest, plan);
      await blobs.put(canonical(plan));
    };
    const resolving = compileResolve(bare);
    let resolve: JsonObject = {};
    if (resolving) {
      const { plan, outline } = pacedOf(resolving, asked.pace);
      await known({ plan, outline });
      const { result, outputs } = await (await execute(id, outline)).end();
      if (result.kind !== 'done') throw new Error(`it did not resolve: ${JSON.stringify(result)}`);
      resolve = Object.fromEntries(plan.steps.map((step) => [step.id, outputs[step.path] ?? {}]));
    }
    const { plan, outline } = pacedOf(compilePlan({ ...bare, resolve }), asked.pace);
    await known({ plan, outline });
    return execute(id, outline);
  };

  return {
    world,
    start,
    run: async (asked) => (await start(asked)).end(),
    problems: (asked) => {
      const compiled = compilePlan({ ...compileInputOf(repositoryOf(asked), asked), resolve: {} });
      return compiled.ok ? [] : compiled.problems;
    },
    close: () => world.close(),
  };
}

function blobsInMemory(): Pick<BlobStore, 'put' | 'get'> {
  const bodies = new Map<string, Buffer>();
  return {
    put: async (given) => {
      bodies.set(sha256(given), Buffer.from(given as Uint8Array));
      return sha256(given);
    },
    get: async (digest) => bodies.get(digest)!,
  };
}

/** Folders of tools as the worker packs them, from the files that the test gives. */
async function packedFoldersOf({ files }: RunbookAsked, blobs: Pick<BlobStore, 'put'>): Promise<ToolFolders> {
  const documents = Object.entries(files).filter(([path]) => /^(?:runbooks|actions)\//.test(path));
  const folders: { [folder: string]: ToolFolders[string] } = {};
  for (const folder of toolFoldersIn(documents.map(([, text]) => parse(text) as unknown))) {
    const inside = Object.entries(files).filter(([path]) => path.startsWith(`${folder}/`));
    const packed = packBody(
      inside.map(([path, text]) => ({
        path: path.slice(folder.length + 1),
        isProgram: false,
        body: Buffer.from(text),
      })),
    );
    const digest = await blobs.put(canonical(packed));
    folders[folder] =
      inside.length === 0
        ? { problem: `The folder ${folder} is not there.` }
        : { tree: digest.slice(0, 40), digest, files: inside.length, bytes: 0 };
  }
  return folders;
}

function repositoryOf({ files, connections = {} }: RunbookAsked): Repository {
  const texts = Object.entries({ 'policy.yaml': barePolicy, ...files }).map(([path, text]) => {
    const name = /^connections\/(.+)\.yaml$/.exec(path)?.[1] ?? '';
    return [path, { text: Object.hasOwn(connections, name) ? changed(text, connections[name]!) : text, blob: path }];
  });
  const read = readRepository({ files: new Map(texts as never), commit: 'c'.repeat(40) });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return read.repository;
}

function changed(text: string, change: Partial<Connection> | AnyConnection): string {
  const { connection } = parse(text) as { connection: object };
  return stringify({ connection: { ...connection, ...change } });
}

function compileInputOf(repository: Repository, asked: RunbookAsked): Omit<CompileInput, 'resolve'> {
  const filed = repository.runbooks.get(asked.runbook);
  if (!filed) throw new Error(`there is no runbook ${asked.runbook}`);
  return {
    request: aRequest({
      id: `runbook-${asked.runbook}-${Math.random().toString(36).slice(2, 10)}`,
      kind: 'runbook',
      service: undefined,
      environment: undefined,
      version: undefined,
      runbook: asked.runbook,
      inputs: asked.inputs ?? {},
    }),
    policyCommit: 'c'.repeat(40),
    service: {},
    environment: {},
    work: { kind: 'runbook', runbook: filed.document },
    library: libraryOf(repository),
    connections: Object.fromEntries([...repository.connections].map(([name, { document }]) => [name, document])),
    metrics: Object.fromEntries(repository.policy.metrics),
    sources: [],
    watchMs: 0,
  };
}

/** The compiled plan with its waits shortened. */
function pacedOf(compiled: ReturnType<typeof compilePlan>, pace = 1): { plan: Plan; outline: PlanOutline } {
  if (!compiled.ok) throw new Error(compiled.problems.join('\n'));
  const faster = (ms: number): number => Math.max(1, Math.round(ms / pace));
  const steps = compiled.plan.steps.map((step): PlanStep => ({
    ...step,
    retry: { ...step.retry, firstMs: faster(step.retry.firstMs) },
    ...(step.until
      ? { until: { ...step.until, everyMs: faster(step.until.everyMs), forMs: faster(step.until.forMs) } }
      : {}),
  }));
  const plan = { ...compiled.plan, steps };
  const outline = { ...compiled.outline, digest: digestOf(plan), steps: steps.map(outlineOf) };
  return { plan, outline };
}

function ranOf(result: RunResult, steps: readonly StepSeen[]): Ran {
  const done = steps.filter(({ mode, result: told }) => told && (mode === 'do' || mode === 'end'));
  return {
    result,
    steps: [...steps],
    outputs: Object.fromEntries(done.map(({ path, result: told }) => [path, told!.outputs])),
    summaries: Object.fromEntries(done.map(({ path, result: told }) => [path, told!.summary])),
  };
}
