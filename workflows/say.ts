import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailedOutput } from '../src/operation/plan';

/** What went wrong, as a sentence people may see: our own activities' messages are written for them, others are not. */
export function reasonOf(error: unknown): string {
  const failure = applicationFailureIn(error);
  if (failure?.nonRetryable || (failure && sentenceTypes.has(failure.type ?? ''))) return failure.message;
  if (failure) return `It failed and the retries are used up: ${failure.message}`;
  if (isTimeout(error)) return 'It took longer than its time limit.';
  return 'It failed for a reason that Signalbox does not know; the Temporal history has the details.';
}

/** Types whose message is a sentence of ours. */
const sentenceTypes: ReadonlySet<string> = new Set(['StepFailed', 'CriterionMissed', 'Refusal', 'SlotLost']);

/** The application failure at the bottom of what an activity or a child threw. */
export function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  let current: unknown = error;
  while (current instanceof ActivityFailure || current instanceof ChildWorkflowFailure) current = current.cause;
  return current instanceof ApplicationFailure ? current : undefined;
}

/** What the programs of a step wrote that failed. */
export function outputIn(error: unknown): FailedOutput {
  return (applicationFailureIn(error)?.details?.[1] as FailedOutput | undefined) ?? {};
}

/** Whether an activity or a child did not end in time, as opposed to having failed. */
export function isTimeout(error: unknown): boolean {
  let current: unknown = error;
  while (current instanceof ActivityFailure || current instanceof ChildWorkflowFailure) current = current.cause;
  return current instanceof TimeoutFailure;
}

/** Workflow time as ISO 8601 UTC. */
export function instant(ms: number = Date.now()): string {
  return new Date(ms).toISOString();
}

/** The part of an id that people say; `src/operation/ids.ts` has the same, which needs Node. */
export function shortIdIn(operationId: string): string {
  return operationId.slice(operationId.lastIndexOf('-') + 1);
}
