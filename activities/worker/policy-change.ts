import { maxCommits, maxPaths, type PolicyChange } from '../../src/operation/policy-change';
import { isGoverned } from '../../src/policy/governed';
import type { PolicyRepository } from '../adapters/policy-repository';

export type ChangeMirror = Pick<PolicyRepository, 'changedPaths' | 'log' | 'people' | 'relation' | 'resolveRef'>;

/**
 * What a commit changes against the one in force, of what is governed. Undefined when nothing of that differs, or the
 * mirror does not have the commit.
 */
export async function readPolicyChange(input: {
  readonly mirror: ChangeMirror;
  readonly from: string;
  readonly to: string;
  readonly head: string;
  /** Environments of the policy in force: their folders are not governed. */
  readonly environments: readonly string[];
}): Promise<PolicyChange | undefined> {
  const { mirror, from, to, head, environments } = input;
  if ((await mirror.resolveRef(to)) === undefined) return undefined;
  const paths = (await mirror.changedPaths({ from, to })).filter((path) => isGoverned(path, environments));
  if (paths.length === 0) return undefined;
  const [commits, { authors, committers, hasMore }, relation] = await Promise.all([
    mirror.log({ from, to, limit: maxCommits }),
    mirror.people({ from, to, limit: maxLooked }),
    mirror.relation({ from, to }),
  ]);
  return {
    from,
    to,
    head,
    paths: paths.slice(0, maxPaths),
    morePaths: Math.max(0, paths.length - maxPaths),
    authors,
    committers,
    // What was pushed back or rewritten changes what no commit of it says.
    isUnclear: hasMore || relation !== 'follows',
    commits: commits.map(({ commit, subject, authorName }) => ({
      commit,
      subject: subject.slice(0, 120),
      author: authorName,
    })),
  };
}

/** Whoever stands in one of so many commits does not count; a longer range is nobody's everyday change. */
const maxLooked = 1_000;
