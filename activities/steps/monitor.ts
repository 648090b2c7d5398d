import type { MissedCriterion } from '../../src/operation/plan';
import {
  formatMeasured,
  meets,
  parseCriterion,
  type Criterion,
  type MetricDefinition,
} from '../../src/rollouts/criteria';
import { formatDuration, parseDuration } from '../../src/runbooks/duration';
import { monitor, type MonitorWith } from '../../src/runbooks/kinds/monitor';
import { measure } from './measure';
import { CriterionMissed, NotYet, StepFailed } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

interface Reading {
  readonly metric: string;
  readonly criterion: Criterion;
  /** In the metric's unit; undefined without data. */
  readonly value: number | undefined;
}

export const runMonitor = stepKind<MonitorWith>(monitor, async (context) => {
  const { given, elapsedMs } = context;
  const forMs = parseDuration(given.for)!;
  const readings: Reading[] = [];
  for (const [metric, text] of Object.entries(given.criteria)) readings.push(await read(context, metric, text));
  const isOver = elapsedMs >= forMs;
  // A value on the wrong side counts at once. No value may still come, but it has to be there at the end.
  const missed = readings.find(({ criterion, value }) =>
    value === undefined || Number.isNaN(value) ? isOver : !meets(criterion, value),
  );
  if (missed) throw missedOf(context, missed);
  const told = readings
    .map(({ metric, criterion, value }) => `${metric} ${formatMeasured(criterion, value)}`)
    .join(', ');
  if (!isOver) throw new NotYet(`${told}; watched for ${formatDuration(forMs)}`, pollMs(given, forMs, elapsedMs));
  return { tells: {}, summary: `${told || 'no criteria'} for ${formatDuration(forMs)}` };
});

async function read(context: StepContext<MonitorWith>, metric: string, text: string): Promise<Reading> {
  const definition = context.plan.metrics[metric] as unknown as MetricDefinition | undefined;
  if (!definition) throw new StepFailed(`The policy maps no metric called ${metric}.`);
  const parsed = parseCriterion(text, definition.unit);
  if (!parsed.ok) throw new StepFailed(`${metric} cannot be judged: ${parsed.message}.`);
  const value = await measure(context, definition);
  return { metric, criterion: parsed.criterion, value: value ?? definition.absent };
}

function missedOf(context: StepContext<MonitorWith>, reading: Reading): CriterionMissed {
  const { metric, criterion, value } = reading;
  const { stage } = context.step;
  const measured = formatMeasured(criterion, value);
  const missed: MissedCriterion = {
    metric,
    wanted: criterion.text,
    measured,
    ...(stage === undefined ? {} : { stage }),
  };
  const where = stage === undefined ? '' : ` in the stage ${stage}`;
  return new CriterionMissed(`${metric} has to be ${criterion.text} and was ${measured}${where}.`, missed);
}

function pollMs(given: MonitorWith, forMs: number, elapsedMs: number): number {
  const everyMs = given.every === undefined ? Math.min(30_000, Math.max(500, forMs / 20)) : parseDuration(given.every)!;
  return Math.max(50, Math.min(everyMs, forMs - elapsedMs));
}
