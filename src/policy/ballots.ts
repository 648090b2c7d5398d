import { digestOf } from '../canonical';
import type { Ballot } from '../approvals/ballot';
import { seatsFor } from './approvals/wanted';
import type { Evaluation } from './evaluate';
import { delegationsAhead } from './members';
import type { Policy } from './policy';
import { quietHoursOf } from './quiet-hours';

/**
 * The ballots that an allowed evaluation opens. Their digests cover the plan's digest and everything a ballot shows, so
 * that a click on anything else changes nothing; equal contents give equal ids.
 */
export function ballotsFor(input: {
  readonly evaluation: Evaluation;
  readonly policy: Policy;
  readonly planDigest: string;
  readonly operationId: string;
  readonly excluded: Ballot['excluded'];
  readonly now: Date;
}): readonly Ballot[] {
  const { evaluation, policy, planDigest, operationId, excluded, now } = input;
  if (evaluation.verdict !== 'allowed') return [];
  const gates = evaluation.gates.filter((gate) => gate.kind === 'approval' && gate.seats.length > 0);
  return gates.flatMap((gate, index) => {
    if (gate.kind !== 'approval') return [];
    const { teams, order, timeoutMs, ladder, oneClick, secondFactor } = gate;
    const shown = {
      rule: gate.rule,
      seats: seatsFor(gate.seats.map(({ team, anyOf, count }) => ({ teams: anyOf ?? [team], count }))),
      teams,
      order,
      excluded,
      delegations: delegationsAhead(policy, { now, aheadMs: timeoutMs + delegationsAheadMs, excluded }),
      timeoutMs,
      ladder,
      oneClick,
      ...(secondFactor ? { secondFactor } : {}),
    };
    const digest = digestOf({ format: 1, operationId, planDigest, ...shown });
    const { quiet: rule } = gate;
    const members = Object.values(teams);
    return [
      {
        id: `b${index + 1}-${digest.slice(0, 8)}`,
        digest,
        ...shown,
        persons: policy.people.aliases,
        ...(rule ? { quiet: quietHoursOf({ rule, policy, teams: members, now, forMs: timeoutMs }) } : {}),
        channels: gate.channels,
      },
    ];
  });
}

/** Votes are counted again right before the first change, which may be long after the ballot was filled. */
const delegationsAheadMs = 7 * 86_400_000;
