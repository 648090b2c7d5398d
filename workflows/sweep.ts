import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { WorkerActivities } from '../src/operation/ports';
import type { RunnerActivities } from '../src/operation/runner-ports';
import { runnerQueue, WORKER_QUEUE, type OperationTimings, type SweepInput, type SweepResult } from './contract';

/**
 * Removes what policy keeps no longer: bodies in the blob store, and logs where each runner pool keeps them. Started by
 * its schedule; one that could not do everything leaves it to the next.
 */
export async function sweep({ timings }: SweepInput): Promise<SweepResult> {
  const worker = proxyActivities<Pick<WorkerActivities, 'sweepBlobs'>>({
    taskQueue: WORKER_QUEUE,
    startToCloseTimeout: '30 minutes',
    scheduleToCloseTimeout: '50 minutes',
    heartbeatTimeout: timings.heartbeatMs,
    retry: { initialInterval: '10 seconds', maximumInterval: '5 minutes' },
  });
  const { removed, logsBefore, pools } = await worker.sweepBlobs();
  const unreached: string[] = [];
  const swept = await Promise.all(
    pools.map(async (pool) => {
      try {
        return await sweeping(pool, timings).sweepLogs({ before: logsBefore });
      } catch (error) {
        if (isCancellation(error)) throw error;
        unreached.push(pool);
        return 0;
      }
    }),
  );
  return { blobs: removed, logs: swept.reduce((sum, count) => sum + count, 0), unreached };
}

/** A pool without a runner has no logs to speak of, and is not waited for. */
const sweeping = (pool: string, timings: OperationTimings): Pick<RunnerActivities, 'sweepLogs'> =>
  proxyActivities<Pick<RunnerActivities, 'sweepLogs'>>({
    taskQueue: runnerQueue(pool),
    startToCloseTimeout: '30 minutes',
    scheduleToStartTimeout: '2 minutes',
    heartbeatTimeout: timings.heartbeatMs,
    retry: { initialInterval: '10 seconds', maximumAttempts: 3 },
  });
