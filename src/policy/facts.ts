import { evaluate as evaluateCondition } from '../expressions/cel';
import type { Json, JsonObject } from '../json';
import { denial, placeOf, type Finding } from './context';
import { didYouMean } from '../documents/nearest';
import { isPreview, type FactValues } from './names';
import type { Policy } from './policy';
import type { PolicyRequest, World } from './request';

export interface FactNote {
  readonly fact: string;
  /** What the fact became by it: the last note of a fact has its value. */
  readonly value: Json;
  readonly because: string;
}

export interface ComputedFacts {
  readonly facts: JsonObject;
  /** Where every fact that is not at its weakest comes from: everything that raised it, one after the other. */
  readonly notes: readonly FactNote[];
  /**
   * Fields of `change` that follow from what is looked up only after the first verdict: facts, which are at their
   * strictest until then, and `authors_known`.
   */
  readonly later: ReadonlySet<string>;
  /** Facts that the request raises and cannot. */
  readonly finding: Finding;
}

/**
 * Computes the declared facts, in the order of their rules; each starts at its weakest value and only ever rises. A
 * rule that cannot be evaluated sets its facts to their strictest value. A request may raise a fact, never lower it.
 */
export function computeFacts(input: {
  readonly policy: Policy;
  readonly request: PolicyRequest;
  readonly world: Pick<World, 'plan' | 'measured' | 'isChangeLater'>;
  /** Variables without facts; `change` is completed with the facts found so far. */
  readonly variables: JsonObject;
}): ComputedFacts {
  const { policy, request } = input;
  const state = new FactState(policy.facts);
  // Made anew only when a fact rises: the next rule then sees it.
  let variables = withFacts(input.variables, state.facts());
  const { plan, isChangeLater = plan === undefined } = input.world;
  // Who wrote it is looked up with the change.
  const later = new Set<string>(isChangeLater && request.authors === undefined ? ['authors_known'] : []);
  for (const rule of policy.factRules) {
    const answer = rule.when
      ? evaluateCondition(rule.when, variables, { zone: policy.timezone, unchanging: true })
      : { ok: true as const, value: true };
    const paths = rule.when?.paths ?? [];
    const isLater = !answer.ok && isPreview(paths, input.world);
    if (isLater || readsAny(paths, later)) for (const fact of Object.keys(rule.set)) later.add(fact);
    if (answer.ok && answer.value !== true) continue;
    const place = placeOf(rule.source);
    let rose = false;
    for (const [fact, value] of Object.entries(rule.set)) {
      const raised = answer.ok
        ? state.raise(fact, value, rule.when ? `${rule.when.source} (${place})` : `always (${place})`)
        : state.raise(fact, state.strictest(fact), `its rule at ${place} could not be evaluated: ${answer.message}`);
      rose ||= raised;
    }
    if (rose) variables = withFacts(input.variables, state.facts());
  }
  const refusals = Object.entries(request.raise ?? {}).flatMap(([fact, value]) => {
    const values = policy.facts.get(fact);
    // Commands carry text, so `true` may come as a word.
    const wanted = values?.find((candidate) => candidate === value || String(candidate) === value);
    if (wanted !== undefined) {
      state.raise(fact, wanted, 'the requester raised it');
      return [];
    }
    // A fact that is not is nothing to raise: whatever it was meant to be called, nothing gets stricter by it.
    if (values === undefined && (value === false || value === 'false')) return [];
    return refusal({ fact, value, values, known: [...policy.facts.keys()] }).reasons ?? [];
  });
  return { facts: state.facts(), notes: state.notes, later, finding: { reasons: refusals } };
}

/** Whether a condition reads one of some facts. */
function readsAny(paths: readonly string[], facts: ReadonlySet<string>): boolean {
  return paths.some((path) => path.startsWith('change.') && facts.has(path.slice('change.'.length)));
}

/** `risk_level is high, because …`: what each note says. What raised a fact on the way to its value says `at least`. */
export function factSentences({ facts, notes }: Pick<ComputedFacts, 'facts' | 'notes'>): readonly {
  readonly fact: string;
  readonly message: string;
}[] {
  return notes.map(({ fact, value, because }) => ({
    fact,
    message: `${fact} is ${facts[fact] === value ? '' : 'at least '}${String(value)}, because ${because}.`,
  }));
}

/** Variables with the facts as fields of `change`. */
export function withFacts(variables: JsonObject, facts: JsonObject): JsonObject {
  return { ...variables, change: { ...(variables.change as JsonObject), ...facts } };
}

function refusal(input: {
  readonly fact: string;
  readonly value: Json;
  readonly values?: FactValues;
  readonly known: readonly string[];
}): Finding {
  const { fact, value, values, known } = input;
  const hint = values
    ? `it is one of ${values.join(', ')}`
    : (didYouMean(fact, known) ?? `facts are declared in policy.yaml (${known.join(', ') || 'none so far'})`);
  return denial(
    'facts',
    `The fact ${fact} cannot be raised to ${JSON.stringify(value)}, because policy declares no such value (${hint}); ask again with a declared one.`,
  );
}

class FactState {
  readonly notes: FactNote[] = [];
  private readonly values = new Map<string, string | boolean>();

  constructor(private readonly declared: ReadonlyMap<string, FactValues>) {
    for (const [fact, values] of declared) this.values.set(fact, values[0]!);
  }

  /** Whether it rose. */
  raise(fact: string, value: string | boolean, because: string): boolean {
    const order = this.declared.get(fact) ?? [];
    const before = this.values.get(fact)!;
    // One more reason for what the fact is already is a reason too; one for less is none.
    if (value === before && value !== order[0]) this.notes.push({ fact, value, because });
    if (order.indexOf(value) <= order.indexOf(before)) return false;
    this.values.set(fact, value);
    this.notes.push({ fact, value, because });
    return true;
  }

  strictest(fact: string): string | boolean {
    return this.declared.get(fact)!.at(-1)!;
  }

  facts(): JsonObject {
    return Object.fromEntries(this.values);
  }
}
