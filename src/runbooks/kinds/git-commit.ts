import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

const file = z
  .strictObject({
    path: text().max(1024),
    /** All of the file. */
    content: z.string().max(500_000).optional(),
    /** A line, or several, at the end of what is there. */
    append: z.string().max(100_000).optional(),
    remove: z.literal(true).optional(),
  })
  .refine(
    ({ content, append, remove }) => [content, append, remove].filter((given) => given !== undefined).length === 1,
    'has to have one of content, append and remove',
  );

export const gitCommitWith = z.strictObject({
  connection: text(),
  branch: text().max(250),
  message: text()
    .max(2_000)
    .regex(/^[^\0]*$/, 'has a NUL'),
  files: z.array(file).min(1).max(100),
});

export type GitCommitWith = z.infer<typeof gitCommitWith>;

export const gitCommit: StepKindSpec = {
  name: 'git/commit',
  doc: 'Puts one commit on a branch that is there, over a connection with `write: true`. If the branch has moved, the change is made anew on top of it. The commit names its operation, so doing it again finds it. Governed paths of a policy repository are refused. Expressions see `commit` and `made`.',
  with: gitCommitWith,
  tells: ['commit', 'made'],
  readOnly: () => false,
  check: 'The commit is made up to the push, so governed paths are told, and nothing is pushed.',
  repeat: () => 'safe',
  timeoutMs: 5 * 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['git'],
};
