import { infrastructureProblems, type InfrastructureCase } from '../infrastructure/declared';
import { serverKind } from '../infrastructure/difference';
import { isThere, resourceWords, type ResourceRef, type ResourceState } from '../resources/resource';
import type { Repository } from '../policy/read-repository';
import type { World } from '../policy/request';
import { planResource, resourceName } from '../runbooks/plan-resource';
import { teardownDigest } from '../runbooks/teardown';
import { validateInputs } from '../runbooks/inputs';
import { libraryOf } from './library-of';
import type { OperationRequest } from './request';

/** What a request is about that lives on: what it would make, or take away. Undefined where there is no such thing. */
export function resourceOf(
  request: OperationRequest,
  repository: Pick<Repository, 'runbooks'>,
): ResourceRef | undefined {
  if (request.kind === 'destroy') return request.resource;
  if (request.kind !== 'provision') return undefined;
  const runbook = repository.runbooks.get(request.runbook ?? '')?.document;
  if (!runbook?.resource) return undefined;
  const checked = validateInputs({ declared: runbook.inputs ?? {}, given: request.inputs });
  const named = checked.ok ? resourceName(runbook, checked.inputs) : undefined;
  return named && 'name' in named ? { kind: runbook.resource.kind, name: named.name } : undefined;
}

/** A request to destroy something, with where that is, as the ledger says and nobody else. */
export function placedByResource(request: OperationRequest, resource: ResourceState | undefined): OperationRequest {
  if (request.kind !== 'destroy' || !resource) return request;
  const { service: _service, environment: _environment, ...rest } = request;
  const { service, environment, runbook } = resource;
  return { ...rest, runbook, ...(service && { service }), ...(environment && { environment }) };
}

/** What rules may know of it. */
export function resourceInWorld({
  request,
  repository,
  resource,
  now,
}: ResourceCase): Pick<World, 'resource' | 'leaseEnd'> {
  if (request.kind === 'infrastructure')
    return { resource: { kind: serverKind, name: request.infrastructure?.group ?? '' } };
  const ref = resourceOf(request, repository);
  if (!ref) return {};
  const owner = request.kind === 'destroy' ? resource?.owner : undefined;
  const isLeaseEnd = request.kind === 'destroy' && request.requester.via === 'lease' && resource !== undefined;
  return {
    resource: { kind: ref.kind, name: ref.name, ...(owner && { owner }) },
    ...(isLeaseEnd && isApproved(resource, { repository, now }) ? { leaseEnd: resource.operation } : {}),
  };
}

interface ResourceCase {
  readonly request: OperationRequest;
  readonly repository: Repository;
  readonly resource?: ResourceState;
  readonly infrastructure?: InfrastructureCase;
  readonly now: Date;
}

/** Whoever approved a lease approved its end, as long as the same steps bring it about. */
function isApproved(resource: ResourceState, { repository, now }: Pick<ResourceCase, 'repository' | 'now'>): boolean {
  const { expiresAt } = resource;
  if (expiresAt === undefined || Date.parse(expiresAt) > now.getTime()) return false;
  const runbook = repository.runbooks.get(resource.runbook)?.document;
  return runbook !== undefined && teardownDigest(runbook, libraryOf(repository)) === resource.teardown;
}

/** Why it would not be made or taken away, as far as the thing itself goes. Full sentences. */
export function resourceProblems(about: Omit<ResourceCase, 'now'>): readonly string[] {
  const { request, repository, resource, infrastructure } = about;
  if (request.kind === 'destroy') return destroyProblems(request, resource);
  if (request.kind === 'infrastructure') return infrastructure ? infrastructureProblems(request, infrastructure) : [];
  if (request.kind !== 'provision') return [];
  const runbook = repository.runbooks.get(request.runbook ?? '')?.document;
  if (!runbook) return [];
  const checked = validateInputs({ declared: runbook.inputs ?? {}, given: request.inputs });
  if (!checked.ok) return [];
  const { lease } = request;
  const library = libraryOf(repository);
  const planned = planResource({ runbook, inputs: checked.inputs, library, ...(lease !== undefined && { lease }) });
  if (!planned.ok) return planned.problems;
  if (resource?.status !== 'live' || resource.operation === request.id) return [];
  return [
    `There is a ${resourceWords(resource)} already, made by ${resource.operation}; choose another name, or take it away first with /provision destroy ${resource.name}.`,
  ];
}

function destroyProblems(request: OperationRequest, resource: ResourceState | undefined): readonly string[] {
  const gone = goneSentence(request, resource);
  if (gone !== undefined) return [gone];
  const { of = resource!.operation } = request.resource ?? {};
  if (of !== resource!.operation) return [madeAnewSentence(resource!)];
  const isLeaseEnd = request.requester.via === 'lease';
  if (isLeaseEnd || resource!.data === 'kept' || request.resource?.confirmed === resource!.name) return [];
  return [
    `Destroying the ${resourceWords(resource!)} loses its data, so its name has to be typed once more; ask with /provision destroy ${resource!.name} --confirm ${resource!.name}.`,
  ];
}

/** That what has a name now is not what somebody asked about by it. */
export function madeAnewSentence(resource: ResourceState): string {
  const { kind, name, operation } = resource;
  return `The ${resourceWords(resource)} that was asked about is gone, and what is called that now was made anew by ${operation}, so nothing is taken away; ask with /provision destroy ${kind}/${name} if that one is to go as well.`;
}

/** What to say of a thing that is not there; undefined while it is, or may be. */
export function goneSentence(
  request: Pick<OperationRequest, 'resource'>,
  resource: ResourceState | undefined,
): string | undefined {
  if (!resource)
    return `There is no ${request.resource ? resourceWords(request.resource) : 'such thing'} on record; /provision list shows what there is.`;
  if (isThere(resource)) return undefined;
  return `The ${resourceWords(resource)} is gone: it was taken away by ${resource.destroyedBy ?? 'an operation'} on ${resource.destroyedAt?.slice(0, 16).replace('T', ' ')} UTC, so there is nothing to do.`;
}
