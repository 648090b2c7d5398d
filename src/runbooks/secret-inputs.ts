import type { SecretReference } from '../connections/schema';
import type { Json, JsonObject } from '../json';
import { boundInput } from './connection-inputs';
import type { RunbookInput, RunbookStep } from './schema';
import { stepKindOf } from './step-kinds';

/** Inputs that stand for secrets: what was chosen, and where that lies. */
export interface BoundSecrets {
  readonly [input: string]: { readonly name: string; readonly reference: SecretReference };
}

/** The secrets that inputs stand for; of those that nobody has chosen yet, the first: it has the same shape. */
export function secretsIn(
  declared: { readonly [name: string]: RunbookInput },
  inputs?: JsonObject,
  outer: BoundSecrets = {},
): BoundSecrets {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, spec]): [string, BoundSecrets[string]][] => {
      if (spec.type !== 'secret') return [];
      const given = inputs === undefined ? Object.keys(spec.options)[0] : (inputs[name] ?? spec.default);
      if (typeof given !== 'string') return [];
      const bound = boundInput(given);
      // Its own list counts, also for what an outer runbook has chosen by the same name.
      const chosen = bound === undefined ? given : own(outer, bound)?.name;
      const reference = chosen === undefined ? undefined : own(spec.options, chosen);
      return chosen === undefined || reference === undefined ? [] : [[name, { name: chosen, reference }]];
    }),
  );
}

/**
 * The `with` of a call with references where an input stands for a secret. Only keys that take what is written have
 * such places: anywhere else the input is its name, so that nothing about a secret gets into a request.
 */
export function withSecrets(uses: string, given: JsonObject, secrets: BoundSecrets): JsonObject {
  const literal = stepKindOf(uses)?.literal ?? [];
  if (literal.length === 0 || Object.keys(secrets).length === 0) return given;
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, literal.includes(key) ? bind(value, secrets) : value]),
  );
}

/** The same for a whole step: what it does, how it looks, and how it is undone. */
export function bindSecrets(step: RunbookStep, secrets: BoundSecrets): RunbookStep {
  const change = (uses: string, given: RunbookStep['with']): RunbookStep['with'] =>
    given && (withSecrets(uses, given as JsonObject, secrets) as RunbookStep['with']);
  const { find, undo } = step;
  return {
    ...step,
    ...(step.with && { with: change(step.uses, step.with) }),
    ...(find && { find: { ...find, with: change(step.uses, find.with)! } }),
    ...(typeof undo === 'object' && undo.with ? { undo: { ...undo, with: change(undo.uses, undo.with) } } : {}),
  };
}

function bind(value: Json, secrets: BoundSecrets): Json {
  if (typeof value === 'string') {
    const input = boundInput(value);
    const bound = input === undefined ? undefined : own(secrets, input);
    return bound === undefined ? value : { ...bound.reference };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => bind(entry as Json, secrets));
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, entry]) => [key, bind(entry, secrets)]));
}

function own<Value>(map: { readonly [name: string]: Value }, name: string): Value | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
