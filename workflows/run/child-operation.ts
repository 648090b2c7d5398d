import { ChildWorkflowCancellationType, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import type { Outcome } from '../../src/operation/outcome';
import type { StepOutline } from '../../src/operation/plan';
import { reading } from '../activities';
import { WORKFLOWS } from '../contract';
import type { operation } from '../operation';
import type { Carried } from './walk';
import type { Walker } from './walker';

/**
 * Starts an operation of its own and waits for its end: its environment's policy, its lane, its record. What it
 * completed stays, unless the step says `undo: rollback`.
 */
export async function runChildOperation(walker: Walker, step: StepOutline, told: JsonObject): Promise<Carried> {
  const kind = step.uses === 'rollback' ? 'rollback' : 'deploy';
  const { id, outcome } = await walker.under(step, () => operate(walker, { kind, told, key: walker.keyOf(step) }));
  if (outcome.kind !== 'succeeded') return { kind: 'failed', failure: { step: step.name, reason: outcome.sentence } };
  if (step.hasUndo) walker.frame.undo.push({ path: step.path, operation: id, told });
  return {
    kind: 'done',
    told: { operation_id: id, outcome: outcome.kind, version: told.version ?? '' },
    summary: outcome.sentence,
  };
}

/** Puts back what a child operation completed. Undefined when it worked, else what went wrong. */
export async function rollBackChild(
  walker: Walker,
  step: StepOutline,
  { told }: { readonly told: JsonObject },
): Promise<string | undefined> {
  const { service, environment } = told;
  const given = { service: service!, environment: environment!, reason: `Undo of “${step.name}”` };
  const { outcome } = await operate(walker, { kind: 'rollback', told: given, key: `${walker.keyOf(step)}/undo` });
  return outcome.kind === 'succeeded' ? undefined : outcome.sentence;
}

async function operate(
  walker: Walker,
  ask: { readonly kind: 'deploy' | 'rollback'; readonly told: JsonObject; readonly key: string },
): Promise<{ readonly id: string; readonly outcome: Outcome }> {
  const { input, tries } = walker.walk;
  // An operation that is over is not begun again under the same id; whoever tries again begins another.
  const times = (tries[ask.key] = (tries[ask.key] ?? 0) + 1);
  const request = await reading(input.timings).childRequest({
    parent: input.request,
    kind: ask.kind,
    given: ask.told,
    key: times === 1 ? ask.key : `${ask.key}#${times}`,
  });
  const { id } = request.body;
  const outcome = await executeChild<typeof operation>(WORKFLOWS.operation, {
    workflowId: id,
    args: [{ request, timings: input.timings }],
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: request.body.asked.text.slice(0, 200),
  });
  return { id, outcome };
}
