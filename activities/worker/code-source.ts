import type { CodeAnswer } from '../../src/code/change';
import type { GitConnection, SecretReference } from '../../src/connections/schema';
import { Refusal } from '../../src/errors';
import { compareLinkOf } from '../../src/policy/source-link';
import type { ServiceCode } from '../../src/policy/policy';
import type { CodeRepository, FoundVersion } from '../adapters/code-repository';
import { GitFailure } from '../adapters/git-process';

/** What is asked about a change of a service. */
export interface CodeQuestion {
  readonly connection: GitConnection;
  readonly code: ServiceCode;
  readonly version: string;
  /** What runs there now; with its commit, where the ledger has it. */
  readonly deployed?: { readonly version: string; readonly commit?: string };
}

export interface CodePatience {
  /** How old an answer of the host may be, ms. A commit's id means the same for ever. */
  readonly maxAgeMs: number;
  /** How long the host may take to answer, ms. 0: it is asked, but nobody waits. */
  readonly waitMs: number;
}

/** Facts about changes from the code repositories of services. */
export interface CodeSource {
  /** Never throws, and never takes much longer than `waitMs`. `later`: the host has to be asked first. */
  changeOf(question: CodeQuestion, patience: CodePatience): Promise<CodeAnswer | { readonly kind: 'later' }>;
  /** The mirror of a repository; nothing is fetched yet. Throws where its token cannot be read. */
  open(connection: Pick<GitConnection, 'url' | 'token'>): Promise<CodeRepository>;
  close(): void;
}

/** Mirrors that are open at once; the one that was asked last stays longest. */
const mostRepositories = 64;

export function createCodeSource(deps: {
  readonly open: (connection: { readonly url: string; readonly token?: string }) => CodeRepository;
  /** Reads the secret that a connection names. */
  readonly secretOf: (reference: SecretReference) => Promise<string>;
  readonly now: () => number;
}): CodeSource {
  const repositories = new Map<string, CodeRepository>();

  const open: CodeSource['open'] = async ({ url, token }) => {
    const secret = token && (await deps.secretOf(token));
    const key = JSON.stringify([url, secret]);
    const repository = repositories.get(key) ?? deps.open({ url, ...(secret !== undefined && { token: secret }) });
    repositories.delete(key);
    repositories.set(key, repository);
    for (const [oldest, other] of [...repositories].slice(0, -mostRepositories)) {
      other.close();
      repositories.delete(oldest);
    }
    return repository;
  };

  return {
    open,
    async changeOf(question, patience) {
      try {
        const repository = await open(question.connection);
        return await new Asking(repository, question).answer(patience, deps.now());
      } catch (error) {
        return { kind: 'unknown', because: `its code repository could not be read: ${wordsOf(error)}`, isAway: true };
      }
    },
    close() {
      for (const repository of repositories.values()) repository.close();
      repositories.clear();
    },
  };
}

type Found = Extract<FoundVersion, { kind: 'found' }>;

class Asking {
  constructor(
    private readonly repository: CodeRepository,
    private readonly question: CodeQuestion,
  ) {}

  async answer({ maxAgeMs, waitMs }: CodePatience, now: number): Promise<CodeAnswer | { readonly kind: 'later' }> {
    const { repository } = this;
    const heardAt = repository.heardAt ?? -Infinity;
    if (maxAgeMs === Infinity || now - heardAt <= maxAgeMs || (await this.isForEver())) {
      const answer = await this.look();
      if (maxAgeMs === Infinity && answer.kind === 'unknown' && repository.heardAt === undefined)
        return { ...answer, because: 'its code repository has not been read yet', isAway: true };
      // What is not there yet may have been pushed a moment ago.
      if (answer.kind === 'known' || maxAgeMs === Infinity || heardAt >= now) return answer;
    }
    const fetching = this.fetchAfter(now);
    fetching.catch(() => undefined);
    if (waitMs <= 0) return { kind: 'later' };
    const isThere = await within(fetching, waitMs);
    if (isThere) return this.look();
    return {
      kind: 'unknown',
      because: `its code repository ${shownUrl(repository.url)} has not answered within ${Math.ceil(waitMs / 1000)} s`,
      isAway: true,
    };
  }

  /** A fetch that was under way already may have looked before the question was asked. */
  private async fetchAfter(now: number): Promise<void> {
    await this.repository.fetch();
    if ((this.repository.heardAt ?? -Infinity) < now) await this.repository.fetch();
  }

  /** Both sides are named by whole commit ids that are here, so that nothing at the host can change what they mean. */
  private async isForEver(): Promise<boolean> {
    const { version, deployed } = this.question;
    const commit = deployed?.commit ?? deployed?.version ?? '';
    return (await this.repository.has(version)) && (await this.repository.has(commit));
  }

  private async look(): Promise<CodeAnswer> {
    const { code, version, deployed } = this.question;
    const found = await this.find(version);
    if (found.kind === 'two') return unknown(`both a branch and a tag of its code repository are called ${version}`);
    if (found.kind === 'none')
      return unknown(`its code repository has no tag, branch or commit called ${this.tagOf(version) ?? version}`);
    if (deployed === undefined) return unknown('no version ran here before, so nobody can say what is new', found);
    const from = await this.commitOf(deployed);
    if (from === undefined) return unknown(`nobody knows the commit of ${deployed.version}, which runs here`, found);
    const range = { from, to: found.commit, ...(code.path === undefined ? {} : { path: code.path }) };
    const compareUrl = compareLinkOf(this.question.connection.url, range);
    return {
      kind: 'known',
      change: {
        ...(await this.repository.difference(range)),
        commit: found.commit,
        ref: found.ref,
        previousCommit: from,
        ...(compareUrl && { compareUrl }),
      },
    };
  }

  private find(version: string): Promise<FoundVersion> {
    const tag = this.tagOf(version);
    return this.repository.find(version, tag === undefined ? {} : { tag });
  }

  private tagOf(version: string): string | undefined {
    return this.question.code.versionTag?.replaceAll('{version}', () => version);
  }

  /** The commit that runs: as recorded, else what its tag or id stands for. A branch has moved on since, so it tells nothing. */
  private async commitOf({ version, commit }: NonNullable<CodeQuestion['deployed']>): Promise<string | undefined> {
    if (commit !== undefined) return (await this.repository.has(commit)) ? commit : undefined;
    const found = await this.find(version);
    return found.kind === 'found' && !found.ref.startsWith('refs/heads/') ? found.commit : undefined;
  }
}

function unknown(because: string, found?: Found): CodeAnswer {
  return { kind: 'unknown', because, isAway: false, ...(found && { commit: found.commit, ref: found.ref }) };
}

/** Whether work ended well in time. Throws what it throws. */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

function shownUrl(url: string): string {
  return url.replace(/:\/\/[^/\s@]*@/g, '://');
}

/** Words of errors that are meant for people; anything else may hold what nobody should read. */
export function wordsOf(error: unknown): string {
  if (error instanceof GitFailure) return error.words;
  if (error instanceof Refusal) return error.message;
  return error instanceof Error && error.name.startsWith('Step') ? error.message : 'Git did not answer';
}
