import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { register } from 'prom-client';
import { withHeartbeats } from '../../activities/heartbeat';
import { createDecisionActivities } from '../../activities/worker/decisions';
import { heldBack, heldBackMs } from '../../activities/worker/held-back';
import { createHoldActivities } from '../../activities/worker/holds';
import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import { createKnownVoterActivities } from '../../activities/worker/known-voters';
import { createLaneActivities } from '../../activities/worker/lanes';
import { openReviews } from '../../activities/worker/open-reviews';
import { createPolicyWatch } from '../../activities/worker/policy-watch';
import { createRunParts } from '../../activities/worker/run-parts';
import { createRecordActivities } from '../../activities/worker/records';
import { createResourceActivities } from '../../activities/worker/resources';
import { createTriggerActivities } from '../../activities/worker/triggers';
import { createFolderPacker } from '../../activities/worker/tool-folders';
import { armSweep, createUpkeepActivities } from '../../activities/worker/upkeep';
import { addPolicyGauges } from '../../bot/metrics';
import {
  holdActMaxAgeMs,
  POLICY_WATCH_ID,
  WORKER_QUEUE,
  WORKFLOWS,
  type OperationTimings,
} from '../../workflows/contract';
import { Refusal } from '../errors';
import { healthOf } from './holding';
import { needs } from './needs';
import type { Start } from './process';
import { openBlobs, openCode, openLedgerOf, openPolicy } from './stores';
import { registerSearchAttributes, temporalClient, workerConnection } from './temporal';
import { runWorker } from './run-worker';
import { readTimings } from './timings';

export const workerNeeds = needs.worker;

/** Built by `npm run build`; a worker never bundles at start. */
const bundlePath = join(__dirname, '../../workflow-bundle.js');

/** Workflows and light activities: policy, plans, records, lanes. */
export const startWorker: Start = async ({ config, log }) => {
  if (!existsSync(bundlePath))
    throw new Refusal('setting_invalid', `The workflow bundle ${bundlePath} is missing; run "npm run build" first.`);
  const ledger = await openLedgerOf(config, 'worker', log);
  const policy = await openPolicy(config, { purpose: 'worker', ledger });
  const blobs = await openBlobs(config, log);
  const code = openCode(config, 'worker');
  await policy.source.refresh();
  addPolicyGauges(register, () => healthOf(policy.source.known()));
  const connection = await workerConnection(config, (sentence) => log.warn(sentence));
  const client = temporalClient(config);
  await registerSearchAttributes(client, config.TEMPORAL_NAMESPACE);
  const worker = await Worker.create({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: WORKER_QUEUE,
    workflowBundle: { codePath: bundlePath },
    activities: withHeartbeats(activitiesOf({ config, log, client, ledger, policy, code, blobs })),
    shutdownGraceTime: '20 seconds',
    shutdownForceTime: '30 seconds',
  });
  await watchPolicy(client, readTimings(config.TIMINGS));
  await armSweep(client, readTimings(config.TIMINGS));
  return runWorker({
    worker,
    log,
    onStopped: async () => {
      await policy.stop();
      code.close();
      await ledger.close();
      await connection.close();
      await client.connection.close();
    },
  });
};

type Opened = Parameters<Start>[0] & {
  readonly client: Client;
  readonly ledger: Awaited<ReturnType<typeof openLedgerOf>>;
  readonly policy: Awaited<ReturnType<typeof openPolicy>>;
  readonly code: ReturnType<typeof openCode>;
  readonly blobs: Awaited<ReturnType<typeof openBlobs>>;
};

function activitiesOf({ config, log, client, ledger, policy, code, blobs }: Opened) {
  const relayKey = config.RELAY_KEY;
  const timings = readTimings(config.TIMINGS);
  const now = (): Date => new Date();
  return {
    ...createDecisionActivities({
      policy: policy.source,
      ledger,
      declared: createInfrastructureSource({ mirror: policy.repository, ref: config.POLICY_REF }),
      code,
      blobs,
      folders: createFolderPacker({ mirror: policy.repository, blobs }),
      heldBack: (about) => heldBack({ client, waitMs: heldBackMs }, about),
      openReviews: (accounts) => openReviews({ client, waitMs: heldBackMs }, accounts),
      relayKey,
      workflowTypeOf: async (workflowId) => (await client.workflow.getHandle(workflowId).describe()).type,
      timings,
      onShadow: ({ operation, findings }) => {
        for (const { rule, message } of findings) log.info({ operation, rule, shadow: true }, message);
      },
      now,
    }),
    ...createKnownVoterActivities({ relayKey, now }),
    ...createHoldActivities({
      policy: policy.source,
      relayKey,
      maxAgeMs: holdActMaxAgeMs,
      now,
    }),
    ...createRunParts({ policy: policy.source, blobs, relayKey: config.RELAY_KEY, now: () => new Date() }),
    ...createRecordActivities({ ledger }),
    ...createResourceActivities({ policy: policy.source, ledger, blobs, relayKey, maxAgeMs: holdActMaxAgeMs, now }),
    ...createLaneActivities({ client }),
    ...createUpkeepActivities({ policy: policy.source, client, ledger, blobs, now }),
    ...createTriggerActivities({
      policy: policy.source,
      client,
      keepBody: (text) => blobs.put(text),
      code,
      policyUrl: config.POLICY_REPO,
      relayKey,
      timings,
      now,
    }),
    ...createPolicyWatch({
      policy: policy.source,
      pollMs: config.POLICY_POLL_MS,
      patienceMs: config.POLICY_POLL_MS * 20,
      client,
      ledger,
      relayKey,
      timings,
      now,
    }),
  };
}

/** One watch for all workers, whoever comes first. */
async function watchPolicy(client: Client, timings: OperationTimings): Promise<void> {
  await client.workflow.start(WORKFLOWS.policyWatch, {
    workflowId: POLICY_WATCH_ID,
    taskQueue: WORKER_QUEUE,
    args: [{ timings }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'Tells people which policy commit is in force and why a newer one is not',
  });
}
