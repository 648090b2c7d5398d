import type { JsonObject } from '../json';
import type { Evaluation } from './evaluate';
import type { Gate, Reason } from './verdict';

/** A verdict in sentences, for `why` and for people who ask the command line. */
export function explainVerdict(evaluation: Evaluation, options: { readonly commit?: string } = {}): readonly string[] {
  const commit = (options.commit ?? evaluation.policyCommit).slice(0, 10);
  const facts = evaluation.factNotes.map(
    ({ fact, value, because }) => `${fact} is ${String(value)}, because ${because}.`,
  );
  if (evaluation.verdict === 'denied')
    return [`Denied by policy ${commit}.`, ...evaluation.reasons.map(reasonSentence), ...facts];
  const open = evaluation.gates.filter(({ holds }) => !holds);
  const head =
    evaluation.gates.length === 0
      ? `Allowed by policy ${commit}, and nothing has to be waited for.`
      : open.length === 0
        ? `Allowed by policy ${commit}, and every gate holds.`
        : `Allowed by policy ${commit}, once ${open.length === 1 ? 'one gate holds' : `${open.length} gates hold`}.`;
  const gates = evaluation.gates.map((gate) => `${gate.holds ? '✓' : '…'} ${reasonSentence(gate)}`);
  const said = new Set([...evaluation.gates, ...evaluation.reasons].map(({ message }) => message));
  const rest = evaluation.why.filter(({ rule, message }) => !said.has(message) && !rule.startsWith('fact '));
  const why = rest.map(({ message, source }) => (source ? `${message} (${source})` : message));
  return [head, ...evaluation.reasons.map(reasonSentence), ...gates, ...why, ...facts];
}

function reasonSentence({ message, source }: Pick<Reason, 'message' | 'source'>): string {
  return source ? `${message} (${source.file}:${source.line})` : message;
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
    gates: gates.map(gateJson),
    facts: evaluation.facts,
    policyCommit: evaluation.policyCommit,
  };
}

function gateJson(gate: Gate): JsonObject {
  const { kind, rule, holds, message, source } = gate;
  const base = { kind, rule, holds, message, ...(source ? { source: { ...source } } : {}) };
  switch (gate.kind) {
    case 'approval':
      return {
        ...base,
        seats: gate.seats.map(({ team, count, filledBy }) => ({ team, count, filledBy })),
        order: gate.order,
        timeoutMs: gate.timeoutMs,
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
    case 'prerequisite':
      return base;
  }
}
