import { metricRead, type MetricReadWith } from '../../src/runbooks/kinds/metric-read';
import type { Metrics } from '../../src/rollouts/compile';
import { measure } from './measure';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

export const runMetricRead = stepKind<MetricReadWith>(metricRead, async (context) => {
  const { metric } = context.given;
  const definition = (context.plan.metrics as unknown as Metrics)[metric]!;
  const value = (await measure(context, definition)) ?? definition.absent;
  if (value === undefined || !Number.isFinite(value))
    throw new StepFailed(`The metric ${metric} has ${value === undefined ? 'no data' : 'no number'} at the moment.`);
  return { tells: { value }, summary: `${metric} is ${value}` };
});
