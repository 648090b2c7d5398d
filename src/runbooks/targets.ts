import type { Json, JsonObject } from '../json';
import type { PlanStep, Scope } from '../operation/plan';
import { evaluateSource, fillTemplates, type Variables } from './expressions';
import { maxTargets } from './kinds/foreach';

/** One target of a `foreach`: what its steps see, and its name on cards and in idempotency keys. */
export interface Target {
  readonly key: string;
  readonly value: Json;
}

export type Targets =
  | { readonly ok: true; readonly targets: readonly Target[] }
  /** A full sentence. */
  | { readonly ok: false; readonly message: string };

/**
 * The targets of a list. Their names are what `key` says, else the target itself or its `name` or `id`; two targets of
 * one name are a refusal, because one of them would pass for done. An empty list is one, too, unless it may be empty.
 */
export function targetsOf(input: {
  readonly list: Json;
  readonly name: string;
  readonly as: string;
  readonly key?: string;
  readonly mayBeEmpty: boolean;
  readonly variables: Variables;
}): Targets {
  const { list, name, as, key, variables } = input;
  const wrong = (message: string): Targets => ({ ok: false, message });
  if (!Array.isArray(list)) return wrong(`“${name}” needs a list and got something else.`);
  const items = list as readonly Json[];
  if (items.length === 0 && !input.mayBeEmpty)
    return wrong(`“${name}” has no target, and doing nothing is no success; write "empty: ok" if it may be one.`);
  if (items.length > maxTargets)
    return wrong(`“${name}” has ${items.length} targets and at most ${maxTargets} are possible; split the list.`);
  const targets: Target[] = [];
  const seen = new Set<string>();
  for (const [index, value] of items.entries()) {
    const told = key === undefined ? ownKey(value) : toldKey(key, { ...variables, [as]: value });
    if (told === undefined)
      return wrong(`Target ${index + 1} of “${name}” has no name; give the foreach a "key" that tells one.`);
    if (seen.has(told)) return wrong(`“${name}” has two targets called ${told}.`);
    seen.add(told);
    targets.push({ key: told, value });
  }
  return { ok: true, targets };
}

function ownKey(value: Json): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return keyText(String(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { name, id } = value as { readonly name?: Json; readonly id?: Json };
  return ownKey(typeof name === 'object' ? null : (name ?? id ?? null));
}

function toldKey(source: string, variables: Variables): string | undefined {
  const told = evaluateSource(source, variables);
  return told.ok && typeof told.value !== 'object' ? keyText(String(told.value)) : undefined;
}

function keyText(text: string): string | undefined {
  return text === '' || text.length > 200 ? undefined : text;
}

/** What is known of a plan before anything runs. */
interface Known {
  readonly scopes: { readonly [scope: string]: Scope };
  readonly resolve: JsonObject;
  readonly service: JsonObject;
  readonly environment: JsonObject;
}

/** What is wrong with lists that are known before anything runs: those of inputs and of what `resolve` found. */
export function targetProblems(steps: readonly PlanStep[], known: Known): readonly string[] {
  return steps.flatMap((step) => {
    const targets = step.if === undefined ? knownTargets(step, known) : undefined;
    return !targets || targets.ok ? [] : [targets.message];
  });
}

/** The step with the number of its targets in its name, where that is known: people approve how many. */
export function countTargets(step: PlanStep, known: Known): PlanStep {
  const targets = knownTargets(step, known);
  if (!targets?.ok) return step;
  const count = targets.targets.length;
  return { ...step, name: `${step.name} (${count} target${count === 1 ? '' : 's'})` };
}

/** Undefined where only a run can tell. */
function knownTargets(step: PlanStep, { scopes, resolve, service, environment }: Known): Targets | undefined {
  const scope = scopes[step.scope];
  if (step.control !== 'foreach' || !scope || scope.from !== undefined) return undefined;
  const variables: Variables = {
    inputs: scope.inputs,
    resolve: Object.fromEntries(Object.entries(resolve).map(([id, outputs]) => [id, { outputs }])),
    service,
    environment,
  };
  const filled = fillTemplates(step.with.in ?? null, variables);
  if (!filled.ok) return undefined;
  const { as = 'item', key, empty } = step.with;
  return targetsOf({
    list: filled.value,
    name: step.name,
    as: String(as),
    ...(typeof key === 'string' ? { key } : {}),
    mayBeEmpty: empty === 'ok',
    variables,
  });
}
