import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { canonical } from '../../src/canonical';
import type { WorkerActivities } from '../../src/operation/ports';
import { retentionOf } from '../../src/policy/retention';
import type { Repository } from '../../src/policy/read-repository';
import { metricWatchOf } from '../../src/triggers/metric-watch';
import { SWEEP_ID, WORKER_QUEUE, WORKFLOWS, type OperationTimings, type SweepInput } from '../../workflows/contract';
import type { BlobStore } from '../adapters/blob-store';
import type { PolicySource } from './policy-source';

export interface UpkeepDeps {
  readonly policy: Pick<PolicySource, 'current'>;
  readonly client: Pick<Client, 'workflow'>;
  readonly blobs: Pick<BlobStore, 'put' | 'sweep'>;
  readonly now: () => Date;
}

const hourMs = 3_600_000;

/** Has what policy keeps no longer removed every hour, by whichever worker is there. Made once for all workers. */
export async function armSweep(client: Pick<Client, 'schedule'>, timings: OperationTimings): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: SWEEP_ID,
      spec: { intervals: [{ every: hourMs }], jitter: hourMs / 6 },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: hourMs },
      action: {
        type: 'startWorkflow',
        workflowType: WORKFLOWS.sweep,
        workflowId: SWEEP_ID,
        taskQueue: WORKER_QUEUE,
        args: [{ timings } satisfies SweepInput],
        staticSummary: 'Removes logs and bodies that policy keeps no longer',
      },
      state: { note: 'Kept by Signalbox; how long things are kept stands in policy.yaml under retention.' },
    });
  } catch (error) {
    // It is there, and whoever paused it had a reason.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

/** What removes things from the blob store, and says what else may go. */
export function createUpkeepActivities(deps: UpkeepDeps): Pick<WorkerActivities, 'sweepBlobs'> {
  return {
    async sweepBlobs() {
      const { repository } = await deps.policy.current();
      const now = deps.now().getTime();
      const { logsMs, blobsMs } = retentionOf(repository.policy.file);
      const needed = (await oldestUnderWay(deps.client)) ?? now;
      // Watches never end, so what they look at is kept anew each time.
      for (const watch of watchesIn(repository)) await deps.blobs.put(watch);
      const removed = await deps.blobs.sweep({ before: new Date(Math.min(now - blobsMs, needed)) });
      const logsBefore = new Date(Math.min(now - logsMs, needed)).toISOString();
      return { removed, logsBefore, pools: poolsIn(repository) };
    },
  };
}

/** Before an operation begins it keeps nothing: a little more, for clocks that do not agree. */
const clockMs = 600_000;

/**
 * When the oldest of the operations began that are under way, ms; everything they need was kept, or kept anew, after
 * that. A run may outlive its operation and begin anew, so it counts from when the operation began.
 */
async function oldestUnderWay(client: UpkeepDeps['client']): Promise<number | undefined> {
  const types = [WORKFLOWS.operation, WORKFLOWS.run, WORKFLOWS.runSlice].map((type) => `'${type}'`).join(', ');
  const operations = new Map<string, number>();
  const others = new Set<string>();
  const query = `WorkflowType IN (${types}) AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, type, startTime } of client.workflow.list({ query })) {
    if (type === WORKFLOWS.operation) operations.set(workflowId, startTime.getTime());
    else others.add(workflowId.split('/')[0]!);
  }
  for (const id of others)
    if (!operations.has(id)) {
      const began = await client.workflow
        .getHandle(id)
        .describe()
        .then(({ startTime }) => startTime.getTime())
        // Nobody knows when it began, so nothing is too old.
        .catch(() => 0);
      operations.set(id, began);
    }
  return operations.size === 0 ? undefined : Math.min(...operations.values()) - clockMs;
}

function watchesIn(repository: Repository): readonly string[] {
  return [...repository.runbooks.values()].flatMap(({ document }) => {
    const watch = document.on?.metric ? metricWatchOf(repository, document.name) : undefined;
    return watch ? [canonical(watch)] : [];
  });
}

/** Every pool that a runbook or an action names, and the one of those that name none. */
function poolsIn({ runbooks, actions }: Repository): readonly string[] {
  const pools = new Set(['default']);
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      if (key === 'runs-on' && typeof each === 'string') pools.add(each);
      else collect(each);
    }
  };
  for (const { document } of [...runbooks.values(), ...actions.values()]) collect(document);
  return [...pools].sort();
}
