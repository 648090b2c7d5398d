import { z } from 'zod';
import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import { Refusal } from '../../src/errors';

const path = z.string().regex(/^\/[^\0]*$/, 'has to be an absolute path');

const allowed = z.strictObject({
  programs: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'has to be a name such as resize-volume'),
      z.strictObject({
        path,
        args: z.array(z.string()).default([]),
        network: z.enum(['host', 'none']).default('host'),
        repeat: z.enum(['never', 'safe']).default('never'),
      }),
    )
    .default({}),
  terraform: z
    .strictObject({
      /** File with the settings of the command line: mirrors of providers, and where they are kept. */
      config: path.optional(),
      /** The only folder in which a backend of the kind local may keep state. */
      state: path.optional(),
    })
    .optional(),
});

/** A program that whoever runs the runner lets steps use. */
export type AllowedProgram = z.infer<typeof allowed>['programs'][string];

export type TerraformSettings = NonNullable<z.infer<typeof allowed>['terraform']>;

/** What the file that RUNNER_PROGRAMS names says. */
export interface RunnerPrograms {
  readonly programs: ReadonlyMap<string, AllowedProgram>;
  readonly terraform?: TerraformSettings;
}

/** Reads the file that RUNNER_PROGRAMS names. Throws a `Refusal` that says what is wrong with it. */
export function readAllowedPrograms(file: string, text: string): RunnerPrograms {
  const read = readDocument({ file, text, schema: allowed });
  if (read.ok) return { ...read.value, programs: new Map(Object.entries(read.value.programs)) };
  throw new Refusal(
    'setting_invalid',
    `RUNNER_PROGRAMS names a file that cannot be used: ${read.problems.map(formatProblem).join('; ')}. Whoever runs the runner mends the file.`,
  );
}
