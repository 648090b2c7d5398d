import { canonical, sha256 } from '../../src/canonical';
import type { WorkerActivities } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { Repository } from '../../src/policy/read-repository';
import { breachedMetric } from '../../src/triggers/breached-metric';
import { metricWatchOf } from '../../src/triggers/metric-watch';
import { METRIC_WATCHES, WORKFLOWS, type WatchOrder } from '../../workflows/contract';
import { finalIfRefused } from './final-if-refused';
import type { TriggerDeps } from './triggers';
import { fire, keepWatches, tellOf, watchedFor } from './watches';

const watches = { type: WORKFLOWS.metricWatch, prefix: METRIC_WATCHES };

/** Tells each watch what this policy has it look at, starts those that are missing and ends the others. Gives their ids. */
export async function orderWatches(
  deps: Pick<TriggerDeps, 'client' | 'keepBody' | 'timings'>,
  repository: Repository,
  formerly: readonly string[],
): Promise<readonly string[]> {
  const orders: WatchOrder[] = [];
  for (const { document } of repository.runbooks.values()) {
    const rule = document.on?.metric;
    const watch = metricWatchOf(repository, document.name);
    if (!rule || !watch) continue;
    const tell = rule.channel ?? tellOf(repository.policy).tell;
    orders.push({
      runbook: document.name,
      watch: await deps.keepBody(canonical(watch)),
      what: watch.what.slice(0, 200),
      pool: rule['runs-on'] ?? 'default',
      everyMs: watch.everyMs,
      owner: rule.owner,
      ...(tell === undefined ? {} : { tell }),
    });
  }
  return keepWatches(deps, { ...watches, orders, formerly });
}

/** What becomes of a threshold that was held. */
export function createMetricWatches(
  deps: Pick<TriggerDeps, 'policy' | 'client' | 'relayKey' | 'timings' | 'now'>,
): Pick<WorkerActivities, 'metricFired'> {
  return {
    metricFired: ({ watch: digest, breach }) =>
      finalIfRefused(async () => {
        const { repository } = await deps.policy.current();
        const runbook = watchedFor(watches);
        const watch = runbook === undefined ? undefined : metricWatchOf(repository, runbook);
        // Nobody gets a signature by starting a workflow, nor by what an older policy had watched.
        if (!watch || sha256(canonical(watch)) !== digest) return {};
        const tell = tellOf(repository.policy);
        const made = breachedMetric(repository, { watch, breach }, deps.now());
        if (typeof made === 'string') return { problem: made, ...tell };
        const firing = { ...made, request: relay('request', made.request, deps.relayKey) };
        await fire(deps, { firing, ...tell });
        return {};
      }),
  };
}
