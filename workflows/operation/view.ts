import { tellingSteps } from '../../src/operation/telling-steps';
import type { BallotView, OperationView } from '../../src/operation/view';
import type { ViewAsked } from '../contract';
import { instant, shortIdIn } from '../say';
import { openQuestions } from './question';
import type { Facts } from './state';

const shownSteps = 12;

/**
 * The card's data: state in, view out. Many steps are cut to those that tell the most, so that a card stays small;
 * whoever asks for all of them gets all.
 */
export function viewOf(
  facts: Facts,
  { ballots, steps = 'telling' }: { readonly ballots: readonly BallotView[] } & ViewAsked,
): OperationView {
  const { request, admission, judgement } = facts;
  const shown = steps === 'all' ? facts.steps : tellingSteps(facts.steps, shownSteps);
  const [question] = openQuestions(facts);
  return {
    format: 1,
    id: request.id,
    shortId: shortIdIn(request.id),
    kind: request.kind,
    title: admission?.title ?? request.asked.text,
    service: request.service,
    environment: request.environment,
    version: admission?.version ?? request.version,
    previousVersion: facts.previousVersion ?? admission?.previousVersion,
    runbook: request.runbook,
    inputs: judgement?.inputs,
    requester: request.requester,
    requesterVerified: true,
    ...(request.check ? { isCheck: true } : {}),
    reason: request.reason,
    change: judgement?.change,
    state: facts.state,
    since: instant(facts.since),
    requestedAt: request.requestedAt,
    policyCommit: judgement?.policyCommit ?? admission?.policyCommit,
    policyProblem: admission?.policyProblem,
    why: judgement?.why ?? [],
    ballots,
    gates: facts.gates,
    lane: facts.lane,
    steps: shown.map(({ path: _path, skippable: _skippable, ...row }) => row),
    moreSteps: facts.steps.length - shown.length,
    stepsDone: facts.steps.filter(({ state }) => state === 'done' || state === 'skipped').length,
    ...(facts.found.length > 0 ? { found: facts.found } : {}),
    ...(facts.log === undefined ? {} : { log: facts.log }),
    ...(facts.logMode && { logMode: facts.logMode }),
    irreversible: judgement?.plan.irreversible ?? [],
    rollback: judgement?.rollback ?? { ready: false },
    digest: judgement?.plan.digest,
    may: mayOf(facts),
    ...(question && { question }),
    hold: facts.hold && { name: facts.hold.name, until: facts.hold.until },
    ...(facts.paused === undefined ? {} : { paused: facts.paused }),
    missed: facts.missed,
    note: facts.note,
    denials: facts.denials,
    outcome: facts.outcome,
  };
}

/** What its buttons do about the step that runs, or that failed and asks. */
function mayOf(facts: Facts): OperationView['may'] {
  const { state, hold, paused } = facts;
  if (state === 'needs_decision') return ['skip'];
  const skip = openQuestions(facts).length > 0 ? (['skip'] as const) : [];
  if (state === 'running') return [paused ? 'resume' : 'pause', ...skip];
  return state === 'held' && !hold ? ['resume'] : [];
}
