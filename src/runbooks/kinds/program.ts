import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export const programWith = z.strictObject({
  /** A name from the runner's own list, never a path. */
  program: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'has to be a name such as resize-volume'),
  input: z.json().optional(),
  folder: text().optional(),
});

export type ProgramWith = z.infer<typeof programWith>;

export const program: StepKindSpec = {
  name: 'program',
  doc: 'Runs a program that the configuration of the runner allows (`RUNNER_PROGRAMS`): `input` is JSON on its standard input, what it prints has to be JSON and is `result`, and a code other than 0 is a failure with the last line of its standard error. With `folder`, it runs in that folder of the policy repository. It is never done twice; `repeat: safe` needs the consent of the runner, too.',
  with: programWith,
  tells: ['result'],
  literal: ['program', 'folder'],
  readOnly: () => false,
  repeat: () => 'never',
  timeoutMs: 600_000,
  folders: (given) => (given.folder === undefined ? [] : [String(given.folder)]),
};
