import { ApplicationFailure } from '@temporalio/activity';
import type { VoteRefusal } from '../../src/approvals/ballot';
import type { Asker } from '../../src/operation/asker';
import type { Standing } from '../../src/policy/standing';
import { freshestMs } from './check-vote';
import type { Directory } from './directory';

const standings: { readonly [code in VoteRefusal]?: Standing } = {
  guest: 'guest',
  stranger: 'stranger',
  deactivated: 'deactivated',
  bot: 'bot',
  unknown_person: 'unknown',
};

/** Who this is and which user groups they are in. Throws, to be tried again, when Slack does not say who they are. */
export async function whoIs(
  directory: Directory,
  { user, maxAgeMs = freshestMs }: { readonly user: string; readonly maxAgeMs?: number },
): Promise<Asker> {
  const freshness = { freshMs: freshestMs, fallbackMs: maxAgeMs };
  const status = await directory.person(user, freshness);
  if (status.kind === 'refused') {
    const standing = standings[status.code];
    if (!standing)
      throw ApplicationFailure.retryable(`Slack did not say who ${user} is: ${status.detail}.`, 'SlackAway');
    return { standing, groups: [] };
  }
  return { standing: 'member', groups: await directory.groupsOf(user, freshness) };
}
