import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { canonical } from '../../src/canonical';
import type { Json } from '../../src/json';
import type { WorkerActivities } from '../../src/operation/ports';
import { retentionOf } from '../../src/policy/retention';
import type { Repository } from '../../src/policy/read-repository';
import { isThere } from '../../src/resources/resource';
import { metricWatchOf } from '../../src/triggers/metric-watch';
import { SWEEP_ID, WORKER_QUEUE, WORKFLOWS, type OperationTimings, type SweepInput } from '../../workflows/contract';
import type { BlobStore } from '../adapters/blob-store';
import type { Ledger } from '../adapters/ledger';
import type { PolicySource } from './policy-source';

export interface UpkeepDeps {
  readonly policy: Pick<PolicySource, 'current'>;
  readonly client: Pick<Client, 'workflow'>;
  readonly ledger: Pick<Ledger, 'fetch' | 'resources'>;
  readonly blobs: Pick<BlobStore, 'put' | 'get' | 'has' | 'sweep'>;
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
      // First of all: an operation that ends meanwhile has recorded what it made before the ledger is asked.
      const needed = (await oldestUnderWay(deps.client)) ?? now;
      await keepForResources(deps);
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

/**
 * Keeps anew what the ledger says of things that are there: their teardown may come after years, and needs the files
 * that their making left. Throws when the ledger does not answer, so that nothing is removed.
 */
async function keepForResources({ ledger, blobs }: Pick<UpkeepDeps, 'ledger' | 'blobs'>): Promise<void> {
  await ledger.fetch();
  const looked = new Set<string>();
  const keep = async (value: unknown, name = ''): Promise<void> => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) await keep(each, key);
      return;
    }
    // Not all that looks like an address is one, and what is none is not there.
    if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value) || looked.has(value)) return;
    looked.add(value);
    if (!(await blobs.has(value)) || name !== '$kept') return;
    // An output that is too large for a record may name files, too. Of one that is damaged nobody can make use.
    const parsed = blobs.get(value).then((body) => JSON.parse(body.toString('utf8')) as Json);
    await keep(await parsed.catch(() => undefined));
  };
  for (const resource of await ledger.resources()) if (isThere(resource)) await keep(resource);
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
