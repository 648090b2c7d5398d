import { formatMeasured, meets, parseCriterion } from '../../src/rollouts/criteria';
import { prometheusCheck, type PrometheusCheckWith } from '../../src/runbooks/kinds/prometheus-check';
import { measure } from './measure';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

export const runPrometheusCheck = stepKind<PrometheusCheckWith>(prometheusCheck, async (context) => {
  const { given } = context;
  const value = (await measure(context, given)) ?? given.absent;
  if (value === undefined || !Number.isFinite(value))
    throw new StepFailed(
      `The query ${given.query} gives ${value === undefined ? 'no data' : 'no number'}, which never passes.`,
    );
  if (given.is === undefined) return { tells: { value }, summary: `the value is ${value}` };
  const parsed = parseCriterion(given.is, given.unit);
  if (!parsed.ok) throw new StepFailed(`The value cannot be judged: ${parsed.message}.`);
  const measured = formatMeasured(parsed.criterion, value);
  if (!meets(parsed.criterion, value)) throw new StepFailed(`The value has to be ${given.is} and is ${measured}.`);
  return { tells: { value }, summary: `${measured}, as wanted (${given.is})` };
});
