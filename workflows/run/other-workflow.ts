import {
  ChildWorkflowCancellationType,
  executeChild,
  getExternalWorkflowHandle,
  startChild,
} from '@temporalio/workflow';
import type { Json, JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import { isOwnWorkflow } from './own-workflows';
import type { Carried } from './walk';
import type { Walker } from './walker';

interface WorkflowTold {
  readonly type?: string;
  readonly task_queue?: string;
  readonly id?: string;
  readonly args?: readonly Json[];
  readonly signal?: string;
  readonly wait: 'yes' | 'no';
}

const outOfReach =
  'Workflows of Signalbox itself are reached by requests only, so that policy has its say; use deploy, rollback or runbook.';

/** Starts a workflow of any language, or signals one. Signalbox's own are reached by requests only. */
export async function runOtherWorkflow(walker: Walker, step: StepOutline, given: JsonObject): Promise<Carried> {
  const told = given as unknown as WorkflowTold;
  if (isOwnWorkflow(told)) return { kind: 'failed', failure: { step: step.name, reason: outOfReach } };
  const args = [...(told.args ?? [])];
  if (told.signal !== undefined) {
    await getExternalWorkflowHandle(told.id!).signal(told.signal, ...args);
    return { kind: 'done', told: { result: null }, summary: `told ${told.id}: ${told.signal}` };
  }
  const type = told.type!;
  const options = {
    workflowId: told.id ?? `${walker.keyOf(step)}/workflow`,
    taskQueue: told.task_queue!,
    args,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' as const,
  };
  if (told.wait === 'no') {
    const child = await startChild(type, { ...options, parentClosePolicy: 'ABANDON' });
    return { kind: 'done', told: { result: null }, summary: `started ${child.workflowId}` };
  }
  const result = (await walker.under(step, () => executeChild(type, options))) as Json | undefined;
  return { kind: 'done', told: { result: result ?? null }, summary: `${type} is done` };
}
