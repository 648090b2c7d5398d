import type { Json, JsonObject } from '../json';
import type { Plan } from '../operation/plan';
import type { OperationRequest } from '../operation/request';
import type { CompileInput, Work } from './compile-input';
import type { Runbook } from './schema';
import { previousVersionLate } from './scope';

export function askedInputs({ work, request }: Pick<CompileInput, 'work' | 'request'>): JsonObject {
  if (work.kind === 'teardown') return work.resource.inputs;
  return (work.kind === 'runbook' && work.given) || (request.inputs as JsonObject);
}

/** Inputs that every handler may declare: the runbook gets those it asks for. */
export function offeredInputs({ request }: Pick<CompileInput, 'request'>): { readonly [name: string]: Json } {
  const known = { service: request.service, environment: request.environment, version: request.version };
  const given = Object.entries(known).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(given), previous_version: previousVersionLate as unknown as Json };
}

export function operationOf(request: OperationRequest, work: Work): Plan['operation'] {
  return {
    id: request.id,
    kind: request.kind,
    service: request.service,
    environment: request.environment,
    version: request.version,
    runbook: runbookOf(work)?.name,
    requester: request.requester.id,
    reason: request.reason,
  };
}

export function runbookOf(work: Work): Runbook | undefined {
  if (work.kind === 'policy' || work.kind === 'infrastructure') return undefined;
  return work.kind === 'rollout' ? work.handler : work.runbook;
}

export function destroyedBy(work: Work): Pick<Plan, 'destroys'> {
  const ref = work.kind === 'teardown' ? work.resource : work.kind === 'runbook' ? work.destroys : undefined;
  return ref ? { destroys: { kind: ref.kind, name: ref.name } } : {};
}
