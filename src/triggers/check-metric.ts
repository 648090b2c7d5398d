import { didYouMean } from '../documents/nearest';
import { parseCriterion, type MetricDefinition } from '../rollouts/criteria';
import type { Found } from '../runbooks/check-step';
import { connectionProblem } from '../runbooks/connection-inputs';
import { parseDuration } from '../runbooks/duration';
import { hasTemplate } from '../runbooks/expressions';
import type { Library } from '../runbooks/library';
import type { MetricTrigger } from '../runbooks/trigger-schema';
import { askedBy, usualEveryMs } from './metric-watch';

const tellsMetrics = { name: 'on: metric', connectionKinds: ['prometheus', 'exposition'] as const };
const longestMs = 86_400_000;

/** What is wrong with the meaning of `on: metric`, apart from what all triggers have. */
export function metricProblems(
  trigger: MetricTrigger,
  library: Pick<Library, 'metrics' | 'connections'>,
): readonly Found[] {
  return [...questionProblems(trigger, library), ...timeProblems(trigger)];
}

function questionProblems(
  trigger: MetricTrigger,
  { metrics: known, connections }: Pick<Library, 'metrics' | 'connections'>,
): readonly Found[] {
  const { metric, connection, query, unit } = trigger;
  const own = [connection, query, unit].some((each) => each !== undefined);
  if ((metric === undefined) === !own || (own && (connection === undefined || query === undefined)))
    return [
      {
        path: metric === undefined ? [] : ['metric'],
        message: 'a watch has either "metric" or "connection" and "query"',
        hint: 'write metric: cpu, as policy.yaml calls it, or connection: prometheus and query: …',
      },
    ];
  if (metric !== undefined && !known) return [];
  const metrics = known ?? new Map<string, MetricDefinition>();
  const asked = askedBy(trigger, metrics);
  if (!asked) {
    const names = [...metrics.keys()];
    const hint = didYouMean(metric!, names) ?? `the policy has: ${names.join(', ') || 'none'}`;
    return [{ path: ['metric'], message: `the policy maps no metric "${metric}"`, hint }];
  }
  const found: Found[] = [];
  if (hasTemplate(asked.query))
    found.push({
      path: [metric === undefined ? 'query' : 'metric'],
      message: 'its query names an operation, and a watch has none',
      hint: 'write a query without ${{ }}; what differs can be a label, as in by (instance)',
    });
  const wrong = connectionProblem({ kind: tellsMetrics, name: asked.connection, known: connections });
  if (wrong) found.push({ path: [metric === undefined ? 'connection' : 'metric'], ...wrong });
  const criterion = parseCriterion(trigger.is, asked.unit);
  if (!criterion.ok) found.push({ path: ['is'], message: criterion.message });
  return found;
}

function timeProblems({ for: held, every }: MetricTrigger): readonly Found[] {
  const found: Found[] = [];
  const everyMs = every === undefined ? usualEveryMs : parseDuration(every);
  const isEvery = everyMs !== undefined && everyMs >= 1_000 && everyMs <= 3_600_000;
  if (!isEvery)
    found.push({ path: ['every'], message: `"${every}" is not a time between two looks`, hint: 'write 1s to 1h' });
  const forMs = parseDuration(held);
  if (forMs === undefined || forMs > longestMs)
    found.push({
      path: ['for'],
      message: `"${held}" is not a time that can be watched`,
      hint: 'write 5m, 24h at most',
    });
  else if (isEvery && forMs < everyMs)
    found.push({
      path: ['for'],
      message: `it is looked at every ${every ?? '30s'}, so nobody can say what it did for ${held}`,
      hint: 'name a longer time, or look more often with "every"',
    });
  return found;
}
