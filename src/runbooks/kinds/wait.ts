import { z } from 'zod';
import { text } from '../../documents/text';
import { parseDuration } from '../duration';
import type { StepKindSpec } from '../step-kind';

export const waitWith = z.strictObject({
  for: text().refine((given) => parseDuration(given) !== undefined, 'has to be a duration such as 30s or 2h'),
});

export type WaitWith = z.infer<typeof waitWith>;

export const wait: StepKindSpec = {
  name: 'wait',
  doc: 'Waits for a length of time. No runner is kept busy meanwhile.',
  with: waitWith,
  tells: [],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 30_000,
  pollForMs: (given) => parseDuration(String(given.for)),
};
