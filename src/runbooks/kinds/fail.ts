import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const failWith = z.strictObject({ message: text() });

export type FailWith = z.infer<typeof failWith>;

export const fail: StepKindSpec = {
  name: 'fail',
  doc: 'Fails the run with a sentence. Give it an `if`.',
  with: failWith,
  tells: [],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 30_000,
};
