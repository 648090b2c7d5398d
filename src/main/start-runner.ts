import { resolve } from 'node:path';
import { Worker } from '@temporalio/worker';
import { withHeartbeats } from '../../activities/heartbeat';
import { createRunStep } from '../../activities/run-step';
import { secretsFolder } from '../../activities/steps/secrets';
import { createWatchMetric } from '../../activities/watch-metric';
import { runnerQueue } from '../../workflows/contract';
import { secretsEnvironment } from '../config';
import { Refusal } from '../errors';
import type { Json } from '../json';
import type { Plan } from '../operation/plan';
import type { RunnerActivities } from '../operation/runner-ports';
import type { MetricWatch } from '../triggers/metric-watch';
import { acknowledgeOver } from './acknowledge';
import { BodyCache } from './body-cache';
import { needs } from './needs';
import type { Running, Start } from './process';
import { runWorker } from './run-worker';
import { openBlobs, openVaultOf } from './stores';
import { workerConnection } from './temporal';
import { openToolHost } from './tool-host';

export const runnerNeeds = needs.runner;

/** Steps of one or more pools: the only holder of credentials. It has no Slack token, no ledger key and no relay key. */
export const startRunner: Start = async ({ config, log }) => {
  const blobs = await openBlobs(config, log);
  const connection = await workerConnection(config, (sentence) => log.warn(sentence));
  const readBody = async <T>(digest: string, what: string): Promise<T> => {
    const body = await blobs.get(digest).catch((error: unknown) => {
      throw new Refusal(
        'plan_missing',
        `${what.charAt(0).toUpperCase()}${what.slice(1)} (${digest.slice(0, 10)}) is not in the blob store of this runner; whoever runs Signalbox has to give worker and runner the same BLOB_STORE and BLOB_KEY.`,
        { cause: error },
      );
    });
    return JSON.parse(body.toString('utf8')) as T;
  };
  const plans = new BodyCache((digest) => readBody<Json>(digest, 'the plan'));
  const tools = await openToolHost(config, { blobs, log });
  const bodies = new BodyCache(async (digest) => JSON.parse((await blobs.get(digest)).toString('utf8')) as Json);
  const vault = openVaultOf(config);
  const runStep = createRunStep({
    readPlan: async (digest) => (await plans.get(digest)) as unknown as Plan,
    keepBody: (text) => blobs.put(text),
    readBody: (digest) => bodies.get(digest),
    now: () => Date.now(),
    env: secretsEnvironment(),
    vault,
    sopsKeyFile: config.SOPS_KEY_FILE && resolve(config.SOPS_KEY_FILE),
    log,
    acknowledge: acknowledgeOver(connection, config.TEMPORAL_NAMESPACE),
    tools,
  });
  const watchMetric = createWatchMetric({
    readWatch: (digest) => readBody<MetricWatch>(digest, 'what is to be watched'),
    now: () => Date.now(),
    secrets: { env: secretsEnvironment(), folder: secretsFolder, vault },
  });
  const sweepLogs: RunnerActivities['sweepLogs'] = ({ before }) => tools.logs.sweep({ before: new Date(before) });
  const running: Running[] = [];
  for (const pool of config.RUNNER_POOLS) {
    const worker = await Worker.create({
      connection,
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: runnerQueue(pool),
      activities: { runStep, watchMetric, ...withHeartbeats({ sweepLogs }) },
      // A cancelled step learns of it by its heartbeat.
      maxHeartbeatThrottleInterval: '2 seconds',
      shutdownGraceTime: '20 seconds',
      shutdownForceTime: '30 seconds',
    });
    running.push(runWorker({ worker, log: log.child({ pool }), onStopped: async () => undefined }));
  }
  return {
    async stop() {
      await Promise.all(running.map((worker) => worker.stop()));
      await connection.close();
    },
  };
};
