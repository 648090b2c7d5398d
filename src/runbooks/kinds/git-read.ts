import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const gitReadWith = z.strictObject({
  connection: text(),
  /** Branch, tag or whole commit id. */
  ref: text().max(250),
  path: text().max(1024),
  /** What the file is read as; as text alone where it is not said. */
  parse: z.enum(['yaml', 'json']).optional(),
  /** Keeps the file for later steps, which get it as `file`. */
  keep: z.boolean().default(false),
});

export type GitReadWith = z.infer<typeof gitReadWith>;

export const gitRead: StepKindSpec = {
  name: 'git/read',
  doc: 'Reads one file of a repository, 1 MiB at most. Expressions see `commit`, `blob`, `text`, `document` (with `parse`) and `file` (with `keep`).',
  with: gitReadWith,
  tells: ['commit', 'blob', 'text', 'document', 'file'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 5 * 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['git'],
};
