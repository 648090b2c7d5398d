import {
  ChildWorkflowCancellationType,
  executeChild,
  getExternalWorkflowHandle,
  startChild,
} from '@temporalio/workflow';
import type { Json, JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import {
  ACT_SIGNAL,
  INCIDENT_EVENT,
  LANE_GRANTED,
  LANE_POSITION,
  LANE_TAKEN,
  RUN_ACT,
  RUN_PROGRESS,
  STIR,
  VOTE_SIGNAL,
  WORKFLOWS,
} from '../contract';
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

/** Starts a workflow of any language, or signals one. Signalbox's own are reached by requests only. */
export async function runOtherWorkflow(walker: Walker, step: StepOutline, given: JsonObject): Promise<Carried> {
  const told = given as unknown as WorkflowTold;
  const refused = refusalOf(told);
  if (refused) return { kind: 'failed', failure: { step: step.name, reason: refused } };
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

/** What Signalbox's own workflows say to each other: nobody else may say it in their name. */
const ownSignals: readonly string[] = [
  VOTE_SIGNAL,
  ACT_SIGNAL,
  STIR,
  LANE_GRANTED,
  LANE_POSITION,
  LANE_TAKEN,
  RUN_PROGRESS,
  RUN_ACT,
  INCIDENT_EVENT,
];

function refusalOf({ type, task_queue: queue, id, signal }: WorkflowTold): string | undefined {
  const isOurs =
    (signal !== undefined && ownSignals.includes(signal)) ||
    (type !== undefined && (Object.values(WORKFLOWS) as readonly string[]).includes(type)) ||
    (queue ?? '').startsWith('signalbox') ||
    /^(lane|review|trigger)\/|^(holds|policy-watch|firings)$|\/(run|card)$/.test(id ?? '');
  if (!isOurs) return undefined;
  return 'Workflows of Signalbox itself are reached by requests only, so that policy has its say; use deploy, rollback or runbook.';
}
