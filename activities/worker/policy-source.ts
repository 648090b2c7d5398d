import { formatProblem } from '../../src/documents/read-yaml';
import { Refusal } from '../../src/errors';
import type { PolicyFileText } from '../../src/policy/policy';
import { readRepository, type Repository } from '../../src/policy/read-repository';

/** The policy repository as the worker needs it. */
export interface PolicyMirror {
  fetch(): Promise<{ readonly commit: string; readonly fetchedAt: string }>;
  head(): Promise<{ readonly commit: string; readonly fetchedAt: string } | undefined>;
  readTree(
    commit: string,
  ): Promise<{ readonly files: ReadonlyMap<string, PolicyFileText>; readonly problems: readonly string[] }>;
  /** The newest commit that could be used, kept across restarts. */
  lastGood(): Promise<string | undefined>;
  keepLastGood(commit: string): Promise<void>;
}

/** The policy in force. */
export interface PolicyInForce {
  readonly repository: Repository;
  readonly commit: string;
  /** ISO 8601: when the mirror last heard from its origin. */
  readonly fetchedAt: string;
  /** Set when this is not the newest commit, or nobody knows: why, in words that continue a sentence. */
  readonly problem?: string;
  /** The repository could not be asked: nobody knows whether something newer binds. */
  readonly unreachable: boolean;
}

export interface PolicySource {
  /** The policy in force now. Throws `Refusal` when there is none at all. */
  current(): Promise<PolicyInForce>;
  /** The policy at the commit an operation was pinned to. */
  at(commit: string): Promise<Repository>;
  /** Brings the mirror up to date; never throws. */
  refresh(): Promise<void>;
}

const kept = 8;

/**
 * Reads policy at a commit, once a commit, and keeps the last good one: a newer commit binds only if all of it can be
 * read, and nobody has to guess which is in force.
 */
export function createPolicySource(deps: {
  readonly mirror: PolicyMirror;
  /** How old the mirror may be before it is asked again, ms. */
  readonly freshMs: number;
  readonly now: () => number;
}): PolicySource {
  const { mirror, freshMs, now } = deps;
  const read = new Map<string, Promise<Reading>>();
  let trouble: string | undefined;
  let fetching: Promise<void> | undefined;
  /** Head as of our own last fetch: asking the mirror costs a Git process, which no command may wait for. */
  let fetched: Head | undefined;
  let good: { readonly commit: string; readonly kept: Promise<void> } | undefined;

  const readAt = (commit: string): Promise<Reading> => {
    const known = read.get(commit);
    if (known) return known;
    const reading = readCommit(mirror, commit);
    read.set(commit, reading);
    reading.catch(() => read.delete(commit));
    for (const oldest of [...read.keys()].slice(0, Math.max(0, read.size - kept))) read.delete(oldest);
    return reading;
  };

  const keepGood = (commit: string): Promise<void> => {
    if (good?.commit === commit) return good.kept;
    const keeping = { commit, kept: mirror.keepLastGood(commit) };
    keeping.kept.catch(() => {
      if (good === keeping) good = undefined;
    });
    good = keeping;
    return keeping.kept;
  };

  const refresh = (): Promise<void> => {
    fetching ??= mirror
      .fetch()
      .then(async (head) => {
        fetched = head;
        trouble = undefined;
        // Read now, so that the first command after a push does not wait for it; what is wrong with it is said then.
        await readAt(head.commit).catch(() => undefined);
      })
      .catch((error: unknown) => void (trouble = `the policy repository cannot be reached: ${wordsOf(error)}`))
      .finally(() => void (fetching = undefined));
    return fetching;
  };

  return {
    refresh,

    async current() {
      const before = fetched ?? (await mirror.head());
      if (!before || now() - Date.parse(before.fetchedAt) > freshMs) await refresh();
      const head = fetched ?? (await mirror.head());
      if (!head)
        throw new Refusal(
          'policy_unreachable',
          `No policy could be read, because ${trouble ?? 'the policy repository has no commit'}; whoever runs Signalbox has to look at POLICY_REPO.`,
        );
      const reading = await readAt(head.commit);
      if (reading.ok) {
        await keepGood(head.commit);
        return {
          repository: reading.repository,
          commit: head.commit,
          fetchedAt: head.fetchedAt,
          problem: trouble,
          unreachable: trouble !== undefined,
        };
      }
      return lastGood(head, reading.problem);
    },

    async at(commit) {
      const reading = await readAt(commit);
      if (reading.ok) return reading.repository;
      throw new Refusal('policy_invalid', `The policy at ${commit.slice(0, 10)} cannot be used: ${reading.problem}`);
    },
  };

  async function lastGood(head: { commit: string; fetchedAt: string }, problem: string): Promise<PolicyInForce> {
    const commit = await mirror.lastGood();
    const why = `the newest commit ${head.commit.slice(0, 10)} cannot be used: ${problem}`;
    const reading = commit === undefined ? undefined : await readAt(commit);
    if (commit !== undefined && reading?.ok)
      return { repository: reading.repository, commit, fetchedAt: head.fetchedAt, problem: why, unreachable: false };
    throw new Refusal(
      'policy_invalid',
      `No policy is in force, because ${why}. Whoever made that commit has to mend it.`,
    );
  }
}

interface Head {
  readonly commit: string;
  readonly fetchedAt: string;
}

type Reading =
  { readonly ok: true; readonly repository: Repository } | { readonly ok: false; readonly problem: string };

async function readCommit(mirror: PolicyMirror, commit: string): Promise<Reading> {
  const { files, problems } = await mirror.readTree(commit);
  if (problems.length > 0) return { ok: false, problem: problems.slice(0, 3).join('; ') };
  const result = readRepository({ files, commit });
  if (result.ok) return result;
  const [first] = result.problems;
  const more = result.problems.length > 1 ? ` (and ${result.problems.length - 1} more)` : '';
  return { ok: false, problem: `${first ? formatProblem(first) : 'it has problems'}${more}` };
}

function wordsOf(error: unknown): string {
  return error instanceof Refusal ? error.message : 'Git did not answer';
}
