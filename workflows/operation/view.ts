import type { BallotView, OperationView } from '../../src/operation/view';
import { instant, shortIdIn } from '../say';
import type { StepRow } from './rows';
import type { Facts } from './state';

const shownSteps = 12;

/** The card's data: state in, view out. Long lists are cut around what happens now, so that it stays under 4 KB. */
export function viewOf(facts: Facts, ballots: readonly BallotView[]): OperationView {
  const { request, admission, judgement } = facts;
  const shown = aroundNow(facts.steps);
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
    ...(facts.found.length > 0 ? { found: facts.found } : {}),
    ...(facts.log === undefined ? {} : { log: facts.log }),
    ...(facts.logMode && { logMode: facts.logMode }),
    irreversible: judgement?.plan.irreversible ?? [],
    rollback: judgement?.rollback ?? { ready: false },
    digest: judgement?.plan.digest,
    may: mayOf(facts),
    hold: facts.hold && { name: facts.hold.name, until: facts.hold.until },
    ...(facts.paused === undefined ? {} : { paused: facts.paused }),
    missed: facts.missed,
    note: facts.note,
    denials: facts.denials,
    outcome: facts.outcome,
  };
}

/** What its buttons do about the step that runs, or that failed and asks. */
function mayOf({ state, steps, hold, paused }: Facts): OperationView['may'] {
  if (state === 'needs_decision') return ['skip'];
  const canSkip = steps.some((step) => step.state === 'running' && step.skippable);
  const skip = canSkip ? (['skip'] as const) : [];
  if (state === 'running') return [paused ? 'resume' : 'pause', ...skip];
  return state === 'held' && !hold ? ['resume'] : [];
}

function aroundNow(steps: readonly StepRow[]): readonly StepRow[] {
  if (steps.length <= shownSteps) return steps;
  const now = steps.findIndex(({ state }) => state === 'running' || state === 'undoing' || state === 'failed');
  const start = Math.max(0, Math.min(now - 4, steps.length - shownSteps));
  return steps.slice(start, start + shownSteps);
}
