import { Context } from '@temporalio/activity';

export interface Attempt {
  /** Counts from 1. */
  readonly number: number;
  /** How long this attempt may still wait for its turn, ms; leaves time for the call itself. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

const mostMs = 45_000;

/** What Temporal says about the present attempt; outside an activity, a first attempt. */
export function presentAttempt(): Attempt {
  let context: Context;
  try {
    context = Context.current();
  } catch {
    return { number: 1, waitMs: mostMs };
  }
  const { attempt, startToCloseTimeoutMs } = context.info;
  const waitMs = startToCloseTimeoutMs > 0 ? Math.min(mostMs, startToCloseTimeoutMs * 0.75) : mostMs;
  return { number: attempt, waitMs, signal: context.cancellationSignal };
}
