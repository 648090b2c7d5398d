import { codeownersPlaces, ownersOf } from '../../src/code/codeowners';
import { authorsOf } from './git-authors';
import type { CodeAuthor, CodeChange } from '../../src/code/change';
import type { Mirror } from './git';
import { objectId } from './git-names';
import { readObjects, sizesOf } from './git-objects';
import { GitFailure } from './git-process';
import { entryIn } from './git-trees';

/** A change of more files is not looked at one by one. */
const maxPaths = 2_000;
/** Authors of more commits are not told: nobody reads such a change, and nobody may be overlooked. */
const maxCommits = 2_000;
/** How far back the authors of what runs are looked for. */
const maxEarlierCommits = 10_000;
const maxCodeownersBytes = 256 * 1024;

export interface CommitRange {
  readonly from: string;
  readonly to: string;
  /** Folder of the repository; absent: all of it. */
  readonly path?: string;
}

export type CodeDifference = Omit<CodeChange, 'commit' | 'ref' | 'previousCommit' | 'compareUrl'>;

/**
 * What lies between two commits that are in the mirror. Every part is bounded in time and size; one that takes too long
 * or is too large is absent, and `isWhole` says whether all of them are there.
 */
export async function differenceOf(
  mirror: Mirror,
  range: CommitRange,
): Promise<{ readonly difference: CodeDifference; readonly isWhole: boolean }> {
  const parts = new Parts();
  const [paths, lines, commits, authors, isStepBack] = await Promise.all([
    parts.take(() => pathsIn(mirror, range)),
    parts.take(() => linesIn(mirror, range)),
    parts.take(() => countIn(mirror, range)),
    parts.take(() => authorsIn(mirror, range)),
    parts.take(() => comesBefore(mirror, range)),
  ]);
  const firstByAuthor = authors && (await parts.take(() => anyIsNew(mirror, range, authors)));
  const few = paths && paths.length <= maxPaths ? paths : undefined;
  const codeowners = few && (await parts.take(() => codeownersOf(mirror, range, few)));
  return {
    difference: {
      ...(paths && { filesChanged: paths.length }),
      ...(few && { paths: few }),
      ...lines,
      ...(commits !== undefined && { commits }),
      ...(authors && { authors }),
      ...(isStepBack !== undefined && { isStepBack }),
      ...(firstByAuthor !== undefined && { firstByAuthor }),
      ...(codeowners && { codeowners }),
    },
    isWhole: parts.isWhole,
  };
}

/** Questions of which one may fail without the others. */
class Parts {
  isWhole = true;

  async take<Answer>(ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      this.isWhole = false;
      return undefined;
    }
  }
}

/** Files that differ. A renamed one is two: what was there and what is there now. */
async function pathsIn(mirror: Mirror, { from, to, path }: CommitRange): Promise<readonly string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', objectId(from), objectId(to), '--'];
  return (await mirror.local([...args, ...limited(path)])).toString('utf8').split('\0').filter(Boolean);
}

/** Lines of text that differ; files that are no text have none. */
async function linesIn(
  mirror: Mirror,
  { from, to, path }: CommitRange,
): Promise<{ readonly linesAdded: number; readonly linesRemoved: number }> {
  const how = ['-r', '-z', '--numstat', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const out = await mirror.local(['diff-tree', ...how, objectId(from), objectId(to), '--', ...limited(path)]);
  let [linesAdded, linesRemoved] = [0, 0];
  for (const [, added, removed] of out.toString('utf8').matchAll(/(?:^|\0)(\d+)\t(\d+)\t/g)) {
    linesAdded += Number(added);
    linesRemoved += Number(removed);
  }
  return { linesAdded, linesRemoved };
}

/** Commits that `to` has and `from` has not. `--full-history` finds those that a merge undid as well. */
async function countIn(mirror: Mirror, { from, to, path }: CommitRange): Promise<number> {
  const args = ['rev-list', '--count', '--full-history', objectId(to), `^${objectId(from)}`, '--', ...limited(path)];
  return Number((await mirror.local(args)).toString('latin1'));
}

async function authorsIn(mirror: Mirror, { from, to, path }: CommitRange): Promise<readonly CodeAuthor[] | undefined> {
  const revisions = [objectId(to), `^${objectId(from)}`];
  const { authors, hasMore } = await authorsOf(mirror, { revisions, path, limit: maxCommits });
  return hasMore ? undefined : authors;
}

/** Whether one of some authors has written nothing of what runs; undefined when too much runs to be sure. */
async function anyIsNew(
  mirror: Mirror,
  { from, path }: CommitRange,
  authors: readonly CodeAuthor[],
): Promise<boolean | undefined> {
  if (authors.length === 0) return false;
  const earlier = await authorsOf(mirror, { revisions: [objectId(from)], path, limit: maxEarlierCommits });
  const known = new Set(earlier.authors.map(({ email }) => email.toLowerCase()));
  const isNew = authors.some(({ email }) => !known.has(email.toLowerCase()));
  return isNew && earlier.hasMore ? undefined : isNew;
}

async function comesBefore(mirror: Mirror, { from, to }: CommitRange): Promise<boolean> {
  if (from === to) return false;
  const args = ['rev-list', '--max-count=1', objectId(to), `^${objectId(from)}`, '--'];
  return (await mirror.local(args)).length === 0;
}

/**
 * Owners of some paths. The file of what runs counts, so that a change does not choose its own approvers; the change's
 * own only where there was none before. A link in its place is not followed, and then nobody is known to own anything.
 */
async function codeownersOf(
  mirror: Mirror,
  { from, to }: CommitRange,
  paths: readonly string[],
): Promise<readonly string[] | undefined> {
  for (const commit of [from, to]) {
    for (const place of codeownersPlaces) {
      const entry = await entryAt(mirror, commit, place);
      if (!entry) continue;
      if (entry.mode !== '100644' && entry.mode !== '100755') return undefined;
      if (((await sizesOf(mirror, [entry.id])).get(entry.id) ?? Infinity) > maxCodeownersBytes) return undefined;
      const text = (await readObjects(mirror, [entry.id])).get(entry.id)?.toString('utf8');
      return text === undefined ? undefined : ownersOf({ text, paths });
    }
  }
  return undefined;
}

async function entryAt(mirror: Mirror, commit: string, path: string) {
  const names = path.split('/');
  let tree = await mirror.trees.rootOf(commit);
  for (const [index, name] of names.entries()) {
    const body = (await mirror.trees.read([tree])).get(tree)!;
    const entry = entryIn({ id: tree, body }, name);
    if (!entry || index === names.length - 1) return entry;
    if (entry.type !== 'tree') return undefined;
    tree = entry.id;
  }
  return undefined;
}

function limited(path: string | undefined): readonly string[] {
  return path === undefined ? [] : [`:(top,literal)${path}`];
}
