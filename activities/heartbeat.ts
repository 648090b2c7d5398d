import { Context } from '@temporalio/activity';

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Says from now on that this process lives; stops when called. Details are for the next attempt and are told at once;
 * without them the first beat comes later than most activities last, so that those cost the server nothing.
 */
export function startBeating(context: Context, details?: unknown): () => void {
  const everyMs = Math.min(5_000, Math.max(100, (context.info.heartbeatTimeoutMs ?? 20_000) / 4));
  if (details !== undefined) context.heartbeat(details);
  const timer = setInterval(() => context.heartbeat(details), everyMs);
  return () => clearInterval(timer);
}

/**
 * The same activities, each beating while it works: when this process is killed, Temporal gives the work to another one
 * after the heartbeat timeout instead of the whole time limit.
 */
export function withHeartbeats<Activities extends object>(activities: Activities): Activities {
  const beating = Object.entries(activities as Record<string, Activity>).map(([name, work]): [string, Activity] => [
    name,
    async (...args) => {
      const context = Context.current();
      // What runs inside a workflow task dies with it, and nobody listens for its heart.
      if (context.info.isLocal) return work(...args);
      const stop = startBeating(context);
      try {
        return await work(...args);
      } finally {
        stop();
      }
    },
  ]);
  return Object.fromEntries(beating) as unknown as Activities;
}
