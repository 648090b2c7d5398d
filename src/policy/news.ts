import { shortCommit } from './short-commit';

/** What the policy channel was last told. */
export interface PolicyNews {
  /** The commit in force; absent while none is. */
  readonly commit?: string;
  /** The newest commit, when it does not bind, and why not. */
  readonly refused?: { readonly commit: string; readonly why: string };
  /** The newest commit, when it waits for people to approve it. */
  readonly proposed?: string;
  /** The commit in force before, when the one in force does not follow it: history was rewritten. */
  readonly rewrittenFrom?: string;
  /** When the repository last answered, ISO 8601 UTC; set once it has been away for too long. */
  readonly awaySince?: string;
}

/**
 * What people in the policy channel have to hear, a full sentence each: a commit in force, one that does not bind, a
 * repository that is away. Equal news say nothing; the first look says only what is wrong.
 */
export function policyNewsSentences(before: PolicyNews | undefined, after: PolicyNews): readonly string[] {
  return [...refusal(before, after), ...proposal(before, after), ...inForce(before, after), ...reach(before, after)];
}

function refusal(before: PolicyNews | undefined, after: PolicyNews): readonly string[] {
  const { refused, commit } = after;
  if (!refused || (before?.refused?.commit === refused.commit && before.refused.why === refused.why)) return [];
  const stays = commit
    ? `Commit ${shortCommit(commit)} stays in force, and strict environments take no new work until it is mended; rollbacks still work.`
    : 'No policy is in force, so nothing can be started.';
  return [
    `The policy commit ${shortCommit(refused.commit)} does not bind: ${ended(refused.why)} ${stays} Whoever made that commit has to mend it.`,
  ];
}

function proposal(before: PolicyNews | undefined, { proposed, commit }: PolicyNews): readonly string[] {
  if (proposed === undefined || before?.proposed === proposed) return [];
  const stays = commit ? ` Until then ${shortCommit(commit)} stays in force.` : '';
  return [
    `The policy commit ${shortCommit(proposed)} changes what only people may change (policy_changes: gated), so it binds once they have approved it on its card.${stays}`,
  ];
}

function inForce(before: PolicyNews | undefined, after: PolicyNews): readonly string[] {
  const { commit, rewrittenFrom, refused } = after;
  if (!before || commit === undefined) return [];
  if (commit === before.commit)
    return before.refused && !refused
      ? [`The newest policy commit binds again: ${shortCommit(commit)} is in force and nothing is refused any more.`]
      : [];
  const rewritten = rewrittenFrom
    ? ` It does not follow ${shortCommit(rewrittenFrom)}: history was rewritten, and whoever may push to that branch should know why.`
    : '';
  return [`The policy at ${shortCommit(commit)} is in force now; what waits is judged by it from here on.${rewritten}`];
}

function reach(before: PolicyNews | undefined, { awaySince, commit }: PolicyNews): readonly string[] {
  if (awaySince === undefined) return before?.awaySince === undefined ? [] : ['The policy repository answers again.'];
  if (before?.awaySince !== undefined) return [];
  const stays = commit ? `commit ${shortCommit(commit)} stays in force` : 'no policy is in force';
  return [
    `The policy repository has not answered since ${awaySince}, so nobody knows whether something newer binds; ${stays}, and whoever runs Signalbox has to look at POLICY_REPO.`,
  ];
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
