import { denial, type Rule } from '../context';
import { shortCommit } from '../short-commit';

/** A policy commit is approved under the rules it wants to change, and only while it is the newest one. */
export const policyChange: Rule = ({ request, world, policy }) => {
  if (request.kind !== 'policy') return {};
  const source = policy.source(['policy_changes']);
  const change = world.policyChange;
  if (!change)
    return denial(
      'policy_changes',
      'This policy commit needs no decision, because nothing that it changes is left to approve: it is in force already, or is no longer on the branch.',
      source,
    );
  if (request.version === undefined)
    return denial(
      'policy_changes',
      'It is not said which commit of the policy this is about, so nobody can approve it; name the commit as the version.',
      source,
    );
  if (change.head === request.version) return {};
  return denial(
    'policy_changes',
    `The policy branch has moved on to ${shortCommit(change.head)}, so this commit needs no decision any more; the newer one is asked for by itself.`,
    source,
  );
};
