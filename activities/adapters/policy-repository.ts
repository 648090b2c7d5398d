import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sha256 } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import { isPolicyDocument } from '../../src/policy/governed';
import { AcceptedStore, writeAside, type AcceptedCommit } from './accepted-commit';
import { GitFailure, openMirror, type Mirror } from './git';
import { fetchMirror, mirrorRefspecs } from './git-fetch';
import { withFileLock } from './git-lock';
import { isObjectId, objectId, refName, remoteUrl, type RemoteUrl } from './git-names';
import { authorsOf, type CommitPeople } from './git-authors';
import { listTree, readObjects, relationOf, sizesOf, type TreeEntry } from './git-objects';
import { findUnsignedIn, firstParents, type SignatureFinding, type SignedRange } from './git-signatures';
import { OnceMore } from './once-more';
import { judgeEntry } from './policy-entry';
import { readFolder, type FolderReading } from './folder-reading';
import { TextCache } from './text-cache';

/** Where the policy ref stood when the remote was last heard from. */
export interface PolicyHead {
  readonly commit: string;
  /** ISO 8601 UTC. */
  readonly fetchedAt: string;
  /** Set when the ref last moved to a commit that does not descend from this one: history was rewritten. */
  readonly rewrittenFrom?: string;
}

export interface PolicyTree {
  /** Path -> text, for every file that the filter chose and that could be read. */
  readonly files: ReadonlyMap<string, { readonly text: string; readonly blob: string }>;
  /** Full sentences about files that were not read; a commit with any of them should not bind. */
  readonly problems: readonly string[];
}

/** One commit, as `log` tells it. Names and addresses of authors are whatever their Git said: forgeable. */
export interface CommitInfo {
  readonly commit: string;
  readonly authorName: string;
  readonly authorEmail: string;
  /** ISO 8601. */
  readonly at: string;
  readonly subject: string;
}

/** A remote repository, read from a bare mirror by object id: nothing is ever checked out. */
export interface PolicyRepository {
  /** Brings the mirror up to date. Throws `Refusal('policy_unreachable')`; what was there before stays readable. */
  fetch(): Promise<PolicyHead>;
  /** Last known head, also after a restart and while the remote is away. */
  head(): Promise<PolicyHead | undefined>;
  /** Reads the chosen files of a commit; the policy documents when no filter is given. */
  readTree(commit: string, filter?: (path: string) => boolean): Promise<PolicyTree>;
  /** One folder of a commit with every file below it, for the tools that steps run. */
  readFolder(ask: { readonly commit: string; readonly folder: string }): Promise<FolderReading>;
  /** Commit of a branch, tag, full ref or whole commit id, as of the last fetch. Throws for malformed names. */
  resolveRef(ref: string): Promise<string | undefined>;
  /** Paths that differ between two commits; `from` absent: all paths of `to`. */
  changedPaths(range: { readonly from?: string; readonly to: string }): Promise<readonly string[]>;
  /** Who stands in the commits reachable from `to` and not from `from`; at most `limit` are looked at. */
  people(range: { readonly from: string; readonly to: string; readonly limit: number }): Promise<CommitPeople>;
  /** Commits reachable from `to` and not from `from`, newest first, that touch `path`; at most `limit`. */
  log(range: {
    readonly from?: string;
    readonly to: string;
    readonly path?: string;
    readonly limit: number;
  }): Promise<readonly CommitInfo[]>;
  /** How `to` stands to `from`: it follows it (also when both are one), it comes before it, or neither. */
  relation(range: { readonly from: string; readonly to: string }): Promise<'follows' | 'precedes' | 'unrelated'>;
  /**
   * The first commit that is reachable from `to`, not from `from`, and signed by none of the signers; `from` absent:
   * only `to` is looked at. Throws `Refusal('policy_unreachable')` when nothing can be verified on this machine.
   */
  findUnsigned(range: SignedRange): Promise<SignatureFinding | undefined>;
  /** First-parent commits between two that touch a file, oldest first, `to` left out. */
  stepsBetween(range: {
    readonly from: string;
    readonly to: string;
    readonly path: string;
  }): Promise<readonly string[]>;
  /** The newest commit that was found usable, kept across restarts and by all processes that share the folder. */
  accepted(): Promise<AcceptedCommit | undefined>;
  /**
   * Keeps what is accepted now, unless another process has kept something else since `before` was read. Answers what
   * is kept then.
   */
  accept(next: AcceptedCommit, before: AcceptedCommit | undefined): Promise<AcceptedCommit>;
  /** Ends what runs beside this process; it is started again by whoever asks later. */
  close(): Promise<void>;
}

export interface PolicyRepositoryOptions {
  readonly url: string;
  /** Branch, tag or full ref that is the law. */
  readonly ref: string;
  /** Folder for the mirror; processes may share it. */
  readonly dataDir: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Longest time of one fetch, ms. */
  readonly timeoutMs?: number;
  /** For https remotes: their access token. */
  readonly token?: string;
  /** Git locks older than this have lost their owner, ms. */
  readonly staleLockMs?: number;
}

/** One file; a policy of text has no reason to be larger (DESIGN section 5). */
const maxFileBytes = 256 * 1024;
/** All files of a commit together. */
const maxTreeBytes = 64 * 1024 * 1024;

/** Checks the settings and opens the mirror lazily: nothing is fetched yet. Throws `Refusal('setting_invalid')`. */
export function openPolicyRepository(options: PolicyRepositoryOptions): PolicyRepository {
  return new Repository(options);
}

class Repository implements PolicyRepository {
  private readonly remote: RemoteUrl;
  private readonly ref: string;
  private readonly folder: string;
  private readonly timeoutMs: number;
  private mirror: Promise<Mirror> | undefined;
  private readonly fetching = new OnceMore(() => this.fetchNow());
  private readonly texts = new TextCache();
  /** Beside the mirror and not in it: a mirror may be thrown away at any time, and what it had accepted may not. */
  private readonly acceptedStore: AcceptedStore;

  constructor(private readonly options: PolicyRepositoryOptions) {
    this.remote = remoteUrl(options.url, 'POLICY_REPO');
    this.ref = refName(options.ref);
    this.folder = resolve(options.dataDir, `policy-${sha256(this.remote.url).slice(0, 12)}.git`);
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.acceptedStore = new AcceptedStore({ file: `${this.folder}.accepted.json`, ref: this.ref });
  }

  fetch(): Promise<PolicyHead> {
    return this.fetching.ask();
  }

  private async fetchNow(): Promise<PolicyHead> {
    const lock = { file: `${this.folder}.lock`, waitMs: this.timeoutMs + 5000, staleMs: 3 * this.timeoutMs + 10_000 };
    try {
      const mirror = await this.open();
      return await withFileLock(lock, async () => {
        await this.fetchInto(mirror);
        return this.moveHead(mirror);
      });
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private async fetchInto(mirror: Mirror): Promise<void> {
    const isBranchOrTag = !/^refs\/(?!heads\/|tags\/)/.test(this.ref);
    const refspecs = isBranchOrTag
      ? mirrorRefspecs
      : [...mirrorRefspecs, `+${this.ref}:refs/mirror/${this.ref.slice(5)}`];
    await fetchMirror(mirror, { refspecs, staleMs: this.options.staleLockMs });
  }

  private async moveHead(mirror: Mirror): Promise<PolicyHead> {
    const commit = await this.lookUp(mirror, this.ref);
    if (commit === undefined)
      throw new Refusal(
        'policy_unreachable',
        `The policy repository ${this.remote.shown} has no branch or tag ${this.ref}; whoever runs Signalbox has to set POLICY_REF to one it has.`,
      );
    const before = await this.readHead();
    const head: PolicyHead = {
      commit,
      fetchedAt: new Date(this.options.now()).toISOString(),
      ...(await this.rewritten(mirror, before, commit)),
    };
    await writeAside(join(this.folder, 'signalbox-head.json'), JSON.stringify({ ref: this.ref, ...head }));
    return head;
  }

  private async rewritten(
    mirror: Mirror,
    before: PolicyHead | undefined,
    commit: string,
  ): Promise<{ rewrittenFrom?: string }> {
    if (!before) return {};
    if (before.commit === commit) return before.rewrittenFrom ? { rewrittenFrom: before.rewrittenFrom } : {};
    if ((await mirror.commitAt(before.commit)) === undefined) return {};
    const [base] = (await mirror.local(['rev-list', '--max-count=1', before.commit, `^${commit}`]))
      .toString()
      .split('\n');
    return base ? { rewrittenFrom: before.commit } : {};
  }

  async head(): Promise<PolicyHead | undefined> {
    const head = await this.readHead();
    if (!head) return undefined;
    return (await (await this.open()).commitAt(head.commit)) === undefined ? undefined : head;
  }

  private async readHead(): Promise<PolicyHead | undefined> {
    try {
      const text = await readFile(join(this.folder, 'signalbox-head.json'), 'utf8');
      const { ref, ...head } = JSON.parse(text) as PolicyHead & { ref: string };
      return ref === this.ref && isObjectId(head.commit) ? head : undefined;
    } catch {
      return undefined;
    }
  }

  async readTree(commit: string, filter: (path: string) => boolean = isPolicyDocument): Promise<PolicyTree> {
    const mirror = await this.open();
    const problems: string[] = [];
    const chosen: TreeEntry[] = [];
    for (const entry of await listTree(mirror, { commit: objectId(commit) })) {
      const verdict = judgeEntry(entry, filter);
      if (verdict.kind === 'problem') problems.push(verdict.sentence);
      if (verdict.kind === 'read') chosen.push(entry);
    }
    const { small, bytes } = await this.measure(mirror, { chosen, problems });
    if (bytes > maxTreeBytes)
      return {
        files: new Map(),
        problems: [...problems, `The files of commit ${commit.slice(0, 10)} are more than 64 MiB together.`],
      };
    const missing = [...new Set(small.map(({ id }) => id))].filter((id) => this.texts.get(id) === undefined);
    const bodies = await readObjects(mirror, missing);
    const files = new Map<string, { text: string; blob: string }>();
    for (const { id, path } of small) {
      const text = this.texts.get(id) ?? textOf(bodies.get(id));
      if (text === undefined) problems.push(`${path} is not valid UTF-8 text.`);
      else files.set(path, { text, blob: id });
    }
    for (const { text, blob } of files.values()) this.texts.keep(blob, text);
    return { files, problems };
  }

  async readFolder(ask: { readonly commit: string; readonly folder: string }): Promise<FolderReading> {
    return readFolder(await this.open(), ask);
  }

  /** Sizes are asked before anything is read, so that nobody makes us hold a large file. */
  private async measure(
    mirror: Mirror,
    { chosen, problems }: { readonly chosen: readonly TreeEntry[]; readonly problems: string[] },
  ): Promise<{ readonly small: readonly TreeEntry[]; readonly bytes: number }> {
    // What was read before is small, and its size is known.
    const unread = chosen.filter(({ id }) => this.texts.get(id) === undefined);
    const sizes = await sizesOf(
      mirror,
      unread.map(({ id }) => id),
    );
    let bytes = 0;
    const small = chosen.filter(({ id, path }) => {
      const size = sizes.get(id) ?? Buffer.byteLength(this.texts.get(id) ?? '');
      if (size > maxFileBytes) problems.push(`${path} has ${Math.ceil(size / 1024)} KiB; at most 256 KiB are read.`);
      else bytes += size;
      return size <= maxFileBytes;
    });
    return { small, bytes };
  }

  async resolveRef(ref: string): Promise<string | undefined> {
    return this.lookUp(await this.open(), refName(ref));
  }

  private async lookUp(mirror: Mirror, ref: string): Promise<string | undefined> {
    if (ref.startsWith('refs/')) return mirror.commitAt(`refs/mirror/${ref.slice(5)}`);
    const named =
      (await mirror.commitAt(`refs/mirror/heads/${ref}`)) ?? (await mirror.commitAt(`refs/mirror/tags/${ref}`));
    return named ?? (isObjectId(ref) ? this.commitOnly(mirror, ref) : undefined);
  }

  /** A tag object's id also leads to a commit; people who name an id mean that very commit. */
  private async commitOnly(mirror: Mirror, id: string): Promise<string | undefined> {
    return (await mirror.commitAt(id)) === id ? id : undefined;
  }

  async changedPaths({ from, to }: { readonly from?: string; readonly to: string }): Promise<readonly string[]> {
    const mirror = await this.open();
    if (from === undefined) return (await listTree(mirror, { commit: to })).map(({ path }) => path);
    const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', objectId(from), objectId(to), '--'];
    return (await mirror.local(args)).toString('utf8').split('\0').filter(Boolean);
  }

  async log(range: {
    readonly from?: string;
    readonly to: string;
    readonly path?: string;
    readonly limit: number;
  }): Promise<readonly CommitInfo[]> {
    const mirror = await this.open();
    const not = range.from === undefined ? [] : [`^${objectId(range.from)}`];
    const path = range.path === undefined ? [] : [`:(literal)${range.path}`];
    const format = '--format=%H%x00%an%x00%ae%x00%aI%x00%s';
    const limit = `--max-count=${Math.max(1, Math.floor(range.limit))}`;
    const args = ['log', '-z', format, limit, '--no-show-signature', objectId(range.to), ...not, '--', ...path];
    const fields = (await mirror.local(args)).toString('utf8').split('\0');
    const commits: CommitInfo[] = [];
    for (let at = 0; at + 4 < fields.length; at += 5) {
      const [commit = '', authorName = '', authorEmail = '', when = '', subject = ''] = fields.slice(at, at + 5);
      commits.push({ commit, authorName, authorEmail, at: when, subject });
    }
    return commits;
  }

  async people({ from, to, limit }: { readonly from: string; readonly to: string; readonly limit: number }) {
    return authorsOf(await this.open(), { revisions: [objectId(to), `^${objectId(from)}`], limit });
  }

  async relation({ from, to }: { readonly from: string; readonly to: string }) {
    const mirror = await this.open();
    if ((await mirror.commitAt(objectId(from))) === undefined) return 'unrelated';
    return relationOf(mirror, { known: from, there: objectId(to) });
  }

  async findUnsigned(range: SignedRange): Promise<SignatureFinding | undefined> {
    try {
      return await findUnsignedIn(await this.open(), range);
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  async stepsBetween({ from, to, path }: { readonly from: string; readonly to: string; readonly path: string }) {
    const steps = await firstParents(await this.open(), { from, to, path });
    return steps.filter((commit) => commit !== to);
  }

  accepted(): Promise<AcceptedCommit | undefined> {
    return this.acceptedStore.read();
  }

  async accept(next: AcceptedCommit, before: AcceptedCommit | undefined): Promise<AcceptedCommit> {
    await this.open();
    return this.acceptedStore.move(next, before);
  }

  async close(): Promise<void> {
    (await this.mirror?.catch(() => undefined))?.close();
  }

  private open(): Promise<Mirror> {
    const { timeoutMs, remote } = this;
    this.mirror ??= openMirror({ folder: this.folder, remote, timeoutMs, token: this.options.token }).catch((error) => {
      this.mirror = undefined;
      throw error;
    });
    return this.mirror;
  }

  private unreachable(error: unknown): unknown {
    if (error instanceof Refusal || !(error instanceof Error)) return error;
    const words = error instanceof GitFailure ? error.words : error.message;
    if (/\bfsck\b|error in (?:tree|commit|blob|tag)|contains '\.git|hasDot|symlink/i.test(words))
      return new Refusal(
        'policy_invalid',
        `The policy repository ${this.remote.shown} sent objects that Git's own check refuses (${words}), so nothing of it was taken over; whoever made that commit has to remove it.`,
        { cause: error },
      );
    return new Refusal(
      'policy_unreachable',
      `The policy repository ${this.remote.shown} could not be read (${words}); whoever runs Signalbox has to check that it is up and that its access is right, then ask again.`,
      { cause: error },
    );
  }
}

function textOf(body: Buffer | undefined): string | undefined {
  if (body === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
