import { createRunStep } from '../../activities/run-step';
import type { ToolHost } from '../../activities/steps/toolbox';
import { createRecordActivities } from '../../activities/worker/records';
import { createRunParts } from '../../activities/worker/run-parts';
import type { Json, JsonObject } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import { openWorld, type Operation, type World } from './operation-world';
import { aRequest } from './samples';
import { openPolicyParts, relayKey } from './policy-parts';

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
  const parts = await openPolicyParts(spec.files);
  const { policy, ledger, blobs, read } = parts;
  const now = (): Date => new Date();
  // The first reading of a whole policy takes its time; nobody should have to wait for it under a time limit.
  await policy.current();
  const world = await openWorld(undefined, () => ({
    ...parts.decisions(),
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
      await parts.close();
    },
  };
}
