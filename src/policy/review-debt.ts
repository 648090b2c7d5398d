import { digestOf } from '../canonical';
import type { Ballot } from '../approvals/ballot';
import type { ReviewDebt } from '../operation/review';
import { parseDuration } from '../runbooks/duration';
import { listed } from './context';
import { unionOf } from './override-ballots';
import type { Policy } from './policy';

const dayMs = 86_400_000;
/** A review does not lapse: it is overdue until somebody closes it. */
const foreverMs = 3_650 * dayMs;

/** What is owed for a break-glass under this policy; nothing where it names nobody who looks at it. */
export function reviewDebtFor(input: {
  readonly policy: Policy;
  readonly planDigest: string;
  readonly operationId: string;
  readonly excluded: Ballot['excluded'];
  /** Channel of the operation's card. */
  readonly channel: string;
  readonly now: Date;
}): ReviewDebt | undefined {
  const { policy, planDigest, operationId, excluded, now } = input;
  const { review_by: reviewBy, within } = policy.file.break_glass ?? {};
  if (!reviewBy) return undefined;
  const team = listed(reviewBy, 'or');
  const shown = {
    purpose: 'review' as const,
    rule: 'break_glass',
    seats: [{ id: `${team}#1`, team }],
    teams: { [team]: unionOf(policy, reviewBy, now) },
    order: 'parallel' as const,
    excluded,
    timeoutMs: foreverMs,
    oneClick: false,
  };
  const digest = digestOf({ format: 1, operationId, planDigest, ...shown });
  const channels = [policy.channels.watch, policy.channels.policy, input.channel];
  return {
    ballot: {
      id: `r-${digest.slice(0, 12)}`,
      digest,
      ...shown,
      persons: policy.people.aliases,
      ladder: [],
      channels: [],
    },
    reviewBy,
    channels: [...new Set(channels.filter((channel) => channel !== undefined))],
    withinMs: (within === undefined ? undefined : parseDuration(within)) ?? dayMs,
  };
}
