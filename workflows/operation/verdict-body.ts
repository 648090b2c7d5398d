import type { JsonObject } from '../../src/json';
import type { Admission, Judgement } from '../../src/operation/judgement';

type Denied = Extract<Admission | Judgement, { kind: 'denied' }>;
type Allowed = Extract<Judgement, { kind: 'allowed' }>;

/** What the record says of a verdict: enough to ask any other policy the same question later. */
export function verdictBody(verdict: Denied | Allowed): JsonObject {
  if (verdict.kind === 'denied')
    return {
      verdict: 'denied',
      reasons: [...verdict.reasons],
      policyCommit: verdict.policyCommit ?? null,
      evidence: verdict.evidence ?? {},
      basis: verdict.basis ?? null,
    };
  return {
    verdict: 'allowed',
    policyCommit: verdict.policyCommit,
    digest: verdict.plan.digest,
    facts: verdict.facts,
    evidence: verdict.evidence ?? {},
    ballots: [...verdict.ballots, ...(verdict.overrides ?? [])].map(({ id, digest, rule }) => ({ id, digest, rule })),
    gates: verdict.gates.map(({ kind, holds, message }) => ({ kind, holds, message })),
    shadow: (verdict.shadow ?? []).map(({ rule, message, source }) => ({ rule, message, source: { ...source } })),
    basis: verdict.basis ?? null,
  };
}
