import type { JsonObject } from '../json';
import { listed, placeOf } from './context';
import type { Evaluation } from './evaluate';
import { factSentences } from './facts';
import { shortCommit } from './short-commit';
import type { Gate, Reason } from './verdict';

/** One sentence of an answer, with the place in the policy that says so. */
export interface ExplainedLine {
  readonly sentence: string;
  /** `policy.yaml:12` */
  readonly place?: string;
  /** The place at the policy's commit, for people to press. */
  readonly url?: string;
}

/** A verdict in sentences, for people who ask the command line. */
export function explainVerdict(evaluation: Evaluation): readonly string[] {
  return explainLines(evaluation).map(({ sentence, place }) => (place ? `${sentence} (${place})` : sentence));
}

/** A verdict in sentences, each with its place. `refusals` are reasons beside the rules, which deny as well. */
export function explainLines(
  evaluation: Evaluation,
  { refusals = [] }: { readonly refusals?: readonly string[] } = {},
): readonly ExplainedLine[] {
  const commit = shortCommit(evaluation.policyCommit);
  const facts = factSentences({ facts: evaluation.facts, notes: evaluation.factNotes }).map(({ message }) => ({
    sentence: message,
  }));
  const refused = refusals.map((sentence) => ({ sentence }));
  if (evaluation.verdict === 'denied' || refusals.length > 0)
    return [
      { sentence: evaluation.verdict === 'denied' ? `Denied by policy ${commit}.` : 'This would be refused.' },
      ...evaluation.reasons.map(lineOf),
      ...refused,
      ...facts,
      ...evaluation.shadow.map(lineOf),
    ];
  const open = evaluation.gates.filter(({ holds }) => !holds);
  const head =
    evaluation.gates.length === 0
      ? `Allowed by policy ${commit}, and nothing has to be waited for.`
      : open.length === 0
        ? `Allowed by policy ${commit}, and every gate holds.`
        : `Allowed by policy ${commit}, once ${open.length === 1 ? 'one gate holds' : `${open.length} gates hold`}.`;
  const gates = evaluation.gates.map((gate) => {
    const line = lineOf(gate);
    return { ...line, sentence: `${gate.holds ? '✓' : '…'} ${line.sentence}${filledWords(gate)}` };
  });
  const said = new Set([...evaluation.gates, ...evaluation.reasons].map(({ message }) => message));
  const rest = evaluation.why.filter(({ rule, message }) => !said.has(message) && !rule.startsWith('fact '));
  const why = rest.map(({ message, source }) => ({ sentence: message, ...(source ? { place: source } : {}) }));
  return [
    { sentence: head },
    ...evaluation.reasons.map(lineOf),
    ...gates,
    ...why,
    ...facts,
    ...evaluation.shadow.map(lineOf),
  ];
}

/** Who fills which seats, of the votes that are known; nothing while nobody does. */
function filledWords(gate: Gate): string {
  const filled = gate.kind === 'approval' ? gate.seats.filter(({ filledBy }) => filledBy.length > 0) : [];
  if (filled.length === 0) return '';
  const seats = filled.map(({ team, count, filledBy }) => {
    const rest = filledBy.length < count ? ` (${filledBy.length} of ${count})` : '';
    return `${team} filled by ${listed(filledBy)}${rest}`;
  });
  return ` So far ${listed(seats)}.`;
}

function lineOf({ message, source }: Pick<Reason, 'message' | 'source'>): ExplainedLine {
  return { sentence: message, ...(source ? { place: placeOf(source) } : {}) };
}

/** What `signalbox policy explain --json` prints. Instants are ISO 8601 UTC. */
export function explainJson(evaluation: Evaluation): JsonObject {
  const gates = evaluation.verdict === 'allowed' ? evaluation.gates : [];
  return {
    verdict: evaluation.verdict,
    reasons: evaluation.reasons.map(({ rule, level, message, source }) => ({
      rule,
      level,
      message,
      ...(source ? { source: { ...source } } : {}),
    })),
    gates: [...gates.map(gateJson), ...laneJson(evaluation)],
    facts: evaluation.facts,
    shadow: evaluation.shadow.map(({ rule, message, source }) => ({ rule, message, source: { ...source } })),
    ...(Object.keys(evaluation.evidence).length > 0 ? { evidence: evaluation.evidence } : {}),
    policyCommit: evaluation.policyCommit,
  };
}

/** Who stands in the lane only Temporal knows; here it is free unless somebody has locked it. */
function laneJson({ lane, ...evaluation }: Evaluation): readonly JsonObject[] {
  if (!lane || evaluation.verdict === 'denied') return [];
  const { service, environment } = lane;
  const holds = evaluation.gates.every(({ rule }) => rule !== 'lock');
  const message = holds
    ? `It enters the lane of ${service} in ${environment}, where one operation runs at a time.`
    : `The lane of ${service} in ${environment} is locked.`;
  return [{ kind: 'lane', rule: 'lane', holds, message, service, environment }];
}

function gateJson(gate: Gate): JsonObject {
  const { kind, rule, holds, message, source } = gate;
  const base = { kind, rule, holds, message, ...(source ? { source: { ...source } } : {}) };
  switch (gate.kind) {
    case 'approval':
      return {
        ...base,
        seats: gate.seats.map(({ team, anyOf, count, filledBy }) => ({
          team,
          ...(anyOf ? { anyOf } : {}),
          count,
          filledBy,
        })),
        order: gate.order,
        timeoutMs: gate.timeoutMs,
        ...(gate.secondFactor ? { secondFactor: gate.secondFactor } : {}),
        ...(gate.rejectedBy ? { rejectedBy: [...gate.rejectedBy] } : {}),
        ...(gate.ladder.length > 0 ? { ladder: gate.ladder.map((rung) => ({ ...rung })) } : {}),
      };
    case 'window':
      return {
        ...base,
        ...(gate.opensAt ? { opensAt: gate.opensAt } : {}),
        ...(gate.closesAt ? { closesAt: gate.closesAt } : {}),
      };
    case 'freeze':
      return { ...base, until: gate.until };
    case 'order':
      return { ...base, ...(gate.opensAt ? { opensAt: gate.opensAt } : {}) };
    case 'override':
      return { ...base, who: gate.who, self: gate.self, ...(gate.until ? { until: gate.until } : {}) };
    case 'prerequisite':
      return base;
  }
}
