import type { Mirror } from './git';
import { objectId } from './git-names';

/** One entry of a tree, as Git lists it. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly id: string;
  /** Bytes; 0 for what is not a blob. */
  readonly size: number;
  readonly path: string;
}

/** Every file under a commit, or under some folders of it. One process, whatever the size. */
export async function listTree(
  mirror: Mirror,
  at: { readonly commit: string; readonly folders?: readonly string[] },
): Promise<readonly TreeEntry[]> {
  if (at.folders?.length === 0) return [];
  const folders = (at.folders ?? []).map((folder) => `${folder}/`);
  const out = await mirror.local(['ls-tree', '-r', '-z', '-l', '--full-tree', objectId(at.commit), '--', ...folders]);
  return out
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', type = '', id = '', size = ''] = line.slice(0, tab).split(/ +/);
      return { mode, type, id, size: Number(size) || 0, path: line.slice(tab + 1) };
    });
}

/**
 * Bodies of objects, in one `cat-file --batch`. A name is an object id, or `<object id>:<path>`; what does not exist
 * is absent from the answer. Names must not hold line breaks.
 */
export async function readObjects(mirror: Mirror, names: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const bodies = new Map<string, Buffer>();
  if (names.length === 0) return bodies;
  const out = await mirror.local(['cat-file', '--batch', '--buffer'], `${names.join('\n')}\n`);
  let at = 0;
  for (const name of names) {
    const end = out.indexOf(10, at);
    const head = out.subarray(at, end).toString('utf8');
    at = end + 1;
    const found = /^[0-9a-f]{40,64} \w+ (\d+)$/.exec(head);
    if (!found) continue;
    const size = Number(found[1]);
    bodies.set(name, out.subarray(at, at + size));
    at += size + 1;
  }
  return bodies;
}

/** Direct sub-folders of some folders, as full paths. */
export async function listFolders(
  mirror: Mirror,
  at: { readonly commit: string; readonly folders: readonly string[] },
): Promise<readonly string[]> {
  if (at.folders.length === 0) return [];
  const folders = at.folders.map((folder) => `${folder}/`);
  const args = ['ls-tree', '-d', '-z', '--name-only', '--full-tree', objectId(at.commit), '--', ...folders];
  return (await mirror.local(args)).toString('utf8').split('\0').filter(Boolean);
}
