import type { PlanStep } from '../operation/plan';
import type { Metrics } from '../rollouts/compile';
import { parseCriterion } from '../rollouts/criteria';
import { hasTemplate } from './expressions';
import { queryProblem } from './metric-query';

/** Metrics of the policy that a step reads. */
export function metricsIn(step: PlanStep): readonly string[] {
  if (step.uses === 'metric/read') return [String(step.with.metric)];
  return step.uses === 'monitor' ? Object.keys(criteriaOf(step)) : [];
}

/** Why a step could not read or judge them, full sentences. */
export function metricProblems(step: PlanStep, metrics: Metrics): readonly string[] {
  return metricsIn(step).flatMap((name) => {
    const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    if (!metric) return [`The step “${step.name}” reads the metric "${name}", which the policy does not map.`];
    const wrong = queryProblem(metric.query);
    const criterion = step.uses === 'monitor' ? criteriaOf(step)[name]! : undefined;
    const parsed = criterion !== undefined && !hasTemplate(criterion) && parseCriterion(criterion, metric.unit);
    return [
      ...(parsed && !parsed.ok ? [`The step “${step.name}” cannot judge ${name}: ${parsed.message}.`] : []),
      ...(wrong ? [`The query of the metric ${name} in policy.yaml cannot be asked: ${wrong}.`] : []),
    ];
  });
}

function criteriaOf({ with: given }: PlanStep): { readonly [metric: string]: string } {
  return (given.criteria ?? {}) as { readonly [metric: string]: string };
}
