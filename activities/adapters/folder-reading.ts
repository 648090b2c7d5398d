import type { Mirror } from './git';
import { dangerIn, objectId } from './git-names';
import { findFolders, listUnder, readObjects, sizesOf } from './git-objects';

/** A file of a folder, with its path from there. */
export interface FolderFile {
  readonly path: string;
  readonly isProgram: boolean;
  readonly body: Buffer;
}

/** A folder of a commit, or why it is not read: words that continue "The folder x of the policy repository …". */
export type FolderReading =
  | { readonly ok: true; readonly tree: string; readonly files: () => Promise<readonly FolderFile[]> }
  | { readonly ok: false; readonly why: string };

export const maxFolderFiles = 5_000;
export const maxFolderBytes = 32 * 1024 * 1024;

/**
 * Looks at one folder of a commit. Links and submodules are refused wherever they stand, and so is what is too large;
 * `files` reads the bodies, and only then.
 */
export async function readFolder(
  mirror: Mirror,
  { commit, folder }: { readonly commit: string; readonly folder: string },
): Promise<FolderReading> {
  const no = (why: string): FolderReading => ({ ok: false, why });
  const [found] = await findFolders(mirror, { commit: objectId(commit), paths: [folder] });
  if (!found) return no(`does not exist at ${commit.slice(0, 10)}; add it or correct its name in the runbook.`);
  const entries = await listUnder(mirror, [{ path: '', id: found.id }]);
  if (entries.length === 0 || entries.length > maxFolderFiles)
    return no(`has ${entries.length} files, and a step can work with 1 to ${maxFolderFiles}.`);
  for (const { path, mode } of entries) {
    const danger = dangerIn(path);
    if (danger) return no(`holds ${JSON.stringify(path)}, which cannot be used because ${danger}.`);
    if (mode === '120000')
      return no(`holds the symbolic link ${path}, which is not followed; put the file itself there.`);
    if (mode === '160000') return no(`holds the submodule ${path}, which is not read; put its files there.`);
  }
  const sizes = await sizesOf(
    mirror,
    entries.map(({ id }) => id),
  );
  const bytes = entries.reduce((sum, { id }) => sum + (sizes.get(id) ?? 0), 0);
  if (bytes > maxFolderBytes)
    return no(
      `has ${Math.ceil(bytes / 2 ** 20)} MiB, and a step can work with at most ${maxFolderBytes / 2 ** 20} MiB.`,
    );
  const files = async (): Promise<readonly FolderFile[]> => {
    const bodies = await readObjects(mirror, [...new Set(entries.map(({ id }) => id))]);
    return entries.map(({ id, path, mode }) => ({ path, isProgram: mode === '100755', body: bodies.get(id)! }));
  };
  return { ok: true, tree: found.id, files };
}
