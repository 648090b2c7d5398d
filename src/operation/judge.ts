import { digestOf } from '../canonical';
import type { Ballot } from '../approvals/ballot';
import { lastingMembers } from '../approvals/members';
import type { CodeAnswer } from '../code/change';
import type { JsonObject } from '../json';
import type { AppliedState } from '../ledger/record';
import { lastGood } from '../ledger/state';
import { ballotsFor } from '../policy/ballots';
import { reviewDebtFor } from '../policy/review-debt';
import { overrideBallotFor } from '../policy/override-ballots';
import { basisOf } from '../policy/basis';
import { operatorsFor } from '../policy/operators';
import { evaluate, type Evaluation, type Question } from '../policy/evaluate';
import { runningFreezes } from '../policy/running-freezes';
import type { RunningFreezes } from '../policy/when-frozen';
import { excludedAccounts } from '../policy/people';
import type { Repository } from '../policy/read-repository';
import type { Policy } from '../policy/policy';
import type { PolicyRequest, World } from '../policy/request';
import { placeOf } from '../policy/context';
import type { Basis, Gate } from '../policy/verdict';
import { compilePlan, compileResolve, type CompileInput } from '../runbooks/compile';
import { validateInputs } from '../runbooks/inputs';
import { policyAuthorsTold, changeViewOf, commitIn, planNumbers, tellOf } from './change';
import type { Plan, PlanOutline } from './plan';
import { policyChangeWords, policyLane, policyPlanOf, type PolicyChange } from './policy-change';
import type { Admission, Asker, GateAnswer, Judgement } from './ports';
import { placed, type Placed } from './placed';
import { rollbackReadiness } from './rollback-readiness';
import type { OperationRequest } from './request';
import { shownInputs } from './shown-inputs';
import { askedTitle } from './title';
import type { ReviewDebt } from './review';
import type { GateView } from './view';
import { workFor, type WorkAnswer } from './work';

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
  readonly now: Date;
}

/** A verdict that nothing follows from. */
export interface Preview {
  readonly evaluation: Evaluation;
  /** With what policy and ledger fill in. */
  readonly request: OperationRequest;
  /** Full sentences: why it would not be taken on, beside what the rules say. */
  readonly refusals: readonly string[];
  /** `looks first`: its runbook looks at the world before there is a plan, and nobody has looked now. */
  readonly plan: 'known' | 'looks first';
}

/** What of the world stands still by somebody's word, until they lift it. */
export type HeldBack = Pick<World, 'locks' | 'freezes' | 'stop' | 'incidents' | 'holdsUnknown'>;

/** A case of which the plan is known; with what its `resolve` steps said. */
type Judged = Case & { readonly resolved?: JsonObject };

/** Where a gate that only time can open is asked again when it names no instant, ms. */
const gatePollMs = 60_000;

const maxTitle = 160;

/** The first verdict: may this be asked for at all, and what would run? Nothing has been opened yet. */
export function admitCase(input: Case): { readonly admission: Admission; readonly resolve?: Plan } {
  const { repository } = input;
  const about = describe(input);
  const world: World = { ...about.world, isChangeLater: input.change === undefined };
  const evaluation = evaluate({ ...about, world, policy: repository.policy, now: input.now });
  const work = workOf(input, about.request);
  const refusals = [
    ...(evaluation.verdict === 'denied' ? hardReasons(evaluation) : []),
    ...about.problems,
    ...targetProblems(about.request),
    ...(evaluation.verdict === 'allowed' ? workProblems(input, about.request, work) : []),
  ];
  const { commit } = repository.policy;
  if (refusals.length > 0 || work.kind === 'none')
    return {
      admission: {
        kind: 'denied',
        reasons: [...new Set(refusals)],
        policyCommit: commit,
        basis: basisIn(input, about),
        evidence: evaluation.evidence,
      },
    };
  const compiled = compileResolve(compileInput(input, about.request, work));
  if (compiled && !compiled.ok)
    return { admission: { kind: 'denied', reasons: compiled.problems, policyCommit: commit } };
  const admission: Admission = {
    kind: 'admitted',
    policyCommit: commit,
    policyProblem: input.policyProblem,
    ...(input.policyTrouble ? { policyTrouble: input.policyTrouble } : {}),
    channel: evaluation.channel,
    rollbackChannel: repository.policy.channels.rollback,
    title: titleOf(about.request),
    version: about.request.version,
    previousVersion: input.applied?.current?.version,
    resolve: compiled?.outline,
  };
  return { admission, resolve: compiled?.plan };
}

/** The second verdict, with the plan it is about. */
export function judgeCase(input: Case & { readonly resolved: JsonObject }): {
  readonly judgement: Judgement;
  readonly plan?: Plan;
} {
  const { repository, now } = input;
  const { policy } = repository;
  const about = describe(input);
  const denied = (
    reasons: readonly string[],
    world = about.world,
    evidence: JsonObject = {},
  ): { readonly judgement: Judgement } => ({
    judgement: {
      kind: 'denied',
      reasons: [...new Set(reasons)],
      policyCommit: policy.commit,
      basis: basisIn(input, { ...about, world }),
      evidence,
    },
  });
  if (about.problems.length > 0) return denied(about.problems);
  const work = workOf(input, about.request);
  if (work.kind === 'none') return denied(work.problems);
  const compiled = compilePlan({
    ...compileInput(input, about.request, work),
    resolve: input.policyChange ? policyPlanOf(input.policyChange) : input.resolved,
  });
  if (!compiled.ok) return denied(compiled.problems);
  const { plan, outline } = compiled;
  const world: World = { ...about.world, plan: planNumbers(outline, input.resolved) };
  const evaluation = evaluate({ policy, request: about.request, world, now });
  const { evidence } = evaluation;
  if (evaluation.verdict === 'denied') return denied(hardReasons(evaluation), world, evidence);
  const excluded = excludedFrom(input);
  const ballots = ballotsFor({
    evaluation,
    policy,
    planDigest: outline.digest,
    operationId: input.request.id,
    excluded,
    now,
  });
  // Nobody is no approval, whatever the rules say of nobody.
  if (about.request.kind === 'policy' && ballots.length === 0)
    return denied([
      'This policy commit cannot be approved, because policy_changes is gated and no approval rule asks anybody about it; the owner of the policy repository has to add a rule for change.kind == "policy", by way of whoever runs Signalbox.',
    ]);
  return {
    judgement: {
      kind: 'allowed',
      policyCommit: policy.commit,
      plan: outline,
      ballots,
      operators: operatorsFor({ policy, ...placeOfWork(policy, about.request), ballots, now }),
      ...gateAnswer(evaluation.gates, input, outline.digest),
      why: whyOf(evaluation),
      rollback: rollbackReadiness(input, outline),
      inputs: input.policyChange ? policyChangeWords(input.policyChange) : shownInputs(plan),
      lane: about.request.kind === 'policy' ? policyLane : evaluation.lane,
      ...(evaluation.debt && { review: reviewOf(input, outline, evaluation.channel) }),
      facts: evaluation.facts,
      decisionDigest: digestOf({ work: workOfPlan(plan), ballots: ballots.map(seatsOf) }),
      workDigest: digestOf(workOfPlan(plan)),
      ...(evaluation.shadow.length > 0 ? { shadow: evaluation.shadow } : {}),
      basis: basisIn(input, { ...about, world }),
      evidence,
      change: changeViewOf(input.change, policy.people),
    },
    plan,
  };
}

/** What the gate would say of a request at an instant. Nothing is kept or opened. */
export function previewCase(input: Case): Preview {
  const about = describe(input);
  const work = workOf(input, about.request);
  const found = work.kind === 'found' ? compileInput(input, about.request, work) : undefined;
  const resolve = found && compileResolve(found);
  const compiled = found && !resolve ? compilePlan({ ...found, resolve: {} }) : undefined;
  // Nobody has looked what its plan would be, so it destroys and creates nothing, as for `signalbox why`.
  const plan = compiled?.ok ? planNumbers(compiled.outline, {}) : {};
  const { policy } = input.repository;
  const world: World = { ...about.world, plan, isChangeLater: input.change === undefined };
  const evaluation = evaluate({ policy, request: about.request, world, now: input.now });
  const allowed = evaluation.verdict === 'allowed';
  const refusals = [
    ...about.problems,
    ...targetProblems(about.request),
    ...(allowed ? workProblems(input, about.request, work) : []),
    ...(allowed && compiled && !compiled.ok ? compiled.problems : []),
  ];
  return {
    evaluation,
    request: about.request,
    refusals: [...new Set(refusals)],
    plan: resolve ? 'looks first' : 'known',
  };
}

/** Everything but approvals, at one instant, for a plan that was judged before. */
export function gatesOf(input: Judged, plan: PlanOutline): GateAnswer {
  const evaluation = evaluate(questionOf(input, plan));
  return evaluation.verdict === 'allowed' ? gateAnswer(evaluation.gates, input, plan.digest) : { gates: [] };
}

function reviewOf(input: Case, { digest }: PlanOutline, channel: string): ReviewDebt | undefined {
  const { repository, request, now } = input;
  return reviewDebtFor({
    policy: repository.policy,
    planDigest: digest,
    operationId: request.id,
    excluded: excludedFrom(input),
    channel,
    now,
  });
}

/** Every account that never counts: the requester's, and the authors' of the change. */
function excludedFrom({ request: { requester }, repository, change, policyChange }: Case): Ballot['excluded'] {
  const { people } = repository.policy;
  const { authors } = policyChange ? policyAuthorsTold(policyChange, people) : tellOf(change, people).request;
  return excludedAccounts({ people, requester: requester.kind === 'person' ? requester.id : undefined, authors });
}

interface Described extends Placed {
  readonly request: OperationRequest & Pick<PolicyRequest, 'authors' | 'strangers'>;
  readonly world: World;
}

/** What freezes ask of the operation while it runs, since an instant. */
export function freezesOf(
  input: Judged,
  { plan, since }: { readonly plan: PlanOutline; readonly since: Date },
): RunningFreezes {
  return runningFreezes(questionOf(input, plan), since);
}

function questionOf(input: Judged, plan: PlanOutline): Question {
  const { request, world } = describe(input);
  const numbers = planNumbers(plan, input.resolved ?? {});
  return { request, world: { ...world, plan: numbers }, policy: input.repository.policy, now: input.now };
}

/** The request with what the ledger and its own runbook fill in: a version, a service, an environment. */
function describe(input: Case): Described {
  const { asker, applied } = input;
  const { people } = input.repository.policy;
  const told = tellOf(input.change, people);
  const wrote = input.policyChange ? policyAuthorsTold(input.policyChange, people) : told.request;
  const { request, problems } = placed(input.request, input.repository);
  const version = request.version ?? (request.kind === 'rollback' && applied ? lastGood(applied)?.version : undefined);
  const member = asker.groups === 'unknown' ? undefined : new Set(asker.groups);
  const teams = [...input.repository.policy.teams].flatMap(([team, { groups }]): [string, string[]][] => {
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
      ...(input.policyChange ? { policyChange: input.policyChange, paths: input.policyChange.paths } : {}),
      ...told.world,
    },
  };
}

function basisIn(
  { repository }: Case,
  { request, world }: { readonly request: OperationRequest; readonly world: World },
): Basis {
  return basisOf({ request, world, people: repository.policy.people });
}

function workOf({ repository }: Case, request: OperationRequest): WorkAnswer {
  return workFor({ repository, request, ...placeOfWork(repository.policy, request) });
}

/** The service and the environment of a request, where policy knows them. */
function placeOfWork({ services, environments }: Policy, { service, environment }: OperationRequest) {
  return {
    service: service === undefined ? undefined : services.get(service),
    environment: environment === undefined ? undefined : environments.get(environment),
  };
}

function workProblems(input: Case, request: PolicyRequest, work: WorkAnswer): readonly string[] {
  if (work.kind === 'none') return work.problems;
  if (work.work.kind !== 'runbook' || (request.kind !== 'provision' && request.kind !== 'runbook')) return [];
  const { policy } = input.repository;
  const checked = validateInputs({
    declared: work.work.runbook.inputs ?? {},
    given: input.request.inputs,
    known: { services: [...policy.services.keys()], environments: [...policy.environments.keys()] },
  });
  return checked.ok ? [] : checked.problems.map(({ message }) => message);
}

function targetProblems({ kind, version, service, environment }: PolicyRequest): readonly string[] {
  if (kind !== 'rollback' || version !== undefined) return [];
  return [
    `There is nothing to roll ${service} back to in ${environment}, because the ledger knows no earlier version that succeeded there; record the one that runs with: signalbox adopt ${service} <version> in ${environment}.`,
  ];
}

function compileInput(
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
    connections: Object.fromEntries([...repository.connections].map(([name, { document }]) => [name, document])),
    metrics: Object.fromEntries(policy.metrics) as CompileInput['metrics'],
    sources: [...work.sources, ...(service ? [{ path: service.file, blob: service.blob }] : [])],
    watchMs: request.kind === 'rollback' ? 0 : (environment?.watchMs ?? 0),
  };
}

function gateAnswer(gates: readonly Gate[], input: Case, planDigest: string): GateAnswer {
  const { now, repository } = input;
  const ballotOf = (gate: Extract<Gate, { kind: 'override' }>): Ballot =>
    overrideBallotFor({
      gate,
      policy: repository.policy,
      planDigest,
      operationId: input.request.id,
      excluded: excludedFrom(input),
      now,
    });
  const overrides = gates.flatMap((gate) => (gate.kind === 'override' ? [ballotOf(gate)] : []));
  const views = gates.flatMap((gate): GateView[] => {
    if (gate.kind === 'approval') return [];
    const opensAt = opensAtOf(gate);
    const { kind, holds, message, about } = gate;
    const ballot = kind === 'override' ? { ballot: ballotOf(gate).id } : {};
    return [{ kind, holds, message, opensAt: holds ? undefined : opensAt, ...ballot, ...(about && { about }) }];
  });
  const closed = views.filter(({ holds }) => !holds);
  if (closed.length === 0) return { gates: views, overrides };
  const instants = closed.map(({ opensAt }) => (opensAt ? Date.parse(opensAt) : now.getTime() + gatePollMs));
  return { gates: views, overrides, nextGateCheckAtMs: Math.max(now.getTime() + 100, Math.min(...instants)) };
}

function opensAtOf(gate: Exclude<Gate, { kind: 'approval' }>): string | undefined {
  switch (gate.kind) {
    case 'freeze':
    case 'override':
      return gate.until;
    case 'window':
    case 'order':
      return gate.opensAt;
    case 'prerequisite':
      return undefined;
  }
}

/** What would run, without the commit it comes from: a newer commit that changes nothing here must not void votes. */
function workOfPlan({
  policyCommit: _commit,
  sources: _sources,
  ...work
}: Plan): Omit<Plan, 'policyCommit' | 'sources'> {
  return work;
}

/** Who has to approve it. */
function seatsOf({ rule, seats, teams: all, order, excluded, ladder }: Ballot): Partial<Ballot> {
  const teams = Object.fromEntries(Object.entries(all).map(([team, members]) => [team, lastingMembers(members)]));
  return { rule, seats, teams, order, excluded, ladder };
}

function whyOf(evaluation: Evaluation): Extract<Judgement, { kind: 'allowed' }>['why'] {
  const approvals = evaluation.verdict === 'allowed' ? evaluation.gates.filter(({ kind }) => kind === 'approval') : [];
  const asked = approvals.map(({ rule, source, message }) => ({ rule, source: source && placeOf(source), message }));
  return [...asked, ...evaluation.why];
}

function hardReasons({ reasons }: Evaluation): readonly string[] {
  return reasons
    .filter(({ level }) => level === 'hard')
    .map(({ message, source }) => (source ? `${message} (${placeOf(source)})` : message));
}

/** What was asked for, for lists and messages; the card shows every input in full. */
function titleOf(request: OperationRequest): string {
  const title = askedTitle(request);
  return title.length > maxTitle ? `${title.slice(0, maxTitle - 1)}…` : title;
}
