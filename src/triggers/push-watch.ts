import type { CodeAuthor } from '../code/change';
import { matchesGlob } from '../code/path-pattern';
import type { GitConnection } from '../connections/schema';
import type { JsonObject } from '../json';
import type { Repository } from '../policy/read-repository';
import { parseDuration } from '../runbooks/duration';
import type { PushTrigger } from '../runbooks/trigger-schema';
import type { Heads } from './push-news';

/** What is watched for a runbook with `on: push`. */
export interface PushWatch extends JsonObject {
  readonly runbook: string;
  /** For people: the name of the connection. */
  readonly repository: string;
  readonly url: string;
  readonly branches: readonly string[];
  readonly paths: readonly string[];
}

/** A branch that stands elsewhere now. */
export interface Moved {
  readonly branch: string;
  readonly commit: string;
  /** Absent: the branch is new. */
  readonly before?: string;
}

/** What lies between the two, as far as it is known. */
export interface Pushed extends Moved {
  readonly authors?: readonly CodeAuthor[];
  /** Files that differ; absent: too many, or a new branch. */
  readonly paths?: readonly string[];
}

export const usualPushEveryMs = 60_000;
export const policyRepositoryName = 'the policy repository';
const mostBranches = 500;

/** What is to be watched under this policy; undefined where the runbook has no such trigger or names what is not there. */
export function pushWatchOf(
  repository: Pick<Repository, 'runbooks' | 'connections'>,
  { runbook, policyUrl }: { readonly runbook: string; readonly policyUrl: string },
): PushWatch | undefined {
  const rule = repository.runbooks.get(runbook)?.document.on?.push;
  const url = rule?.repository === undefined ? policyUrl : connectionOf(repository, rule)?.url;
  if (!rule || url === undefined) return undefined;
  const { branches, paths = [] } = rule;
  return { runbook, repository: rule.repository ?? policyRepositoryName, url, branches, paths };
}

/** The connection that the trigger names; undefined where that is none of a repository. */
export function connectionOf(
  { connections }: Pick<Repository, 'connections'>,
  { repository }: Pick<PushTrigger, 'repository'>,
): GitConnection | undefined {
  const connection = repository === undefined ? undefined : connections.get(repository)?.document;
  return connection?.kind === 'git' ? connection : undefined;
}

export function pushEveryMsOf({ every }: Pick<PushTrigger, 'every'>): number {
  return (every === undefined ? undefined : parseDuration(every)) ?? usualPushEveryMs;
}

/** Those of all branches that are watched, or the full sentence that says why nobody can. */
export function watchedHeads({ branches }: Pick<PushWatch, 'branches'>, all: Heads): Heads | string {
  const watched = Object.entries(all).filter(([name]) => branches.some((pattern) => matchesGlob(name, pattern)));
  if (watched.length > mostBranches)
    return `${watched.length} branches have such names, and at most ${mostBranches} can be watched.`;
  return Object.fromEntries(watched);
}

/** Branches that stand elsewhere than before. One that is gone starts nothing. */
export function movedBetween(before: Heads, now: Heads): readonly Moved[] {
  return Object.entries(now).flatMap(([branch, commit]): readonly Moved[] => {
    const was = Object.hasOwn(before, branch) ? before[branch] : undefined;
    if (was === commit) return [];
    return [{ branch, commit, ...(was !== undefined && { before: was }) }];
  });
}

/** Whether a file that is watched changed; where nobody knows the files, one may have. */
export function concerns({ paths: watched }: Pick<PushWatch, 'paths'>, { paths }: Pick<Pushed, 'paths'>): boolean {
  if (watched.length === 0 || paths === undefined) return true;
  return paths.some((path) => watched.some((pattern) => matchesGlob(path, pattern)));
}
