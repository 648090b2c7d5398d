import type { Json, JsonObject } from '../../src/json';
import type { Plan, PlanStep } from '../../src/operation/plan';
import type { RunStepInput } from '../../src/operation/ports';
import type { Variables } from '../../src/runbooks/expressions';
import { isLate, resolveScope } from '../../src/runbooks/scope';

/** What the expressions of one step see: the inputs of its scope and the outputs of the steps in it. */
export function variablesOf(plan: Plan, step: PlanStep, input: RunStepInput): Variables {
  const found = outputsInScope(plan, step, input);
  const earlier = Object.fromEntries(Object.entries(plan.resolve).map(([id, outputs]) => [id, { outputs }]));
  const isResolving = step.scope === resolveScope;
  return {
    inputs: inputsOf(plan, step, input),
    steps: isResolving ? {} : found,
    resolve: isResolving ? found : earlier,
    operation: operationOf(plan, input),
    service: plan.service,
    environment: plan.environment,
  };
}

function outputsInScope(plan: Plan, step: PlanStep, input: RunStepInput): JsonObject {
  return Object.fromEntries(
    plan.steps
      .filter((other) => other.scope === step.scope && Object.hasOwn(input.outputs, other.path))
      .map((other) => [other.id, { outputs: input.outputs[other.path]! }]),
  );
}

function inputsOf(plan: Plan, step: PlanStep, input: RunStepInput): JsonObject {
  const inputs = plan.scopes[step.scope]?.inputs ?? {};
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
