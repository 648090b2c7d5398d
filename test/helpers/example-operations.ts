import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore } from '../../activities/adapters/blob-store';
import { openLedger } from '../../activities/adapters/ledger';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import { createRunStep } from '../../activities/run-step';
import type { ToolHost } from '../../activities/steps/toolbox';
import { createDecisionActivities } from '../../activities/worker/decisions';
import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import { createPolicySource } from '../../activities/worker/policy-source';
import { createRecordActivities } from '../../activities/worker/records';
import { createRunParts } from '../../activities/worker/run-parts';
import { createFolderPacker } from '../../activities/worker/tool-folders';
import type { Json, JsonObject } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import { codeSourceIn } from './code-source';
import { makeRepository } from './git-repository';
import { aRequest, openWorld, testTimings, type Operation, type World } from './operation-world';

const relayKey = 'a-relay-key-for-tests-of-32-characters';

/** Whole operations of a policy: its decisions, approvals, plans, steps, lanes and records are real; Slack is a world's. */
export interface ExampleOperations {
  readonly world: World;
  /** Says what runs already, as `signalbox adopt` does. */
  adopt(what: { readonly service: string; readonly version: string; readonly environment: string }): Promise<void>;
  /** Asks for a runbook, as U0ANA. */
  run(runbook: string, inputs: JsonObject): Promise<Operation>;
  close(): Promise<void>;
}

export async function openExampleOperations(spec: {
  readonly files: { readonly [path: string]: string };
  readonly env: { readonly [name: string]: string };
  readonly tools?: ToolHost;
}): Promise<ExampleOperations> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-operations-'));
  const [remote, ledgerRemote] = [await makeRepository({ files: spec.files }), await makeRepository({ files: {} })];
  const now = (): Date => new Date();
  const ledger = await openLedger({ url: ledgerRemote.url, ref: 'refs/heads/ledger', dataDir: join(folder, 'l'), now });
  const mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: join(folder, 'p'), now: Date.now });
  const policy = createPolicySource({ mirror, freshMs: 0, now: Date.now });
  // The first reading of a whole policy takes its time; nobody should have to wait for it under a time limit.
  await policy.current();
  const blobs = await openBlobStore({ location: join(folder, 'b'), key: 'ab'.repeat(32) });
  const read = async <T>(digest: string): Promise<T> => JSON.parse((await blobs.get(digest)).toString('utf8')) as T;
  const world = await openWorld(undefined, () => ({
    ...createDecisionActivities({
      policy,
      declared: createInfrastructureSource({ mirror, ref: 'main' }),
      ledger,
      code: codeSourceIn(folder),
      blobs,
      folders: createFolderPacker({ mirror, blobs }),
      relayKey,
      openReviews: async () => [],
      heldBack: async () => ({}),
      workflowTypeOf: async () => undefined,
      timings: testTimings,
      now,
    }),
    ...createRecordActivities({ ledger }),
    ...createRunParts({ policy, blobs, relayKey, now }),
  }));
  const { tools } = spec;
  world.step = createRunStep({
    readPlan: (digest) => read<Plan>(digest),
    keepBody: (text) => blobs.put(text),
    readBody: (digest) => read<Json>(digest),
    now: Date.now,
    env: spec.env,
    log: { debug: () => undefined, warn: () => undefined },
    ...(tools === undefined ? {} : { tools }),
  });
  return {
    world,
    async adopt({ service, version, environment }) {
      const at = now().toISOString();
      const operationId = `adopt-${service}-${environment}`;
      const state = { kind: 'succeeded', service, environment, version, operation: operationId, at } as const;
      await ledger.append([
        { operationId, event: 'adopted', index: 0, at, day: at.slice(0, 10), body: { version }, state },
      ]);
    },
    run: (runbook, inputs) =>
      world.start(
        aRequest({
          id: `runbook-${runbook}-${Math.random().toString(36).slice(2, 10)}`,
          kind: 'runbook',
          service: undefined,
          environment: undefined,
          version: undefined,
          runbook,
          inputs,
          asked: { text: `/runbook run ${runbook}`, channel: 'C0DEPLOYS', deliveryId: String(Math.random()) },
        }),
        {},
      ),
    async close() {
      await world.close();
      await mirror.close();
      await ledger.close();
      await remote.remove();
      await ledgerRemote.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
