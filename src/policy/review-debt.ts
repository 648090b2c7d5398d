import { digestOf } from '../canonical';
import type { Ballot } from '../approvals/ballot';
import type { ReviewDebt } from '../operation/review';
import { parseDuration } from '../runbooks/duration';
import { listed } from './context';
import { delegationsAhead, everybodyOf, type MembersOf } from './members';
import type { Policy } from './policy';

const dayMs = 86_400_000;
/** A review does not lapse: it is overdue until somebody closes it. */
const foreverMs = 3_650 * dayMs;

/**
 * What is owed for a break-glass under this policy; nothing where it names nobody who looks at it. It lives for as long
 * as it takes, so it is for everybody of the teams, whoever is on call; where none of them is left, for the operators.
 */
export function reviewDebtFor(
  input: MembersOf & {
    readonly planDigest: string;
    readonly operationId: string;
    readonly excluded: Ballot['excluded'];
    /** Channel of the operation's card. */
    readonly channel: string;
  },
): ReviewDebt | undefined {
  const { policy, planDigest, operationId, excluded, now } = input;
  const { review_by: reviewBy, within } = policy.file.break_glass ?? {};
  if (!reviewBy) return undefined;
  const { team, lastResort, teams } = closersOf(input, reviewBy);
  const shown = {
    purpose: 'review' as const,
    rule: 'break_glass',
    seats: [{ id: `${team}#1`, team, ...(lastResort === undefined ? {} : { anyOf: [team, lastResort] }) }],
    teams,
    order: 'parallel' as const,
    excluded,
    delegations: delegationsAhead(policy, { now, aheadMs: foreverMs, excluded }),
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

/** Those whom policy names as one team, and the operators as another, which may close it when nobody else does. */
function closersOf(about: MembersOf, reviewBy: readonly string[]) {
  const team = listed(reviewBy, 'or');
  const operators = (about.policy.file.operators ?? []).filter((name) => !reviewBy.includes(name));
  const named: Ballot['teams'] = { [team]: everybodyOf(about, reviewBy) };
  if (operators.length === 0) return { team, teams: named };
  const lastResort = `operators (${listed(operators, 'or')})`;
  return { team, lastResort, teams: { ...named, [lastResort]: everybodyOf(about, operators) } };
}

/** Why a review may come to be closed by nobody, in a sentence, if so. */
export function unreviewable(policy: Policy): string | undefined {
  const { review_by: reviewBy, who = [] } = policy.file.break_glass ?? {};
  if (!reviewBy) return undefined;
  const people = (accounts: readonly string[]) => new Set(accounts.map((id) => policy.people.personOf(id)));
  const isStuck = (service?: MembersOf['service']): boolean => {
    const about = { policy, service, now: new Date(0) };
    const { groups, users } = everybodyOf(about, [...reviewBy, ...(policy.file.operators ?? [])]);
    if (groups.length > 0) return false;
    const [closer, ...others] = people(users);
    if (closer === undefined) return true;
    return others.length === 0 && people(everybodyOf(about, who).users).has(closer);
  };
  const stuck = [...policy.services.values()].filter(isStuck).map(({ name }) => name);
  const places = [...stuck.slice(0, 5), ...(isStuck() ? ['work on no service'] : [])];
  if (places.length === 0) return undefined;
  return `a break-glass for ${listed(places, 'or')} could be reviewed by nobody but whoever asked for it, or by nobody at all; name more teams under review_by, or name operators`;
}
