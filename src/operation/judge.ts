import type { JsonObject } from '../json';
import { ballotsFor } from '../policy/ballots';
import { placeOf } from '../policy/context';
import { evaluate, type Evaluation } from '../policy/evaluate';
import { operatorsFor } from '../policy/operators';
import type { World } from '../policy/request';
import { reviewDebtFor } from '../policy/review-debt';
import { runningFreezes } from '../policy/running-freezes';
import type { RunningFreezes } from '../policy/when-frozen';
import { compilePlan, compileResolve } from '../runbooks/compile';
import {
  basisIn,
  describeCase,
  excludedFrom,
  questionOf,
  resolvedIn,
  type Case,
  type Described,
  type Judged,
} from './case';
import { compileInput, placeOfWork, targetProblems, workOf, workProblems } from './case-work';
import { changeViewOf, measuredIn, planNumbers } from './change';
import { decisionDigests } from './decision-digests';
import { gateAnswer } from './gate-answer';
import { differencesFor, infrastructureWords } from '../infrastructure/declared';
import { judgedServers, laneOfServers } from '../infrastructure/judged';
import { libraryOf } from './library-of';
import { judgedResource, laneBesides } from './judged-resource';
import type { Admission, GateAnswer, JudgedServer, Judgement } from './judgement';
import type { Plan, PlanOutline } from './plan';
import { policyChangeWords, policyLane, policyPlanOf } from './policy-change';
import type { OperationRequest } from './request';
import type { ReviewDebt } from './review';
import { resourceProblems } from './resource-of';
import { rollbackReadiness } from './rollback-readiness';
import { shownInputs } from './shown-inputs';
import { askedTitle } from './title';
import { triggerTeam } from './trigger-team';

const maxTitle = 160;

const nobodyApproves =
  'This policy commit cannot be approved, because policy_changes is gated and no approval rule asks anybody about it; the owner of the policy repository has to add a rule for change.kind == "policy", by way of whoever runs Signalbox.';

/** The first verdict: may this be asked for at all, and what would run? Nothing has been opened yet. */
export function admitCase(input: Case): { readonly admission: Admission; readonly resolve?: Plan } {
  const { repository } = input;
  const about = describeCase(input);
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
export function judgeCase(input: Judged & { readonly resolved: JsonObject }): {
  readonly judgement: Judgement;
  readonly plan?: Plan;
} {
  const { repository, now } = input;
  const { policy } = repository;
  const about = describeCase(input);
  if (about.problems.length > 0) return denied(input, about, { reasons: about.problems });
  const work = workOf(input, about.request);
  if (work.kind === 'none') return denied(input, about, { reasons: work.problems });
  const resolved = resolvedIn({ ...input, request: about.request });
  const compiled = compilePlan({
    ...compileInput(input, about.request, work),
    resolve: input.policyChange ? policyPlanOf(input.policyChange) : resolved,
    found: input.found,
  });
  if (!compiled.ok) return denied(input, about, { reasons: compiled.problems });
  const { plan, outline } = compiled;
  const taken = resourceProblems(input);
  if (taken.length > 0) return denied(input, about, { reasons: taken });
  const resource = judgedResource({ ...input, request: about.request }, plan);
  const world: World = {
    ...about.world,
    plan: planNumbers(outline, resolved),
    measured: measuredIn(input.resolved, policy),
  };
  const evaluation = evaluate({ policy, request: about.request, world, now });
  const { evidence } = evaluation;
  if (evaluation.verdict === 'denied')
    return denied(input, { ...about, world }, { reasons: hardReasons(evaluation), evidence });
  const ballots = ballotsFor({
    evaluation,
    policy,
    planDigest: outline.digest,
    operationId: input.request.id,
    excluded: excludedFrom(input),
    now,
  });
  // Nobody is no approval, whatever the rules say of nobody.
  if (about.request.kind === 'policy' && ballots.length === 0)
    return denied(input, about, { reasons: [nobodyApproves] });
  return {
    judgement: {
      kind: 'allowed',
      policyCommit: policy.commit,
      plan: outline,
      ballots,
      operators: operatorsFor({
        ...{ policy, ...placeOfWork(policy, about.request), ballots, now },
        ...{ trigger: triggerTeam(input.request.requester, work.work), owner: world.resource?.owner },
      }),
      ...gateAnswer(evaluation.gates, input, outline.digest),
      why: whyOf(evaluation),
      rollback: rollbackReadiness(input, outline),
      inputs: shownOf(input, plan, about.request),
      lane: laneOf({ ...input, request: about.request }, evaluation, laneBesides(plan, resource)),
      ...(resource && { resource }),
      ...serversIn(input, about.request, work),
      ...(evaluation.debt && { review: reviewOf(input, outline, evaluation.channel) }),
      facts: evaluation.facts,
      ...decisionDigests(plan, ballots),
      ...(evaluation.shadow.length > 0 ? { shadow: evaluation.shadow } : {}),
      basis: basisIn(input, { ...about, world }),
      evidence,
      change: changeViewOf(input.change, policy.people),
    },
    plan,
  };
}

function shownOf(input: Case, plan: Plan, request: OperationRequest): { readonly [name: string]: string } | undefined {
  const { policyChange, infrastructure } = input;
  if (policyChange) return policyChangeWords(policyChange);
  if (!infrastructure) return shownInputs(plan);
  return infrastructureWords(differencesFor(request, infrastructure), infrastructure.declared);
}

function laneOf(
  { request, resource }: Pick<Case, 'request' | 'resource'>,
  { lane }: Evaluation,
  besides: Evaluation['lane'],
): Evaluation['lane'] {
  if (request.kind === 'policy') return policyLane;
  if (request.kind === 'infrastructure') return laneOfServers(request);
  // The ledger tells by the fences of one lane who came later, so a declared server has no other, whoever is at it.
  return resource?.declared ? laneOfServers(resource) : (lane ?? besides);
}

function serversIn(
  { repository, infrastructure }: Case,
  request: OperationRequest,
  { work }: Extract<ReturnType<typeof workOf>, { kind: 'found' }>,
): { readonly servers?: readonly JudgedServer[] } {
  if (work.kind !== 'infrastructure' || !infrastructure) return {};
  const { commit: policyCommit } = repository.policy;
  return { servers: judgedServers({ work, request, infrastructure, library: libraryOf(repository), policyCommit }) };
}

/** Everything but approvals, at one instant, for a plan that was judged before. */
export function gatesOf(input: Judged, plan: PlanOutline): GateAnswer {
  const evaluation = evaluate(questionOf(input, plan));
  return evaluation.verdict === 'allowed' ? gateAnswer(evaluation.gates, input, plan.digest) : { gates: [] };
}

function reviewOf(input: Case, { digest }: PlanOutline, channel: string): ReviewDebt | undefined {
  const { repository, request, now } = input;
  const about = describeCase(input);
  return reviewDebtFor({
    policy: repository.policy,
    planDigest: digest,
    operationId: request.id,
    excluded: excludedFrom(input),
    channel,
    now,
    service: placeOfWork(repository.policy, about.request).service,
    world: about.world,
  });
}

/** What freezes ask of the operation while it runs, since an instant. */
export function freezesOf(
  input: Judged,
  { plan, since }: { readonly plan: PlanOutline; readonly since: Date },
): RunningFreezes {
  return runningFreezes(questionOf(input, plan), since);
}

function denied(
  input: Case,
  about: Pick<Described, 'request' | 'world'>,
  { reasons, evidence = {} }: { readonly reasons: readonly string[]; readonly evidence?: JsonObject },
): { readonly judgement: Judgement } {
  return {
    judgement: {
      kind: 'denied',
      reasons: [...new Set(reasons)],
      policyCommit: input.repository.policy.commit,
      basis: basisIn(input, about),
      evidence,
    },
  };
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
