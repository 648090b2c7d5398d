import { z } from 'zod';
import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import { Refusal } from '../../src/errors';

const allowed = z.strictObject({
  programs: z.record(
    z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'has to be a name such as resize-volume'),
    z.strictObject({
      path: z.string().regex(/^\/[^\0]*$/, 'has to be an absolute path'),
      args: z.array(z.string()).default([]),
      network: z.enum(['host', 'none']).default('host'),
      repeat: z.enum(['never', 'safe']).default('never'),
    }),
  ),
});

/** A program that whoever runs the runner lets steps use. */
export type AllowedProgram = z.infer<typeof allowed>['programs'][string];

/** Reads the file that RUNNER_PROGRAMS names. Throws a `Refusal` that says what is wrong with it. */
export function readAllowedPrograms(file: string, text: string): ReadonlyMap<string, AllowedProgram> {
  const read = readDocument({ file, text, schema: allowed });
  if (read.ok) return new Map(Object.entries(read.value.programs));
  throw new Refusal(
    'setting_invalid',
    `RUNNER_PROGRAMS names a file that cannot be used: ${read.problems.map(formatProblem).join('; ')}. Whoever runs the runner mends the file.`,
  );
}
