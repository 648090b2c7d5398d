import type { CodeAuthor } from '../code/change';
import type { JsonObject } from '../json';

/** What a policy commit changes, as people who approve it have to see it. */
export interface PolicyChange {
  /** The commit in force, whose rules judge the change. */
  readonly from: string;
  readonly to: string;
  /** The newest commit of the policy branch: only that one can be approved. */
  readonly head: string;
  /** Governed paths that differ, at most `maxPaths`. */
  readonly paths: readonly string[];
  readonly morePaths: number;
  /** Everybody who wrote any of it, as Git says: forgeable, so they may only exclude. */
  readonly authors: readonly CodeAuthor[];
  /** Who made its commits: those among them whom policy knows do not count either. */
  readonly committers: readonly CodeAuthor[];
  /** Its commits do not tell who changed what: history was rewritten, moved back, or is too long to look at. */
  readonly isUnclear: boolean;
  /** First lines of its commits, newest first, at most `maxCommits`. */
  readonly commits: readonly { readonly commit: string; readonly subject: string; readonly author: string }[];
}

export const maxPaths = 40;
export const maxCommits = 20;

/**
 * Where policy changes stand in line and in the applied state, as if the policy were a service: one at a time, and the
 * last that succeeded is the newest that was approved. No environment can have this name.
 */
export const policyLane = { service: 'policy', environment: 'policy' } as const;

/** What of a change is part of the plan that people approve. */
export function policyPlanOf({ head: _head, ...change }: PolicyChange): JsonObject {
  return JSON.parse(JSON.stringify({ policy: change })) as JsonObject;
}

/** What the card says of a change. */
export function policyChangeWords({ from, to, paths, morePaths, commits, authors }: PolicyChange): {
  readonly [name: string]: string;
} {
  const more = morePaths > 0 ? ` and ${morePaths} more` : '';
  return {
    from: from.slice(0, 10),
    to: to.slice(0, 10),
    changes: `${paths.join(', ')}${more}`,
    commits: commits.map(({ commit, subject }) => `${commit.slice(0, 10)} ${subject}`).join('; '),
    by: authors.map(({ name, email }) => `${name} (${email})`).join(', ') || 'nobody knows',
  };
}
