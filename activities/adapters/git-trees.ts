import { isObjectId, objectId } from './git-names';
import { GitFailure } from './git-process';
import type { ObjectReader } from './git-reader';

/** What a folder holds under one name. */
export interface FolderEntry {
  /** As Git tells modes: `100644`, `100755`, `120000` (link), `160000` (submodule) or `040000` (folder). */
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly id: string;
  readonly name: string;
}

/** Bytes of trees that are kept: the days of years of records, so that a new commit reads what it changed. */
const maxKeptBytes = 32 * 1024 * 1024;
const maxKeptRoots = 64;

/** Folders of one repository by object id: what one of them holds never changes, so it is read once while it fits. */
export class TreeStore {
  private readonly kept = new Map<string, Buffer>();
  private readonly roots = new Map<string, string>();
  private bytes = 0;

  constructor(private readonly objects: ObjectReader) {}

  /** Tree of a commit. Throws `GitFailure` when the commit is not there. */
  async rootOf(commit: string): Promise<string> {
    const known = this.roots.get(commit);
    if (known !== undefined) return known;
    const name = `${objectId(commit)}^{tree}`;
    const found = (await this.objects.contents([name])).get(name);
    if (found?.type !== 'tree') throw new GitFailure('cat-file', `commit ${commit} is not there`);
    this.keep(found.id, found.body);
    this.roots.set(commit, found.id);
    for (const oldest of this.roots.keys()) {
      if (this.roots.size <= maxKeptRoots) break;
      this.roots.delete(oldest);
    }
    return found.id;
  }

  /** Raw trees by id, those that are not kept in one request. Throws `GitFailure` when one is missing or no tree. */
  async read(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const trees = new Map<string, Buffer>();
    const missing: string[] = [];
    for (const id of new Set(ids)) {
      const kept = this.kept.get(id);
      if (kept) trees.set(id, kept);
      else missing.push(id);
    }
    const found = missing.length > 0 ? await this.objects.contents(missing) : new Map<string, never>();
    for (const id of missing) {
      const answer = found.get(id);
      if (answer?.type !== 'tree') throw new GitFailure('cat-file', `${id} is not there or no tree`);
      trees.set(id, answer.body);
      this.keep(id, answer.body);
    }
    return trees;
  }

  private keep(id: string, body: Buffer): void {
    if (this.kept.has(id) || body.length > maxKeptBytes / 8) return;
    // A copy, because an answer is a part of a larger piece of memory.
    this.kept.set(id, Buffer.from(body));
    this.bytes += body.length;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= maxKeptBytes) break;
      this.kept.delete(oldest);
      this.bytes -= old.length;
    }
  }
}

/** Entries of a raw tree, in Git's order. Names that are not UTF-8 hold U+FFFD. Throws `GitFailure` for what is no tree. */
export function parseTree(tree: { readonly id: string; readonly body: Buffer }): readonly FolderEntry[] {
  const { id: own, body } = tree;
  const idBytes = own.length / 2;
  const entries: FolderEntry[] = [];
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const zero = space < 0 ? -1 : body.indexOf(0, space);
    const end = zero + 1 + idBytes;
    const mode = body.toString('latin1', at, Math.max(at, space));
    const id = body.toString('hex', zero + 1, end);
    if (zero < 0 || end > body.length || !/^[0-7]{1,7}$/.test(mode) || !isObjectId(id))
      throw new GitFailure('cat-file', `tree ${own} is damaged`);
    entries.push({ ...kindOf(Number.parseInt(mode, 8)), id, name: body.toString('utf8', space + 1, zero) });
    at = end;
  }
  return entries;
}

/** One entry of a raw tree by its name. */
export function entryIn(tree: { readonly id: string; readonly body: Buffer }, name: string): FolderEntry | undefined {
  // Most folders do not hold what is looked for in all of them, and bytes are searched faster than they are parsed.
  if (!tree.body.includes(`${name}\0`)) return undefined;
  return parseTree(tree).find((entry) => entry.name === name);
}

/** Odd modes that old programs wrote mean what Git takes them for. */
function kindOf(mode: number): Pick<FolderEntry, 'mode' | 'type'> {
  const format = mode & 0o170000;
  if (format === 0o040000) return { mode: '040000', type: 'tree' };
  if (format === 0o120000) return { mode: '120000', type: 'blob' };
  if (format === 0o100000) return { mode: mode & 0o100 ? '100755' : '100644', type: 'blob' };
  return { mode: '160000', type: 'commit' };
}
