import type { Ballot } from '../approvals/ballot';
import type { CodeAnswer } from '../code/change';
import type { JsonObject } from '../json';
import type { AppliedState } from '../ledger/record';
import { lastGood } from '../ledger/state';
import { basisOf } from '../policy/basis';
import type { Question } from '../policy/evaluate';
import { membersOf } from '../policy/members';
import { excludedAccounts } from '../policy/people';
import type { Repository } from '../policy/read-repository';
import type { PolicyRequest, World } from '../policy/request';
import type { Basis } from '../policy/verdict';
import { differencesFor, infrastructurePlanOf, type InfrastructureCase } from '../infrastructure/declared';
import { judgedPlanOf } from '../infrastructure/judged';
import type { Asker } from './asker';
import { authorsTold, measuredIn, planNumbers, policyAuthorsTold, tellOf } from './change';
import { demandsFor } from './demands';
import type { Found } from './found';
import type { ResourceState } from '../resources/resource';
import { placed, type Placed } from './placed';
import { resourceInWorld } from './resource-of';
import type { ToolFolders } from '../runbooks/tool-folders';
import type { JudgedServer } from './judgement';
import type { PlanOutline } from './plan';
import type { PolicyChange } from './policy-change';
import type { OperationRequest } from './request';

/** Everything a decision looks at, gathered beforehand. */
export interface Case {
  readonly request: OperationRequest;
  readonly asker: Asker;
  readonly repository: Repository;
  readonly policyProblem?: string;
  readonly policyTrouble?: World['policyTrouble'];
  /** Applied state of the request's service in its environment. */
  readonly applied?: AppliedState;
  readonly history: NonNullable<World['history']>;
  /** What holds work back by command, and open incidents. */
  readonly held?: HeldBack;
  /** The requester's open reviews, for break-glass. */
  readonly reviews?: World['reviews'];
  /** For requests of the kind `policy`: what the commit changes. */
  readonly policyChange?: PolicyChange;
  /** What lies between what runs and the version asked for; absent before it is looked up. */
  readonly change?: CodeAnswer;
  /** What the request would make or take away, as the ledger knows it; absent where it knows nothing. */
  readonly resource?: ResourceState;
  /** For requests of the kind `infrastructure`: what is declared, and everything that is there. */
  readonly infrastructure?: InfrastructureCase;
  /** Folders of the policy repository that its steps work with; absent where nothing is going to run. */
  readonly folders?: ToolFolders;
  readonly now: Date;
}

/** What of the world stands still by somebody's word, until they lift it. */
export type HeldBack = Pick<World, 'locks' | 'freezes' | 'stop' | 'incidents' | 'holdsUnknown'>;

/** A case of which the plan is known; with what its `resolve` steps said. */
export type Judged = Case & {
  readonly resolved?: JsonObject;
  readonly found?: readonly Found[];
  /** Servers of the plan that was approved, where it is under way: what is there has changed by its own doing. */
  readonly servers?: readonly JudgedServer[];
};

/** A case in the words of policy, with what kept it from being placed. */
export interface Described extends Placed {
  readonly request: OperationRequest & Pick<PolicyRequest, 'authors' | 'strangers'>;
  readonly world: World;
}

/** The request with what the ledger and its own runbook fill in: a version, a service, an environment. */
export function describeCase(input: Case): Described {
  const { asker, applied } = input;
  const { people } = input.repository.policy;
  const told = tellOf(input.change, people);
  const wrote = whoWrote(input) ?? told.request;
  const { declared } = input.infrastructure ?? {};
  const { request, problems } = placed(input.request, input.repository);
  const version = request.version ?? (request.kind === 'rollback' && applied ? lastGood(applied)?.version : undefined);
  const demands = demandsFor(input.repository, request, input);
  const member = asker.groups === 'unknown' ? undefined : new Set(asker.groups);
  const { policy } = input.repository;
  const service = request.service === undefined ? undefined : policy.services.get(request.service);
  const teams = [...policy.teams.keys()].flatMap((team): [string, string[]][] => {
    const { groups } = membersOf(policy, team, input.now, { service, world: told.world });
    if (member === undefined || groups.length === 0) return [];
    return [[team, groups.some((group) => member.has(group)) ? [request.requester.id] : []]];
  });
  // Law 5: a rollback does not wait for Slack to say who a member is; Slack itself brought the command.
  const standing = asker.standing === 'unknown' && request.kind === 'rollback' ? 'member' : asker.standing;
  return {
    request: { ...request, ...(version === undefined ? {} : { version }), ...wrote },
    problems,
    world: {
      ...input.held,
      ...(input.reviews && { reviews: input.reviews }),
      history: input.history,
      requester: standing,
      teams: Object.fromEntries(teams),
      policyProblem: input.policyProblem,
      policyTrouble: input.policyTrouble,
      ...resourceInWorld(input),
      ...(input.policyChange ? { policyChange: input.policyChange, paths: input.policyChange.paths } : {}),
      ...told.world,
      ...(declared?.kind === 'read' ? { paths: declared.sources.map(({ path }) => path) } : {}),
      ...(demands.length > 0 && { demands }),
    },
  };
}

/** What rules are asked of a plan that was judged before. */
export function questionOf(input: Judged, plan: PlanOutline): Question {
  const { request, world } = describeCase(input);
  const { now, repository } = input;
  const resolved = resolvedIn(input);
  const known = { plan: planNumbers(plan, resolved), measured: measuredIn(resolved, repository.policy) };
  return { request, world: { ...world, ...known }, policy: repository.policy, now };
}

/** What `resolve` steps told of the plan, or the difference that it carries out. */
export function resolvedIn({ request, infrastructure, servers, resolved = {} }: Judged): JsonObject {
  if (servers) return { ...resolved, ...judgedPlanOf(servers) };
  if (!infrastructure) return resolved;
  return { ...resolved, ...infrastructurePlanOf(differencesFor(request, infrastructure)) };
}

/** Authors of what the change is made of, where it is not code. */
function whoWrote({
  request,
  policyChange,
  infrastructure,
  repository,
}: Case): Pick<PolicyRequest, 'authors' | 'strangers'> | undefined {
  const { people } = repository.policy;
  if (policyChange) return policyAuthorsTold(policyChange, people);
  if (request.wroteBy) return authorsTold(request.wroteBy, people);
  const { declared } = infrastructure ?? {};
  // Where nobody knows them all, nothing is asked of anybody: it is refused.
  return declared?.kind === 'read' && declared.authors !== 'too_many'
    ? authorsTold(declared.authors, people)
    : undefined;
}

/** Every account that never counts: the requester's, and the authors' of the change. */
export function excludedFrom(input: Case): Ballot['excluded'] {
  const { requester } = input.request;
  const { people } = input.repository.policy;
  const { authors } = whoWrote(input) ?? tellOf(input.change, people).request;
  return excludedAccounts({ people, requester: requester.kind === 'person' ? requester.id : undefined, authors });
}

/** What a verdict was made of, for the record. */
export function basisIn(
  { repository }: Case,
  { request, world }: { readonly request: OperationRequest; readonly world: World },
): Basis {
  return basisOf({ request, world, people: repository.policy.people });
}
