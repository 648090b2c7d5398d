import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import { createRunStep } from '../../activities/run-step';
import { createDecisionActivities } from '../../activities/worker/decisions';
import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import { createPolicySource } from '../../activities/worker/policy-source';
import { createPolicyWatch } from '../../activities/worker/policy-watch';
import { createRecordActivities } from '../../activities/worker/records';
import { createFolderPacker } from '../../activities/worker/tool-folders';
import { createResourceActivities } from '../../activities/worker/resources';
import { createTriggerActivities } from '../../activities/worker/triggers';
import { POLICY_WATCH_ID, WORKER_QUEUE } from '../../workflows/contract';
import type { Json } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import type { RunnerActivities } from '../../src/operation/runner-ports';
import { codeSourceIn } from './code-source';
import { makeRepository, type TestRepository } from './git-repository';
import { openWorld, testTimings, type World } from './operation-world';

export const relayKey = 'a-relay-key-for-tests-of-32-characters';

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

export async function openTriggerWorld(files: { readonly [path: string]: string }): Promise<TriggerWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-triggers-'));
  const remote = await makeRepository({ files });
  const ledgerRemote = await makeRepository({ files: {} });
  const now = (): Date => new Date();
  const ledger = await openLedger({ url: ledgerRemote.url, ref: 'refs/heads/ledger', dataDir: join(folder, 'l'), now });
  const mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: join(folder, 'p'), now: Date.now });
  const policy = createPolicySource({ mirror, freshMs: 0, now: Date.now });
  const blobs = await openBlobStore({ location: join(folder, 'b'), key: 'ab'.repeat(32) });
  const world = await openWorld(undefined, (client) => ({
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
      workflowTypeOf: async (workflowId) => (await client.workflow.getHandle(workflowId).describe()).type,
      timings: testTimings,
      now,
    }),
    ...createRecordActivities({ ledger }),
    ...createTriggerActivities({
      policy,
      client,
      keepBody: (text) => blobs.put(text),
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
      readPlan: async (digest) => JSON.parse((await blobs.get(digest)).toString('utf8')) as Plan,
      keepBody: (text) => blobs.put(text),
      readBody: async (digest) => JSON.parse((await blobs.get(digest)).toString('utf8')) as Json,
      now: Date.now,
      env: {},
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
      await mirror.close();
      await ledger.close();
      await remote.remove();
      await ledgerRemote.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
