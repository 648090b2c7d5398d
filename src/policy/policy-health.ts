import { instantWords } from './context';
import { shortCommit } from './short-commit';

/** What is known of the policy in force without asking anybody. */
export interface PolicyHealth {
  readonly commit: string;
  /** ISO 8601: when its repository was last heard. */
  readonly fetchedAt: string;
  /** Why nobody can rely on it being the newest. */
  readonly problem?: string;
  readonly unreachable: boolean;
  /** A newer commit that does not bind. */
  readonly refused?: { readonly commit: string; readonly because: string; readonly why: string };
  /** The commit before, when history was rewritten since. */
  readonly rewrittenFrom?: string;
}

/** Seconds since the policy's repository was last heard. */
export function policyAge({ fetchedAt }: Pick<PolicyHealth, 'fetchedAt'>, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(fetchedAt)) / 1000));
}

/** Which policy is in force and how old that knowledge is, in one sentence; a rewrite in a second one. */
export function policySentence(
  health: PolicyHealth,
  { now, zone }: { readonly now: Date; readonly zone: string },
): string {
  const age = policyAge(health, now);
  const when = age < 120 ? `${age} s ago` : `${instantWords(new Date(health.fetchedAt), zone)}`;
  const rewritten = health.rewrittenFrom
    ? ` Its history was rewritten: it does not follow ${shortCommit(health.rewrittenFrom)}, which was in force before; whoever owns the policy repository should know why.`
    : '';
  return `The policy in force is commit ${shortCommit(health.commit)}, and its repository was last heard ${when}.${rewritten}`;
}
