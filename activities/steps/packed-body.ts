import { z } from 'zod';
import { dangerIn } from '../adapters/git-names';
import type { FolderFile } from '../adapters/folder-reading';

/** A folder of Git as one JSON value; canonical, so that equal folders have one address. */
export interface PackedBody {
  readonly format: 1;
  readonly files: readonly { readonly path: string; readonly mode: '100644' | '100755'; readonly base64: string }[];
}

export function packBody(files: readonly FolderFile[]): PackedBody {
  return {
    format: 1,
    files: files.map(({ path, isProgram, body }) => ({
      path,
      mode: isProgram ? '100755' : '100644',
      base64: body.toString('base64'),
    })),
  };
}

const bodySchema = z.strictObject({
  format: z.literal(1),
  files: z.array(z.strictObject({ path: z.string(), mode: z.enum(['100644', '100755']), base64: z.string() })),
});

/** The files of a packed folder. Throws for what is none, and for a path that would leave the folder. */
export function unpackBody(text: string): readonly FolderFile[] {
  const { files } = bodySchema.parse(JSON.parse(text));
  return files.map(({ path, mode, base64 }) => {
    const danger = dangerIn(path);
    if (danger) throw new Error(`a packed folder holds ${JSON.stringify(path)}, and ${danger}`);
    return { path, isProgram: mode === '100755', body: Buffer.from(base64, 'base64') };
  });
}
