import type { Mirror } from './git';
import { GitFailure } from './git-process';
import { entryIn, parseTree, type FolderEntry } from './git-trees';

/** One file, link or submodule of a commit. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly id: string;
  readonly path: string;
}

/** A folder of a commit. */
export interface Folder {
  readonly path: string;
  readonly id: string;
}

/** Trees can name one another so that a few of them list more files than there is memory. */
const maxEntries = 1_000_000;
const maxDepth = 1000;

/** Every file under a commit, or under some folders of it, in Git's order. Folders that do not exist hold nothing. */
export async function listTree(
  mirror: Mirror,
  at: { readonly commit: string; readonly folders?: readonly string[] },
): Promise<readonly TreeEntry[]> {
  if (at.folders?.length === 0) return [];
  const roots = at.folders
    ? await findFolders(mirror, { commit: at.commit, paths: at.folders })
    : [{ path: '', id: await mirror.trees.rootOf(at.commit) }];
  return listUnder(mirror, roots);
}

/** Every file under some folders. */
export async function listUnder(mirror: Mirror, roots: readonly Folder[]): Promise<readonly TreeEntry[]> {
  const folders = await readAllUnder(mirror, roots);
  const listed: TreeEntry[] = [];
  const list = (root: Folder) => {
    for (const { name, ...entry } of folders.get(root.id) ?? []) {
      const path = root.path === '' ? name : `${root.path}/${name}`;
      if (entry.type === 'tree') list({ path, id: entry.id });
      else listed.push({ ...entry, path });
    }
  };
  const count = countIn(folders);
  if (roots.reduce((sum, { id }) => sum + count(id), 0) > maxEntries)
    throw new GitFailure('cat-file', `more than ${maxEntries} files are not listed at once`);
  for (const root of roots) list(root);
  return listed;
}

/** Counts what is under a folder; folders that are alike are counted once, however often they stand somewhere. */
function countIn(folders: ReadonlyMap<string, readonly FolderEntry[]>): (id: string) => number {
  const known = new Map<string, number>();
  const count = (id: string): number => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const sum = (folders.get(id) ?? []).reduce(
      (all, { type, id: below }) => all + (type === 'tree' ? count(below) : 1),
      1,
    );
    known.set(id, sum);
    return sum;
  };
  return count;
}

/** Entries of every folder under some, by id: one request for each level. */
async function readAllUnder(
  mirror: Mirror,
  roots: readonly Folder[],
): Promise<ReadonlyMap<string, readonly FolderEntry[]>> {
  const folders = new Map<string, readonly FolderEntry[]>();
  let level = [...new Set(roots.map(({ id }) => id))];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw new GitFailure('cat-file', `folders more than ${maxDepth} levels deep are not listed`);
    const below = new Set<string>();
    for (const [id, body] of await mirror.trees.read(level)) {
      const entries = parseTree({ id, body });
      folders.set(id, entries);
      for (const entry of entries) if (entry.type === 'tree') below.add(entry.id);
    }
    level = [...below].filter((id) => !folders.has(id));
  }
  return folders;
}

/** Direct sub-folders of some folders, with full paths. */
export async function listFolders(
  mirror: Mirror,
  at: { readonly commit: string; readonly folders: readonly string[] },
): Promise<readonly Folder[]> {
  return foldersIn(mirror, await findFolders(mirror, { commit: at.commit, paths: at.folders }));
}

/** Direct sub-folders of some folders that were found before. */
export async function foldersIn(mirror: Mirror, parents: readonly Folder[]): Promise<readonly Folder[]> {
  const trees = await mirror.trees.read(parents.map(({ id }) => id));
  return parents.flatMap((parent) =>
    parseTree({ id: parent.id, body: trees.get(parent.id)! })
      .filter(({ type }) => type === 'tree')
      .map(({ name, id }) => ({ path: `${parent.path}/${name}`, id })),
  );
}

/** The sub-folder of one name, in each of some folders that has it. */
export async function subFolders(
  mirror: Mirror,
  { parents, name }: { readonly parents: readonly Folder[]; readonly name: string },
): Promise<readonly Folder[]> {
  const trees = await mirror.trees.read(parents.map(({ id }) => id));
  return parents.flatMap((parent) => {
    const found = entryIn({ id: parent.id, body: trees.get(parent.id)! }, name);
    return found?.type === 'tree' ? [{ path: parent.path === '' ? name : `${parent.path}/${name}`, id: found.id }] : [];
  });
}

export async function findFolders(
  mirror: Mirror,
  { commit, paths }: { readonly commit: string; readonly paths: readonly string[] },
): Promise<readonly Folder[]> {
  const root: Folder = { path: '', id: await mirror.trees.rootOf(commit) };
  const found: Folder[] = [];
  for (const path of paths) {
    let here: readonly Folder[] = [root];
    for (const name of path.split('/')) here = await subFolders(mirror, { parents: here, name });
    found.push(...here);
  }
  return found;
}

/**
 * Bodies of objects. A name is an object id, or `<object id>:<path>`; what does not exist is absent from the answer.
 * Throws `TypeError` for names with line breaks.
 */
export async function readObjects(mirror: Mirror, names: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const found = await mirror.objects.contents(names);
  return new Map([...found].map(([name, { body }]) => [name, body]));
}

/** Bytes of objects by id; what does not exist is absent from the answer. */
export async function sizesOf(mirror: Mirror, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const found = await mirror.objects.infos([...new Set(ids)]);
  return new Map([...found].map(([id, { size }]) => [id, size]));
}

/** How far back two commits of one line are followed, one by one, before Git is asked to search. */
const maxSteps = 64;

/** How `there` stands to `known`: it follows it, it comes before it, or neither. */
export async function relationOf(
  mirror: Mirror,
  { known, there }: { readonly known: string; readonly there: string },
): Promise<'follows' | 'precedes' | 'unrelated'> {
  if (known === there) return 'follows';
  let [fromThere, fromKnown]: readonly (string | undefined)[] = [there, known];
  for (let step = 0; step < maxSteps && (fromThere ?? fromKnown) !== undefined; step++) {
    const parents = await parentsOf(mirror, [fromThere, fromKnown]);
    [fromThere, fromKnown] = [parents.get(fromThere ?? ''), parents.get(fromKnown ?? '')];
    if (fromThere === known) return 'follows';
    if (fromKnown === there) return 'precedes';
  }
  if (await isAncestor(mirror, known, there)) return 'follows';
  return (await isAncestor(mirror, there, known)) ? 'precedes' : 'unrelated';
}

/** First parents. */
async function parentsOf(
  mirror: Mirror,
  commits: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const asked = commits.filter((commit) => commit !== undefined);
  const bodies = await readObjects(mirror, asked);
  return new Map([...bodies].map(([id, body]) => [id, /^tree \w+\nparent (\w+)\n/.exec(body.toString('latin1'))?.[1]]));
}

async function isAncestor(mirror: Mirror, older: string, newer: string): Promise<boolean> {
  return (await mirror.local(['rev-list', '--max-count=1', older, `^${newer}`, '--'])).length === 0;
}
