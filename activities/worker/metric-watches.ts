import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { canonical, sha256 } from '../../src/canonical';
import type { WorkerActivities } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { Policy } from '../../src/policy/policy';
import type { Repository } from '../../src/policy/read-repository';
import { breachedMetric } from '../../src/triggers/breached-metric';
import { metricWatchOf } from '../../src/triggers/metric-watch';
import {
  FIRE,
  FIRINGS_ID,
  METRIC_WATCHES,
  metricWatchId,
  WATCH,
  WORKER_QUEUE,
  WORKFLOWS,
  type Fire,
  type FiringsInput,
  type MetricWatchInput,
  type WatchOrder,
} from '../../workflows/contract';
import { finalIfRefused } from './final-if-refused';
import type { TriggerDeps } from './triggers';

/** Where what came of nothing is told. */
export function tellOf({ channels }: Pick<Policy, 'channels'>): { readonly tell?: string } {
  const tell = channels.policy ?? channels.default;
  return tell === undefined ? {} : { tell };
}

/** Tells each watch what this policy has it look at, starts those that are missing and ends the others. Gives their ids. */
export async function orderWatches(
  { client, keepBody, timings }: Pick<TriggerDeps, 'client' | 'keepBody' | 'timings'>,
  repository: Repository,
  formerly: readonly string[],
): Promise<readonly string[]> {
  const wanted: string[] = [];
  for (const { document } of repository.runbooks.values()) {
    const rule = document.on?.metric;
    const watch = metricWatchOf(repository, document.name);
    if (!rule || !watch) continue;
    const tell = rule.channel ?? tellOf(repository.policy).tell;
    const order: WatchOrder = {
      runbook: document.name,
      watch: await keepBody(canonical(watch)),
      what: watch.what.slice(0, 200),
      pool: rule['runs-on'] ?? 'default',
      everyMs: watch.everyMs,
      owner: rule.owner,
      ...(tell === undefined ? {} : { tell }),
    };
    const workflowId = metricWatchId(document.name);
    await client.workflow.signalWithStart(WORKFLOWS.metricWatch, {
      workflowId,
      taskQueue: WORKER_QUEUE,
      args: [{ timings, order } satisfies MetricWatchInput],
      signal: WATCH,
      signalArgs: [order],
      staticSummary: `Watches ${order.what}`.slice(0, 200),
    });
    wanted.push(workflowId);
  }
  for (const workflowId of await watchedBefore(client, formerly))
    if (!wanted.includes(workflowId)) await endWatch(client, workflowId);
  return wanted;
}

/** Lists lag by a moment, so what was ordered before is remembered, too. */
async function watchedBefore(client: TriggerDeps['client'], formerly: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set(formerly.filter((id) => id.startsWith(METRIC_WATCHES)));
  const query = `WorkflowType = '${WORKFLOWS.metricWatch}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) found.add(workflowId);
  return found;
}

async function endWatch(client: Pick<Client, 'workflow'>, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(WATCH, null);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** The runbook for which the workflow watches that asks; undefined for any other workflow. */
function watchedFor(): string | undefined {
  const { workflowType, workflowExecution } = Context.current().info;
  const id = workflowExecution?.workflowId ?? '';
  const isWatch = workflowType === WORKFLOWS.metricWatch && id.startsWith(METRIC_WATCHES);
  return isWatch ? id.slice(METRIC_WATCHES.length) : undefined;
}

/** What becomes of a threshold that was held. */
export function createMetricWatches(
  deps: Pick<TriggerDeps, 'policy' | 'client' | 'relayKey' | 'timings' | 'now'>,
): Pick<WorkerActivities, 'metricFired'> {
  return {
    metricFired: ({ watch: digest, breach }) =>
      finalIfRefused(async () => {
        const { repository } = await deps.policy.current();
        const runbook = watchedFor();
        const watch = runbook === undefined ? undefined : metricWatchOf(repository, runbook);
        // Nobody gets a signature by starting a workflow, nor by what an older policy had watched.
        if (!watch || sha256(canonical(watch)) !== digest) return {};
        const tell = tellOf(repository.policy);
        const made = breachedMetric(repository, { watch, breach }, deps.now());
        if (typeof made === 'string') return { problem: made, ...tell };
        const firing = { ...made, request: relay('request', made.request, deps.relayKey) };
        await deps.client.workflow.signalWithStart(WORKFLOWS.firings, {
          workflowId: FIRINGS_ID,
          taskQueue: WORKER_QUEUE,
          args: [{ timings: deps.timings } satisfies FiringsInput],
          signal: FIRE,
          signalArgs: [{ firing, ...tell } satisfies Fire],
          staticSummary: 'Starts runbooks by alerts and metrics, each matter once',
        });
        return {};
      }),
  };
}
