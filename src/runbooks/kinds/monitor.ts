import { z } from 'zod';
import { text } from '../../documents/text';
import { parseDuration } from '../duration';
import { durationText } from '../duration-text';
import type { StepKindSpec } from '../step-kind';

export const monitorWith = z.strictObject({
  /** Metric of the policy -> criterion (`<0.1%`). */
  criteria: z.record(z.string(), text()),
  for: durationText(),
  every: durationText().optional(),
});

export type MonitorWith = z.infer<typeof monitorWith>;

export const monitor: StepKindSpec = {
  name: 'monitor',
  doc: 'Judges success criteria over a length of time. A criterion that is missed once fails the step at once; a metric without data never passes, unless the policy says what its absence means.',
  with: monitorWith,
  tells: [],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 60_000,
  pollForMs: (given) => parseDuration(String(given.for)),
};
