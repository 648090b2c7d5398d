import { digestOf } from '../canonical';
import type { Ballot } from '../approvals/ballot';
import { membersOf } from './context';
import type { Evaluation } from './evaluate';
import type { Policy } from './policy';

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
    const shown = {
      rule: gate.rule,
      seats: gate.seats.flatMap(({ team, count }) =>
        Array.from({ length: count }, (_, seat) => ({ id: `${team}#${seat + 1}`, team })),
      ),
      teams: Object.fromEntries(gate.seats.map(({ team }) => [team, membersOf(policy, team, now)])),
      order: gate.order,
      excluded,
      timeoutMs: gate.timeoutMs,
      oneClick: gate.oneClick,
    };
    const digest = digestOf({ format: 1, operationId, planDigest, ...shown });
    return [
      {
        id: `b${index + 1}-${digest.slice(0, 8)}`,
        digest,
        ...shown,
        persons: policy.people.aliases,
        remindAfterMs: gate.remindAfterMs,
        ...(gate.channel ? { channel: gate.channel } : {}),
      },
    ];
  });
}
