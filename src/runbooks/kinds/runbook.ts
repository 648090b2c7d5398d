import { z } from 'zod';
import { text } from '../../documents/text';
import { controlKind } from './control';

export const runbookWith = z.strictObject({
  runbook: text(),
  inputs: z.record(z.string(), z.json()).optional(),
});

export const runbook = controlKind({
  name: 'runbook',
  control: 'sequence',
  doc: 'Runs another runbook in its place, with inputs; its undos are those of its steps. Expressions see its outputs by their names.',
  with: runbookWith,
});
