import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const metricReadWith = z.strictObject({
  /** Name under `metrics` in policy.yaml. */
  metric: text(),
});

export type MetricReadWith = z.infer<typeof metricReadWith>;

export const metricRead: StepKindSpec = {
  name: 'metric/read',
  doc: 'Reads a metric that policy.yaml maps, once. Expressions see `value`, in the metric’s own unit; what gives no data and has no `absent` fails.',
  with: metricReadWith,
  tells: ['value'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 30_000,
};
