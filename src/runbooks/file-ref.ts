import { z } from 'zod';

/** A file that a step has kept for later ones, by the address of its bytes in the blob store. */
export const fileRefSchema = z.strictObject({
  $file: z.strictObject({
    digest: z.string().regex(/^[0-9a-f]{64}$/, 'has to be the address of a kept file'),
    bytes: z.int().min(0),
    name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, 'has to be a plain name of a file'),
  }),
});

export type FileRef = z.infer<typeof fileRefSchema>;
