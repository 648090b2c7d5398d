import { z } from 'zod';
import { controlKind } from './control';

export const parallelWith = z.strictObject({
  /** How many of its steps may run at once; all of them where it is not said. */
  concurrency: z.int().min(1).max(150).optional(),
});

export const parallel = controlKind({
  name: 'parallel',
  control: 'parallel',
  group: true,
  doc: 'Its `steps` run at the same time. When one fails, the others finish what they are doing and begin nothing more.',
  with: parallelWith,
});
