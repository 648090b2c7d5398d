import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refusal } from '../../src/errors';
import { isGoverned } from '../../src/policy/governed';
import { openMirror, type Mirror, type MirrorOptions } from '../adapters/git';
import { isObjectId, isRefName, isRepositoryPath, remoteUrl } from '../adapters/git-names';
import { GitFailure, wordsIn } from '../adapters/git-process';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';

/** How far back a branch is looked at. */
const depth = 1_000;
const maxPushes = 8;
const person = 'Signalbox <signalbox@localhost>';

export interface TreeFile {
  readonly mode: string;
  readonly blob: string;
}

/** What a change makes of the commit at the tip of a branch; undefined when there is nothing to change. */
export type Change = (
  tip: string,
) => Promise<{ readonly tree: string; readonly parents: readonly string[] } | undefined>;

/** Works with a repository of the plan, in a folder of this attempt's own that is removed afterwards. */
export async function inRepository<Result>(
  context: StepContext<{ readonly connection: string }>,
  work: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const { signal, limitMs } = context;
  const connection = context.connection(context.given.connection, 'git');
  const token = connection.token && (await context.secret(connection.token));
  const folder = context.canRun ? (await context.workspace()).root : await mkdtemp(join(tmpdir(), 'signalbox-git-'));
  let mirror: Mirror | undefined;
  try {
    mirror = await openMirror({
      folder: join(folder, 'repository.git'),
      remote: remoteUrl(connection.url, `connections/${connection.name}.yaml`),
      timeoutMs: limitMs,
      ...(token === undefined ? {} : { token }),
      ...(context.canRun ? { talk: guarded(context) } : {}),
    });
    return await work(new Repository(mirror, { name: connection.name, mayWrite: connection.write === true, signal }));
  } catch (error) {
    if (error instanceof Refusal) throw new StepFailed(error.message);
    if (error instanceof GitFailure)
      throw new StepError(`The repository of ${connection.name} failed: ${error.words.replace(/\.$/, '')}.`);
    throw error;
  } finally {
    mirror?.close();
    if (!context.canRun) await rm(folder, { recursive: true, force: true });
  }
}

/** Git under the guard of the step: it ends with the attempt, with its lease and with its runner. */
function guarded(context: StepContext<unknown>): NonNullable<MirrorOptions['talk']> {
  return async ({ fixed, values, env: { PATH: _path, HOME: _home, ...env } }) => {
    const said: string[] = [];
    const end = await context.run({
      program: 'git',
      args: new ProgramArguments(...fixed).rest(values),
      env,
      isPrivate: true,
      onLine: (line, from) => from === 'stderr' && said.length < 100 && said.push(line),
    });
    if (end.code === 0) return end.stdout;
    const words = wordsIn(said.join('\n')) || `it ended with ${end.code}`;
    throw new GitFailure(fixed[0]!, words, 'failed', end.stdout);
  };
}

export class Repository {
  constructor(
    private readonly mirror: Mirror,
    private readonly about: { readonly name: string; readonly mayWrite: boolean; readonly signal: AbortSignal },
  ) {}

  /** Brings the commit here that a branch, a tag or a whole id names. Throws `StepFailed` when there is none. */
  async fetch(ref: string, { whole = false } = {}): Promise<string> {
    this.about.signal.throwIfAborted();
    const full = isObjectId(ref) ? ref : await this.fullRef(ref);
    const kept = 'refs/mirror/fetched';
    await this.mirror.fetch(['--no-tags', ...(whole ? [] : [`--depth=${depth}`])], [`+${full}:${kept}`]);
    const commit = await this.mirror.commitAt(kept);
    if (commit === undefined) throw new StepFailed(`${ref} is no commit of ${this.about.name}.`);
    return commit;
  }

  private async fullRef(name: string): Promise<string> {
    if (!isRefName(name))
      throw new StepFailed(`${JSON.stringify(name.slice(0, 60))} cannot be a branch, tag or commit.`);
    const [branch, tag] = [`refs/heads/${name}`, `refs/tags/${name}`];
    const tips = [await this.mirror.remoteTip(branch), await this.mirror.remoteTip(tag)];
    if (tips[0] !== undefined && tips[1] !== undefined)
      throw new StepFailed(`Both a branch and a tag of ${this.about.name} are called ${name}; name the commit.`);
    if (tips[0] === undefined && tips[1] === undefined)
      throw new StepFailed(`${this.about.name} has no branch and no tag called ${name}.`);
    return tips[0] === undefined ? tag : branch;
  }

  /** The file at a path of a commit; undefined when there is none. Throws `StepFailed` for what is no plain file. */
  async fileAt(commit: string, path: string): Promise<TreeFile | undefined> {
    if (!isRepositoryPath(path)) throw new StepFailed(`${JSON.stringify(path.slice(0, 80))} cannot be a path in Git.`);
    const line = (
      await this.mirror.local(['ls-tree', '-z', '--full-tree', commit, '--', `:(literal)${path}`])
    ).toString();
    const [, mode, type, blob] = /^(\d{6}) (\w+) ([0-9a-f]+)\t/.exec(line) ?? [];
    if (mode === undefined) return undefined;
    if (type !== 'blob' || mode === '120000')
      throw new StepFailed(`${path} of ${this.about.name} is a ${type === 'blob' ? 'link' : type}, not a file.`);
    return { mode, blob: blob! };
  }

  async size(blob: string): Promise<number> {
    return Number((await this.mirror.local(['cat-file', '-s', blob])).toString());
  }

  read(blob: string): Promise<Buffer> {
    return this.mirror.local(['cat-file', 'blob', blob]);
  }

  async write(content: string): Promise<string> {
    return (await this.mirror.local(['hash-object', '-w', '--stdin'], content)).toString().trim();
  }

  /** The tree of a commit with some of its files replaced (undefined: removed). */
  async treeWith(commit: string, files: ReadonlyMap<string, TreeFile | undefined>): Promise<string> {
    const none = '0'.repeat(commit.length);
    await this.mirror.local(['read-tree', commit]);
    const lines = [...files].map(([path, file]) => `${file?.mode ?? '0'} ${file?.blob ?? none}\t${path}\0`);
    await this.mirror.local(['update-index', '-z', '--index-info'], lines.join(''));
    return (await this.mirror.local(['write-tree'])).toString().trim();
  }

  async treeOf(commit: string): Promise<string> {
    return (await this.mirror.local(['rev-parse', '--verify', `${commit}^{tree}`])).toString().trim();
  }

  /** The tree of a merge, or the paths that conflict. */
  async mergeOf(
    into: string,
    from: string,
  ): Promise<{ readonly tree: string } | { readonly conflicts: readonly string[] }> {
    try {
      const out = await this.mirror.local([
        'merge-tree',
        '--write-tree',
        '--no-messages',
        '--name-only',
        '-z',
        into,
        from,
      ]);
      return { tree: out.toString().split('\0')[0]! };
    } catch (error) {
      const [tree, ...paths] = error instanceof GitFailure ? error.output.split('\0') : [];
      if (tree === undefined || !isObjectId(tree)) throw error;
      return { conflicts: [...new Set(paths.filter((path) => path !== ''))] };
    }
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    return (await this.mirror.local(['rev-list', '--max-count=1', older, `^${newer}`, '--'])).length === 0;
  }

  private async changed(from: string, to: string): Promise<readonly string[]> {
    const out = await this.mirror.local(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to]);
    return out
      .toString()
      .split('\0')
      .filter((path) => path !== '');
  }

  /**
   * Puts one commit on a branch, by compare and swap; on a branch that moved meanwhile the change is made anew. A commit
   * with the same key is found instead of made again.
   */
  async push(asked: {
    readonly branch: string;
    readonly message: string;
    readonly key: string;
    readonly whole?: boolean;
    readonly change: Change;
    /** `dry run`: all is looked at, and nothing is pushed. */
    readonly how?: 'dry run';
  }): Promise<{ readonly commit: string; readonly made: boolean }> {
    const { branch, message, key, change, whole, how } = asked;
    const { name, mayWrite } = this.about;
    if (!mayWrite)
      throw new StepFailed(
        `The connection ${name} may not be written; connections/${name}.yaml says "write: true" if it may.`,
      );
    if (!isRefName(branch)) throw new StepFailed(`${JSON.stringify(branch.slice(0, 60))} cannot be a branch.`);
    const ref = `refs/heads/${branch}`;
    for (let attempt = 1; ; attempt++) {
      const old = await this.mirror.remoteTip(ref);
      if (old === undefined) throw new StepFailed(`${name} has no branch ${branch}.`);
      const tip = await this.fetch(old, { whole });
      const trailer = `Signalbox-Operation: ${key}`;
      const found = await this.withTrailer(tip, trailer);
      if (found !== undefined) return { commit: found, made: true };
      const wanted = await change(tip);
      if (wanted === undefined) return { commit: tip, made: false };
      await this.refuseGoverned(tip, wanted.tree);
      if (how === 'dry run') return { commit: tip, made: true };
      const commit = await this.commit({ ...wanted, message: `${message.trim()}\n\n${trailer}\n` });
      try {
        await this.mirror.push({ ref, old: tip, commit });
        return { commit, made: true };
      } catch (error) {
        if (attempt >= maxPushes || (await this.mirror.remoteTip(ref)) === old) throw error;
      }
    }
  }

  private async withTrailer(tip: string, trailer: string): Promise<string | undefined> {
    const args = [
      'log',
      `--max-count=${depth}`,
      '--fixed-strings',
      `--grep=${trailer}`,
      '--format=%H%x00%B%x00',
      tip,
      '--',
    ];
    const parts = (await this.mirror.local(args)).toString().split('\0');
    const at = parts.findIndex((part, index) => index % 2 === 1 && part.trimEnd().split('\n').at(-1) === trailer);
    return at < 0 ? undefined : parts[at - 1]!.trim();
  }

  /** What policy is read from changes by review only, however a connection to its repository is spelt. */
  private async refuseGoverned(tip: string, tree: string): Promise<void> {
    const isPolicy = (await this.fileAt(tip, 'policy.yaml')) !== undefined;
    const paths = await this.changed(tip, tree);
    const governed = paths.filter((path) => path === 'policy.yaml' || (isPolicy && isGoverned(path)));
    if (governed.length > 0)
      throw new StepFailed(
        `${governed.slice(0, 5).join(', ')} of ${this.about.name} is governed by the policy; propose the change for review instead.`,
      );
  }

  private async commit(given: {
    readonly tree: string;
    readonly parents: readonly string[];
    readonly message: string;
  }): Promise<string> {
    const when = `${Math.floor(Date.now() / 1000)} +0000`;
    const lines = [
      `tree ${given.tree}`,
      ...given.parents.map((parent) => `parent ${parent}`),
      `author ${person} ${when}`,
      `committer ${person} ${when}`,
      '',
      given.message,
    ];
    const args = ['hash-object', '-t', 'commit', '-w', '--stdin'];
    return (await this.mirror.local(args, lines.join('\n'))).toString().trim();
  }
}
