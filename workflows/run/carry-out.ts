import { ApplicationFailure } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import { askApproval } from './approval';
import { runChildOperation } from './child-operation';
import { runList } from './list';
import { runOtherWorkflow } from './other-workflow';
import { tellPeople } from './notify';
import { severalAtOnce } from './several-at-once';
import { waitFor } from './wait';
import type { Carried, Failure } from './walk';
import type { Walker } from './walker';

/** Carries out a step that no runner has a part in, as its kind says. */
export function carryOutControl(walker: Walker, step: StepOutline, told: JsonObject): Promise<Carried> {
  switch (step.control) {
    case 'sequence':
      return inOrder(walker, step);
    case 'parallel':
      return atOnce(walker, step, told as { readonly concurrency?: number });
    case 'foreach':
      return runList(walker, step, told);
    case 'approval':
      return askApproval(walker, step, told);
    case 'wait':
      return waitFor(walker, step, told);
    case 'operation':
      return runChildOperation(walker, step, told);
    case 'workflow':
      return runOtherWorkflow(walker, step, told);
    case 'notify':
      return tellPeople(walker, step, told);
    case 'step':
      throw ApplicationFailure.nonRetryable(`A runner carries ${step.path} out.`, 'UnknownFormat');
  }
}

async function inOrder(walker: Walker, step: StepOutline): Promise<Carried> {
  const failure = await walker.list(walker.partsIn(step), step);
  return failure ? { kind: 'failed', failure } : { kind: 'done', told: {} };
}

/** All parts at once, or as many as may be. When one fails, the others finish their present step. */
async function atOnce(
  walker: Walker,
  step: StepOutline,
  { concurrency }: { readonly concurrency?: number },
): Promise<Carried> {
  const parts = walker.partsIn(step);
  let first: Failure | undefined;
  const beside = walker.beside(() => first);
  await severalAtOnce(parts, concurrency ?? parts.length, async (part) => {
    if (first) return;
    const failure = await beside.list([part], step);
    first ??= failure;
  });
  return first ? { kind: 'failed', failure: first } : { kind: 'done', told: {} };
}
