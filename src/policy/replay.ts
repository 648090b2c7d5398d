import type { RecordedDecision } from '../ledger/decisions';
import { compareEvaluations, type Difference } from './compare';
import { subjectOf } from './context';
import { evaluate, type Evaluation } from './evaluate';
import type { Policy } from './policy';

/** A recorded decision that the second policy would have made otherwise than the first. */
export interface Flip {
  readonly operation: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** `the deploy of checkout v3 to production` */
  readonly subject: string;
  readonly from: Evaluation['verdict'];
  readonly to: Evaluation['verdict'];
  readonly differences: readonly Difference[];
  /** What of the world was not on record when it was judged again. */
  readonly missing: readonly string[];
}

export interface Replay {
  readonly judged: number;
  readonly flips: readonly Flip[];
  /** How many decisions lacked each part of the world. */
  readonly missing: { readonly [part: string]: number };
  /** Decisions made by the first policy's own commit that come out otherwise when they are judged again. */
  readonly unfaithful: readonly string[];
}

/** Puts recorded decisions to two policies, each at its own instant and in its own world. */
export function replay(input: {
  readonly decisions: readonly RecordedDecision[];
  readonly before: Policy;
  readonly after: Policy;
}): Replay {
  const { decisions, before, after } = input;
  const flips: Flip[] = [];
  const missing: Record<string, number> = {};
  const unfaithful: string[] = [];
  for (const decision of decisions) {
    const [old, now] = [judged(decision, before), judged(decision, after)];
    const differences = compareEvaluations(old, now);
    for (const part of decision.missing) missing[part] = (missing[part] ?? 0) + 1;
    if (decision.policyCommit === before.commit && decision.verdict !== old.verdict)
      unfaithful.push(decision.operation);
    if (differences.length === 0) continue;
    flips.push({
      operation: decision.operation,
      at: decision.at,
      subject: subjectOf(decision.request),
      from: old.verdict,
      to: now.verdict,
      differences,
      missing: decision.missing,
    });
  }
  return { judged: decisions.length, flips, missing, unfaithful };
}

function judged({ request, world, facts, missing, at }: RecordedDecision, policy: Policy): Evaluation {
  // Where the world is not whole, the facts of then stand in: they may raise what cannot be computed any more.
  const stands = missing.length > 0 ? declaredIn(policy, facts) : {};
  return evaluate({
    policy,
    request: { ...request, raise: { ...stands, ...request.raise } },
    world,
    now: new Date(at),
  });
}

/** Another policy may declare other facts, or other values of them; of those it knows nothing. */
function declaredIn(policy: Policy, facts: RecordedDecision['facts']): RecordedDecision['facts'] {
  return Object.fromEntries(
    Object.entries(facts).filter(([fact, value]) => policy.facts.get(fact)?.some((known) => known === value)),
  );
}
