import type { BlobStore } from '../../activities/adapters/blob-store';
import type { Ledger } from '../../activities/adapters/ledger';
import { createRunStep } from '../../activities/run-step';
import { createPolicyWatch } from '../../activities/worker/policy-watch';
import { createRecordActivities } from '../../activities/worker/records';
import { createResourceActivities } from '../../activities/worker/resources';
import { createTriggerActivities } from '../../activities/worker/triggers';
import { POLICY_WATCH_ID, WORKER_QUEUE } from '../../workflows/contract';
import type { Json } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import type { RunnerActivities } from '../../src/operation/runner-ports';
import type { TestRepository } from './git-repository';
import { openWorld, testTimings, type World } from './operation-world';
import { openPolicyParts, relayKey } from './policy-parts';

/** A world whose policy, decisions and ledger are real, with the workflow that watches the policy. */
export interface TriggerWorld {
  readonly world: World;
  readonly remote: TestRepository;
  readonly blobs: BlobStore;
  readonly ledger: Ledger;
  /** Carries steps out for real, by the plans that the decisions have kept. */
  readonly runStep: RunnerActivities['runStep'];
  /** What was said in a channel, oldest first. */
  said(channel: string): readonly string[];
  /** Tries until there is something to give, two minutes at most. */
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T>;
  close(): Promise<void>;
}

/** `env`: of the runner, where connections look their secrets up. */
export async function openTriggerWorld(
  files: { readonly [path: string]: string },
  env: { readonly [name: string]: string } = {},
): Promise<TriggerWorld> {
  const parts = await openPolicyParts(files);
  const { remote, ledger, policy, blobs, read } = parts;
  const now = (): Date => new Date();
  const world = await openWorld(undefined, (client) => ({
    ...parts.decisions({
      workflowTypeOf: async (workflowId) => (await client.workflow.getHandle(workflowId).describe()).type,
    }),
    ...createRecordActivities({ ledger }),
    ...createTriggerActivities({
      policy,
      client,
      keepBody: (text) => blobs.put(text),
      code: parts.code,
      policyUrl: remote.url,
      relayKey,
      timings: testTimings,
      now,
    }),
    ...createResourceActivities({ policy, ledger, blobs, relayKey, maxAgeMs: 600_000, now }),
    ...createPolicyWatch({
      policy,
      pollMs: 200,
      patienceMs: 60_000,
      client,
      ledger,
      relayKey,
      timings: testTimings,
      now,
    }),
  }));
  await world.temporal.client.workflow.start('policyWatch', {
    workflowId: POLICY_WATCH_ID,
    taskQueue: WORKER_QUEUE,
    args: [{ timings: testTimings }],
  });
  const said = (channel: string): readonly string[] =>
    world.notices.flatMap(({ to, notice }) =>
      notice.kind === 'plain' && to.kind === 'channel' && to.channel === channel ? [notice.text] : [],
    );
  return {
    world,
    remote,
    blobs,
    ledger,
    runStep: createRunStep({
      readPlan: (digest) => read<Plan>(digest),
      keepBody: (text) => blobs.put(text),
      readBody: (digest) => read<Json>(digest),
      now: Date.now,
      env,
      log: { debug: () => undefined, warn: () => undefined },
    }),
    said,
    async until(what, look) {
      for (const deadline = Date.now() + 120_000; ;) {
        const found = await look();
        if (found !== undefined) return found;
        if (Date.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(said('#policy'))}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async close() {
      await world.close();
      await parts.close();
    },
  };
}
