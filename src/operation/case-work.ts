import { validateInputs } from '../runbooks/inputs';
import { compilePlan, compileResolve } from '../runbooks/compile';
import type { CompileInput } from '../runbooks/compile-input';
import { toolFoldersIn } from '../runbooks/tool-folders';
import type { Policy } from '../policy/policy';
import type { PolicyRequest } from '../policy/request';
import { describeCase, type Case, type Judged } from './case';
import { commitIn } from './change';
import type { OperationRequest } from './request';
import { libraryOf } from './library-of';
import { resourceProblems } from './resource-of';
import { workFor, type WorkAnswer } from './work';

/** What would run for a case, or why nothing would. */
export function workOf({ repository, resource, infrastructure }: Case, request: OperationRequest): WorkAnswer {
  return workFor({
    repository,
    request,
    ...(resource && { resource }),
    ...(infrastructure && { infrastructure }),
    ...placeOfWork(repository.policy, request),
  });
}

/** The service and the environment of a request, where policy knows them. */
export function placeOfWork({ services, environments }: Policy, { service, environment }: OperationRequest) {
  return {
    service: service === undefined ? undefined : services.get(service),
    environment: environment === undefined ? undefined : environments.get(environment),
  };
}

/** Why it would not be taken on, as far as what would run and its inputs go. */
export function workProblems(input: Case, request: PolicyRequest, work: WorkAnswer): readonly string[] {
  if (work.kind === 'none') return work.problems;
  const ofResource = resourceProblems({ ...input, request: input.request });
  if (ofResource.length > 0) return ofResource;
  if (work.work.kind !== 'runbook' || (request.kind !== 'provision' && request.kind !== 'runbook')) return [];
  const { policy } = input.repository;
  const checked = validateInputs({
    declared: work.work.runbook.inputs ?? {},
    given: input.request.inputs,
    known: { services: [...policy.services.keys()], environments: [...policy.environments.keys()] },
  });
  return checked.ok ? [] : checked.problems.map(({ message }) => message);
}

/** Why a rollback has nowhere to go. */
export function targetProblems({ kind, version, service, environment }: PolicyRequest): readonly string[] {
  if (kind !== 'rollback' || version !== undefined) return [];
  return [
    `There is nothing to roll ${service} back to in ${environment}, because the ledger knows no earlier version that succeeded there; record the one that runs with: signalbox adopt ${service} <version> in ${environment}.`,
  ];
}

/** What a plan is compiled from, apart from what its `resolve` steps say. */
export function compileInput(
  input: Case,
  request: OperationRequest,
  work: Extract<WorkAnswer, { kind: 'found' }>,
): Omit<CompileInput, 'resolve'> {
  const { repository } = input;
  const { policy } = repository;
  const { service, environment } = placeOfWork(policy, request);
  return {
    request,
    policyCommit: policy.commit,
    service: service?.document ?? {},
    environment: environment
      ? {
          name: environment.name,
          branch: environment.branch ?? '',
          path: environment.path ?? '',
          channel: environment.channel ?? '',
        }
      : {},
    previousVersion: input.applied?.current?.version,
    commit: commitIn(input.change),
    work: work.work,
    library: libraryOf(repository),
    connections: Object.fromEntries([...repository.connections].map(([name, { document }]) => [name, document])),
    metrics: Object.fromEntries(policy.metrics) as CompileInput['metrics'],
    measures: isMeasured(request) ? Object.fromEntries(policy.measures) : {},
    folders: input.folders,
    sources: [...work.sources, ...(service ? [{ path: service.file, blob: service.blob }] : [])],
    watchMs: request.kind === 'rollback' ? 0 : (environment?.watchMs ?? 0),
  };
}

/** A rollback and break-glass wait for no metrics (law 5), and without a service there is nothing to measure. */
function isMeasured({ kind, service, labels }: OperationRequest): boolean {
  return service !== undefined && kind !== 'rollback' && kind !== 'policy' && !labels.includes('break_glass');
}

/** Folders of the policy repository that the steps of a case work with, looked up before the case is judged. */
export function foldersOf(input: Judged): readonly string[] {
  // Most companies' work needs none, and then nothing has to be compiled to know.
  const { runbooks, actions, connections } = input.repository;
  if (
    ![...runbooks.values(), ...actions.values(), ...connections.values()].some(({ document }) => needsFolders(document))
  )
    return [];
  const { request } = describeCase(input);
  const work = workOf(input, request);
  if (work.kind === 'none') return [];
  const bare = { ...compileInput(input, request, work), folders: undefined };
  const plans = [compileResolve(bare), compilePlan({ ...bare, resolve: input.resolved ?? {} })];
  return [...new Set(plans.flatMap((each) => (each?.ok ? toolFoldersIn(each.plan) : [])))].sort();
}

const known = new WeakMap<object, boolean>();

function needsFolders(document: object): boolean {
  const before = known.get(document);
  if (before !== undefined) return before;
  const needs = toolFoldersIn(document).length > 0;
  known.set(document, needs);
  return needs;
}
