import { z } from 'zod';
import { text } from '../../documents/text';
import { durationText } from '../duration-text';
import { controlKind } from './control';

/** More targets than this are several operations. */
export const maxTargets = 10_000;

const share = z.union([z.int().min(0), text().regex(/^(100|\d{1,2})%$/, 'has to be a number or a share such as 10%')]);

export const foreachWith = z.strictObject({
  /** The list; usually a template. */
  in: z.union([z.array(z.json()), text()]),
  /** Name by which its steps see the target. */
  as: text()
    .regex(/^[a-z][a-z0-9_]*$/, 'has to be lower-case letters, digits and underscores, a letter first')
    .default('item'),
  /** Expression over the target that gives it a name; else the target itself, or its `name` or `id`. */
  key: text().optional(),
  concurrency: z.int().min(1).max(500).default(1),
  /** Sizes of the waves, as counts or shares of all targets; the last one is repeated until none is left. */
  waves: z.array(share).min(1).max(20).optional(),
  /** How long to wait between two waves. */
  pause: durationText().optional(),
  /** So many targets may fail, as a count or a share; none where it is not said. */
  max_failures: share.default(0),
  /** `ok`: no target is fine, too. Otherwise an empty list is a refusal. */
  empty: z.literal('ok').optional(),
});

export type ForeachWith = z.infer<typeof foreachWith>;

export const foreach = controlKind({
  name: 'foreach',
  control: 'foreach',
  group: true,
  doc: 'Does its `steps` for every target of a list, many at once, in waves where you say so. A target that fails is put back and counted; when more fail than may, no further target is begun. Expressions see `targets` with ok, failed and skipped, and failed_targets.',
  with: foreachWith,
  tells: ['targets'],
});
