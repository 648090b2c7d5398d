import { isGrpcServiceError, ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { TemporalClient } from './deps';

/** Temporal did not answer in time: whether it did what was asked is unknown. */
export class Late extends Error {
  override readonly name = 'Late';
}

/** Runs calls to Temporal under a deadline that holds even while the connection is being made. Throws `Late`. */
export async function within<Result>(client: TemporalClient, ms: number, work: () => Promise<Result>): Promise<Result> {
  return bounded(
    client.withDeadline(Date.now() + ms, work),
    // The client's own deadline comes first and says more; this one is for a connection that is still being made.
    ms + 100,
  );
}

/** The promise's result, or `Late` after so many milliseconds. The work itself goes on. */
export async function bounded<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Late(`no answer within ${ms} ms`)), ms);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

// INVALID_ARGUMENT, ALREADY_EXISTS and FAILED_PRECONDITION are answers: repeating the same call cannot help.
const answers: readonly number[] = [3, 5, 6, 9, 11, 12];

/** Whether Temporal was away (or would not talk to us now), so that the same call may succeed later. */
export function isAway(error: unknown): boolean {
  if (error instanceof Late || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const code = grpcCode(error);
  return code !== undefined && !answers.includes(code);
}

/** Whether the workflow does not exist or has ended. */
export function isGone(error: unknown): boolean {
  return error instanceof WorkflowNotFoundError || grpcCode(error) === 5;
}

function grpcCode(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
