import { resolve } from 'node:path';
import { sha256 } from '../../src/canonical';
import { differenceOf, type CodeDifference, type CommitRange } from './code-changes';
import { openMirror, type Mirror } from './git';
import { fetchMirror, mirrorRefspecs } from './git-fetch';
import { withFileLock } from './git-lock';
import { isObjectId, isRefName, remoteUrl, type RemoteUrl } from './git-names';

/** What a version is called at the host, and what it stands for there. */
export type FoundVersion =
  | { readonly kind: 'found'; readonly commit: string; readonly ref: string }
  | { readonly kind: 'none' }
  /** A branch and a tag have the name, so nobody can say which is meant. */
  | { readonly kind: 'two' };

/** A service's code, read from a bare mirror: nothing is ever checked out or run. */
export interface CodeRepository {
  readonly url: string;
  /** Epoch ms when a fetch that has ended well began; undefined when this process has not heard from the host yet. */
  readonly heardAt: number | undefined;
  /** Brings the mirror up to date; one that is under way is joined. Throws what Git said. */
  fetch(): Promise<void>;
  /** A tag, branch, whole commit id or the beginning of one, as of the last fetch; with `tag`, the tag of that name. */
  find(version: string, options?: { readonly tag?: string }): Promise<FoundVersion>;
  has(commit: string): Promise<boolean>;
  /** Tips of all branches, as of the last fetch. */
  heads(): Promise<{ readonly [branch: string]: string }>;
  /** Equal questions are answered once: what lies between two commits never changes. */
  difference(range: CommitRange): Promise<CodeDifference>;
  close(): void;
}

export interface CodeRepositoryOptions {
  readonly url: string;
  /** Folder for the mirror. */
  readonly dataDir: string;
  readonly token?: string;
  readonly now: () => number;
  /** Longest time of a fetch, ms. The first one of a large repository takes long. */
  readonly fetchMs?: number;
  /** Longest time of one question about a change, ms. */
  readonly askMs?: number;
}

/** Names of a change's files and authors are less than that. */
const maxAnswerBytes = 32 * 1024 * 1024;
const keptDifferences = 50;
const headsFolder = 'refs/mirror/heads/';

/** Checks the address and opens the mirror lazily: nothing is fetched yet. Throws `Refusal('setting_invalid')`. */
export function openCodeRepository(options: CodeRepositoryOptions): CodeRepository {
  return new Repository(options);
}

class Repository implements CodeRepository {
  heardAt: number | undefined;
  private readonly remote: RemoteUrl;
  private readonly folder: string;
  private mirror: Promise<Mirror> | undefined;
  private fetching: Promise<void> | undefined;
  private readonly differences = new Map<string, Promise<CodeDifference>>();

  constructor(private readonly options: CodeRepositoryOptions) {
    this.remote = remoteUrl(options.url, 'The address of the code repository');
    this.folder = resolve(options.dataDir, `code-${sha256(this.remote.url).slice(0, 12)}.git`);
  }

  get url(): string {
    return this.remote.url;
  }

  fetch(): Promise<void> {
    this.fetching ??= this.fetchNow().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async fetchNow(): Promise<void> {
    const began = this.options.now();
    const { fetchMs } = this;
    const mirror = await this.open();
    const lock = { file: `${this.folder}.lock`, waitMs: fetchMs + 5000, staleMs: 3 * fetchMs + 10_000 };
    await withFileLock(lock, () => fetchMirror(mirror, { refspecs: mirrorRefspecs }));
    this.heardAt = began;
  }

  async find(version: string, { tag }: { readonly tag?: string } = {}): Promise<FoundVersion> {
    const mirror = await this.open();
    const at = async (folder: string, name: string): Promise<FoundVersion> => {
      const commit = isRefName(name) ? await mirror.commitAt(`refs/mirror/${folder}/${name}`) : undefined;
      return commit === undefined ? { kind: 'none' } : { kind: 'found', commit, ref: `refs/${folder}/${name}` };
    };
    const tagged = await at('tags', tag ?? version);
    const branch: FoundVersion = tag === undefined ? await at('heads', version) : { kind: 'none' };
    if (tagged.kind === 'found' && branch.kind === 'found' && tagged.commit !== branch.commit) return { kind: 'two' };
    if (tagged.kind === 'found') return tagged;
    if (branch.kind === 'found') return branch;
    // A tag object has an id too; whoever names an id means a commit.
    const commit = /^[0-9a-f]{7,64}$/.test(version) ? await mirror.commitAt(version) : undefined;
    return commit?.startsWith(version) ? { kind: 'found', commit, ref: commit } : { kind: 'none' };
  }

  async has(commit: string): Promise<boolean> {
    return isObjectId(commit) && (await (await this.open()).commitAt(commit)) === commit;
  }

  async heads(): Promise<{ readonly [branch: string]: string }> {
    const format = '--format=%(objectname) %(refname)';
    const lines = (await (await this.open()).local(['for-each-ref', format, headsFolder])).toString('utf8').split('\n');
    return Object.fromEntries(
      lines
        .filter(Boolean)
        .map((line) => [line.slice(line.indexOf(' ') + 1 + headsFolder.length), line.split(' ')[0]!]),
    );
  }

  async difference(range: CommitRange): Promise<CodeDifference> {
    const key = [range.from, range.to, range.path ?? ''].join(' ');
    const known = this.differences.get(key);
    if (known) return known;
    const asking = this.open().then((mirror) => differenceOf(mirror, range));
    const difference = asking.then((answer) => answer.difference);
    this.differences.set(key, difference);
    const forget = () => void this.differences.delete(key);
    asking.then(({ isWhole }) => (isWhole ? undefined : forget()), forget);
    for (const oldest of [...this.differences.keys()].slice(0, -keptDifferences)) this.differences.delete(oldest);
    return difference;
  }

  close(): void {
    void this.mirror?.then(
      (mirror) => mirror.close(),
      () => undefined,
    );
  }

  private get fetchMs(): number {
    return this.options.fetchMs ?? 600_000;
  }

  private open(): Promise<Mirror> {
    const { folder, remote, fetchMs } = this;
    this.mirror ??= openMirror({
      folder,
      remote,
      timeoutMs: fetchMs,
      token: this.options.token,
      localTimeoutMs: this.options.askMs ?? 10_000,
      maxLocalBytes: maxAnswerBytes,
    }).catch((error) => {
      this.mirror = undefined;
      throw error;
    });
    return this.mirror;
  }
}
