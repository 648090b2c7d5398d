import { z } from 'zod';
import { secretReference } from '../../connections/schema';

/** A folder of the policy repository with the configuration; its backend says where the state is kept. */
export const terraformFolder = z.string().min(1).max(200);

export const terraformTool = z.enum(['terraform', 'tofu']);

export type TerraformTool = z.infer<typeof terraformTool>;

export const terraformVars = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, 'has to be the name of a variable'),
  z.json(),
);

export const terraformWorkspace = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,89}$/, 'has to be the name of a workspace');

/** What the backend is told beside what the folder says; secrets go by `secrets`, as in PG_CONN_STR or TF_HTTP_PASSWORD. */
export const terraformBackend = z.record(
  z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'has to be an argument of a backend'),
  z.union([z.string(), z.number(), z.boolean()]),
);

/** Variables that would change how the program itself runs. */
const reserved = /^(?:TF_(?!VAR_|TOKEN_|HTTP_(?:USERNAME|PASSWORD)$)|PATH$|HOME$|TMPDIR$|LANG$|.*_PROXY$)/i;

/** Environment variables that the runner fills from secrets. */
export const terraformSecrets = z.record(
  z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*(?:_[A-Za-z0-9_]+)?$/, 'has to be the name of an environment variable')
    .refine((name) => !reserved.test(name), 'changes how the program runs, and cannot be given'),
  secretReference,
);

export const terraformFoldersOf = (given: { readonly [key: string]: unknown }): readonly string[] =>
  given.folder === undefined ? [] : [String(given.folder)];
