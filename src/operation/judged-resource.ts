import type { JsonObject } from '../json';
import { isLate } from '../runbooks/scope';
import type { Case } from './case';
import type { JudgedResource } from './judgement';
import type { Plan } from './plan';

/**
 * Environment of the lanes of things that belong to no service: no environment of a policy is called that, and what
 * stands in them is no applied state.
 */
export const resourceLanes = '@resources';

/** Environment of the lanes that runbooks name. */
export const namedLanes = '@lanes';

/** What a plan makes that lives on, or takes away, as the ledger will know it. */
export function judgedResource({ request, resource, repository }: Case, plan: Plan): JudgedResource | undefined {
  if (plan.destroys) return resource && { ...plan.destroys, act: 'destroy', of: resource.operation };
  if (!plan.resource) return undefined;
  const { kind, name, data, destroy, teardown, lease } = plan.resource;
  const { service, environment, runbook = '' } = plan.operation;
  const { requester } = request;
  return {
    act: 'create',
    kind,
    name,
    about: {
      runbook,
      ...(service !== undefined && { service }),
      ...(environment !== undefined && { environment }),
      owner: { kind: requester.kind, id: requester.id },
      inputs: knownInputs(plan.scopes[runbook]?.inputs ?? {}),
      data,
      destroy,
      teardown,
      ...(lease && { lease }),
      policyCommit: repository.policy.commit,
    },
  };
}

/** The queue in front of work that is about no service: that of the runbook's own lane, or of the thing itself. */
export function laneBesides({ lane }: Plan, resource: JudgedResource | undefined) {
  if (lane !== undefined) return { service: lane, environment: namedLanes };
  return resource && { service: `${resource.kind}.${resource.name}`, environment: resourceLanes };
}

/** What is known only while the lane is held is not worth recording: it is about that moment. */
function knownInputs(inputs: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => !isLate(value)));
}
