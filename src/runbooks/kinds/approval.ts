import { z } from 'zod';
import { text } from '../../documents/text';
import { durationText } from '../duration-text';
import { controlKind } from './control';

export const approvalWith = z.strictObject({
  from: z
    .array(z.union([text(), z.strictObject({ team: text(), count: z.int().min(1).max(20) })]))
    .min(1)
    .max(10),
  /** What is to be decided, in a sentence. */
  about: text().max(3_000),
  /** Channel of its card; the environment's where it is not said. */
  channel: text().optional(),
  /** Plain facts that the card shows: what was found so far. */
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  timeout: durationText().optional(),
});

export const approval = controlKind({
  name: 'approval',
  control: 'approval',
  doc: 'Asks people in the middle of a runbook, on a card of its own, and goes on when they approve. Whoever asked for the operation cannot approve. Expressions see `decision` and `votes`.',
  with: approvalWith,
  tells: ['decision', 'votes'],
});
