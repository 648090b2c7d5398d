import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const expectWith = z.strictObject({
  /** A condition over inputs and the outputs of earlier steps. */
  that: text(),
  else: text().optional(),
});

export type ExpectWith = z.infer<typeof expectWith>;

export const expect: StepKindSpec = {
  name: 'expect',
  doc: 'Fails the run, with a sentence of your own, unless a condition holds.',
  with: expectWith,
  tells: [],
  expressions: ['that'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 30_000,
};
