import type { CodeAuthor } from '../../src/code/change';
import { maxCommits, maxPaths, type PolicyChange } from '../../src/operation/policy-change';
import { isGoverned } from '../../src/policy/governed';
import type { CommitInfo, PolicyRepository } from '../adapters/policy-repository';

export type ChangeMirror = Pick<PolicyRepository, 'changedPaths' | 'log'>;

/** What a commit changes against the one in force, of what is governed; undefined when nothing of that differs. */
export async function readPolicyChange(input: {
  readonly mirror: ChangeMirror;
  readonly from: string;
  readonly to: string;
  readonly head: string;
  /** Environments of the policy in force: their folders are not governed. */
  readonly environments: readonly string[];
}): Promise<PolicyChange | undefined> {
  const { mirror, from, to, head, environments } = input;
  const paths = (await mirror.changedPaths({ from, to })).filter((path) => isGoverned(path, environments));
  if (paths.length === 0) return undefined;
  const commits = await mirror.log({ from, to, limit: maxLooked });
  return {
    from,
    to,
    head,
    paths: paths.slice(0, maxPaths),
    morePaths: Math.max(0, paths.length - maxPaths),
    authors: [...new Map(commits.map(authorOf)).values()],
    commits: commits.slice(0, maxCommits).map(({ commit, subject, authorName }) => ({
      commit,
      subject: subject.slice(0, 120),
      author: authorName,
    })),
  };
}

/** Whoever wrote one of so many commits does not count; a longer range is nobody's everyday change. */
const maxLooked = 1_000;

function authorOf({ authorName: name, authorEmail: email }: CommitInfo): readonly [string, CodeAuthor] {
  return [`${name}\0${email}`, { name, email }];
}
