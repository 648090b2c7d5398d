import { evaluate, type Evaluation } from '../policy/evaluate';
import type { World } from '../policy/request';
import { compilePlan, compileResolve } from '../runbooks/compile';
import { describeCase, resolvedIn, type Case } from './case';
import { compileInput, targetProblems, workOf, workProblems } from './case-work';
import { planNumbers } from './change';
import type { OperationRequest } from './request';

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

/** What the gate would say of a request at an instant. Nothing is kept or opened. */
export function previewCase(input: Case): Preview {
  const about = describeCase(input);
  const work = workOf(input, about.request);
  const found = work.kind === 'found' ? compileInput(input, about.request, work) : undefined;
  const resolve = found && compileResolve({ ...found, measures: {} });
  const compiled = found && !resolve ? compilePlan({ ...found, resolve: {} }) : undefined;
  // Nobody has looked what its plan would be, so it destroys and creates nothing, as for `signalbox why`.
  const plan = compiled?.ok ? planNumbers(compiled.outline, resolvedIn(input)) : {};
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
