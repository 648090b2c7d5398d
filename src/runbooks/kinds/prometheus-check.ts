import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const prometheusCheckWith = z.strictObject({
  connection: text(),
  query: text(),
  /** Criterion that the value has to meet now. */
  is: text().optional(),
  unit: z.enum(['ratio', 'percent', 's', 'ms', 'count', 'bytes']).default('count'),
  /** The value that an empty answer stands for. Without it an empty answer never passes. */
  absent: z.number().optional(),
});

export type PrometheusCheckWith = z.infer<typeof prometheusCheckWith>;

export const prometheusCheck: StepKindSpec = {
  name: 'prometheus/check',
  doc: 'Asks a metrics connection one question and, with `is`, holds the answer against a criterion. Expressions see `value`.',
  with: prometheusCheckWith,
  tells: ['value'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 60_000,
  connections: (given) => [String(given.connection ?? '')],
};
