import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const gitMergeWith = z.strictObject({
  connection: text(),
  /** Branch, tag or whole commit id. */
  from: text().max(250),
  /** Branch that is there. */
  into: text().max(250),
  message: text()
    .max(2_000)
    .regex(/^[^\0]*$/, 'has a NUL')
    .optional(),
});

export type GitMergeWith = z.infer<typeof gitMergeWith>;

export const gitMerge: StepKindSpec = {
  name: 'git/merge',
  doc: 'Merges into a branch, over a connection with `write: true`. Conflicts are refused with the paths that have them, governed paths of a policy repository always. What is merged already stays as it is. Expressions see `commit` and `made`.',
  with: gitMergeWith,
  tells: ['commit', 'made'],
  readOnly: () => false,
  check: 'The merge is made beside the repository, so conflicts and governed paths are told, and nothing is pushed.',
  repeat: () => 'safe',
  timeoutMs: 5 * 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['git'],
};
