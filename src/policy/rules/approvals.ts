import type { Rung, TeamMembers } from '../../approvals/ballot';
import { listed, nameIn, subjectOf, type Context, type Rule } from '../context';
import type { Duty } from '../duty';
import { dependsLine } from '../holding';
import { rosterOf } from '../members';
import type { Approval } from '../policy';
import type { ApprovalGate } from '../verdict';
import { askedFor } from '../approvals/asked';
import { whyAsked } from '../approvals/rule-sets';
import { standOf } from '../approvals/stand';
import { labelOf, wantedWords, widenings, type Wanted } from '../approvals/wanted';

/**
 * Rule sets and duties ask for seats, and all of them are on one ballot, so that one person fills one of them.
 * Break-glass leaves only what is `hard`.
 */
export const approvals: Rule = (context) => {
  // It was approved with the lease; the rule on resources says so.
  if (context.world.leaseEnd !== undefined) return {};
  const asked = askedFor(context);
  if (asked.kind === 'broken') return asked.finding;
  const { rules, wanted, order, duties, unsure, reasons } = asked;
  const why = [
    ...rules.map((rule) => whyAsked(rule, unsure)),
    ...unsure.map(dependsLine),
    ...duties.map(({ rule, because, source }) => ({ rule, message: because, source })),
  ];
  if (wanted.length === 0) return { reasons, why };
  return { reasons, gates: [gate(context, { rules, wanted, order, duties })], why };
};

const defaultTimeoutMs = 86_400_000;
/** Whoever waits for a window may still be rejected, so who is on call is known for longer than a ballot is open. */
const rosterAheadMs = 7 * 86_400_000;

/** One gate of several rules: the shortest time, every step of every ladder, one click only where all say so, a second factor where any does. */
function gate(
  context: Context,
  input: {
    readonly rules: readonly Approval[];
    readonly wanted: readonly Wanted[];
    readonly order: 'parallel' | 'sequence';
    readonly duties: readonly Duty[];
  },
): ApprovalGate {
  const { wanted, order, duties } = input;
  const asking = input.rules.filter(({ seats }) => seats.length > 0);
  const names = asking.length > 0 ? asking.map(({ name }) => name) : duties.map(({ rule }) => rule);
  const timeoutMs = asking.length > 0 ? Math.min(...asking.map((rule) => rule.timeoutMs)) : defaultTimeoutMs;
  const ladder = ladderOf(asking, { wanted, timeoutMs });
  const teams = rosters(context, { wanted, ladder, aheadMs: timeoutMs + rosterAheadMs });
  const { filled, complete, rejectedBy } = standOf(context, { wanted, order, teams });
  const missing = [...new Set(Object.values(teams).flatMap((team) => team.missing ?? []))];
  const because = [...duties.map((duty) => duty.because), ...missing, ...rejectionWords(context, rejectedBy)].join(' ');
  const quiet = context.isBreakGlass
    ? 'none'
    : (asking.find((rule) => rule.quiet !== undefined)?.quiet ?? context.policy.quiet);
  const secondFactor =
    asking.some((rule) => rule.secondFactor) || context.policy.file.second_factor?.approvals === 'required';
  return {
    kind: 'approval',
    rule: names.join(', '),
    holds: complete && rejectedBy.length === 0,
    message: `${listed(names.map((name) => `"${name}"`))} ${names.length > 1 ? 'need' : 'needs'} ${wantedWords(wanted, order)} to approve${order === 'sequence' ? ', in this order' : ''}${secondFactor ? ', with a code from their authenticator' : ''}.${because ? ` ${because}` : ''}`,
    source: asking[0]?.source ?? duties[0]?.source,
    seats: wanted.map(({ teams: anyOf, count }, index) => ({
      team: labelOf(anyOf),
      ...(anyOf.length > 1 ? { anyOf } : {}),
      count,
      filledBy: filled[index] ?? [],
    })),
    teams,
    order,
    timeoutMs,
    ladder,
    ...(quiet === 'none' ? {} : { quiet }),
    channels: [...new Set(asking.flatMap((rule) => rule.channel ?? []))],
    oneClick: !secondFactor && asking.length > 0 && asking.every((rule) => rule.oneClick),
    ...(secondFactor ? { secondFactor } : {}),
    ...(rejectedBy.length > 0 ? { rejectedBy } : {}),
  };
}

function rejectionWords({ policy, request }: Context, rejectedBy: readonly string[]): readonly string[] {
  if (rejectedBy.length === 0) return [];
  const who = listed(rejectedBy.map((account) => nameIn(policy, account)));
  return [
    `${who} ${rejectedBy.length > 1 ? 'have' : 'has'} rejected ${subjectOf(request)}, which ends it whoever else approves; settle it with them and ask again.`,
  ];
}

function ladderOf(
  rules: readonly Approval[],
  { wanted, timeoutMs }: { readonly wanted: readonly Wanted[]; readonly timeoutMs: number },
): readonly Rung[] {
  const others = rules.flatMap(({ ladder }) => ladder.filter((step) => step.does !== 'widen'));
  const rungs = [...others, ...widenings(wanted)].filter(({ afterMs }) => afterMs < timeoutMs);
  const different = new Map(rungs.map((rung) => [JSON.stringify(rung), rung]));
  return [...different.values()].sort((left, right) => left.afterMs - right.afterMs);
}

/** Who every team is that may fill a seat, now or later, or is called for help. */
function rosters(
  { policy, now, service, world }: Context,
  input: { readonly wanted: readonly Wanted[]; readonly ladder: readonly Rung[]; readonly aheadMs: number },
): { readonly [team: string]: TeamMembers } {
  const { wanted, ladder, aheadMs } = input;
  const called = ladder.flatMap((rung) => ('team' in rung ? [rung.team] : []));
  const names = new Set([...wanted.flatMap(({ teams }) => teams), ...called]);
  return Object.fromEntries([...names].map((team) => [team, rosterOf({ policy, now, service, world }, team, aheadMs)]));
}
