import { digestOf } from '../../src/canonical';
import type { Json, JsonObject } from '../../src/json';
import { inputsKey, type Plan } from '../../src/operation/plan';
import type { RunStepInput } from '../../src/operation/runner-ports';
import type { Variables } from '../../src/runbooks/expressions';
import { isLate, resolveScope } from '../../src/runbooks/scope';

/** What expressions see: the inputs of a scope, the outputs of the steps in it, and the targets of lists. */
export function variablesOf(spec: {
  readonly plan: Plan;
  readonly input: RunStepInput;
  /** Key into `Plan.scopes`. */
  readonly scope: string;
  /** The targets of lists, by the names that steps have for them. */
  readonly items: JsonObject;
}): Variables {
  const { plan, input, scope, items } = spec;
  const found = outputsInScope(plan, scope, input);
  const earlier = Object.fromEntries(Object.entries(plan.resolve).map(([id, outputs]) => [id, { outputs }]));
  const isResolving = scope === resolveScope;
  return {
    ...items,
    inputs: inputsOf(plan, scope, input),
    steps: isResolving ? {} : { ...givenIn(plan, scope), ...found },
    resolve: isResolving ? found : earlier,
    operation: operationOf(plan, input),
    service: plan.service,
    environment: plan.environment,
  };
}

function outputsInScope(plan: Plan, scope: string, input: RunStepInput): JsonObject {
  return Object.fromEntries(
    plan.steps
      .filter((other) => other.scope === scope && Object.hasOwn(input.outputs, other.path))
      .map((other) => [other.id, { outputs: input.outputs[other.path]! }]),
  );
}

/** What the steps told in the operation whose work this one undoes. */
function givenIn(plan: Plan, scope: string): JsonObject {
  return Object.fromEntries(Object.entries(plan.given?.[scope] ?? {}).map(([id, outputs]) => [id, { outputs }]));
}

function inputsOf(plan: Plan, scope: string, input: RunStepInput): JsonObject {
  const { inputs = {}, from } = plan.scopes[scope] ?? {};
  if (from !== undefined) return input.outputs[inputsKey(from)] ?? {};
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]): [string, Json] => [
      name,
      // Nothing ran here before: an empty text, which no version is.
      isLate(value) ? (input.late[value.$late] ?? '') : value,
    ]),
  );
}

function operationOf(plan: Plan, input: RunStepInput): JsonObject {
  const { operation } = plan;
  return {
    id: operation.id,
    key: input.key,
    mark: markOf(input.key),
    kind: operation.kind,
    service: operation.service ?? '',
    environment: operation.environment ?? '',
    version: operation.version ?? '',
    commit: operation.commit ?? '',
    previous_version: input.late.previous_version ?? operation.previousVersion ?? '',
    runbook: operation.runbook ?? '',
    requester: operation.requester,
    reason: operation.reason ?? '',
    policy_commit: plan.policyCommit,
    fence: input.fence ? `${input.fence.epoch}.${input.fence.number}` : '',
  };
}

/** A key in the letters that every other side takes, mainframes included; equal keys have equal marks. */
function markOf(key: string): string {
  return `S${digestOf(key).slice(0, 31).toUpperCase()}`;
}
