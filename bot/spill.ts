import { Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { VoteBody } from '../src/approvals/ballot';
import { digestOf } from '../src/canonical';
import type { IncidentRequest } from '../src/incidents/incident';
import type { ActBody } from '../src/operation/ports';
import type { OperationRequest, Relayed } from '../src/operation/request';
import type { BotDeps } from './deps';
import { bounded } from './temporal';

/** A delivery that Temporal could not take yet. It is signed already: what is kept cannot be changed unnoticed. */
export type Kept = {
  /** ISO 8601 UTC: after this instant it is told "too late" instead of being handed over. */
  readonly notAfter: string;
} & (
  | { readonly kind: 'start'; readonly payload: Relayed<OperationRequest> }
  | { readonly kind: 'incident'; readonly payload: Relayed<IncidentRequest>; readonly channel: string }
  | { readonly kind: 'vote'; readonly payload: Relayed<VoteBody> }
  | { readonly kind: 'act'; readonly payload: Relayed<ActBody> }
);

/** How handing over a kept delivery ended; `away` means later again. */
export type SpillOutcome = 'done' | 'away';

export interface Spill {
  /** True once the delivery is durable in Redis. Equal deliveries are one. False when Redis is away too. */
  keep(kept: Kept): Promise<boolean>;
  /** Begins to hand over what is kept, oldest first. */
  drain(handOver: (kept: Kept) => Promise<SpillOutcome>, tooLate: (kept: Kept) => Promise<void>): void;
  close(): Promise<void>;
}

const queueName = 'signalbox-spill';

/** The spill queue on Redis. Without `deps.redis` there is none, and nothing can be kept. */
export function openSpill(deps: Pick<BotDeps, 'redis' | 'waits' | 'now' | 'log'>): Spill | undefined {
  const { redis } = deps;
  if (redis === undefined) return undefined;
  const prefix = redis.prefix ?? 'signalbox';
  const queue = new Queue<Kept>(queueName, { connection: redis.commands, prefix, skipVersionCheck: true });
  queue.on('error', (error) => deps.log.warn({ err: error }, 'the spill queue cannot be reached'));
  let worker: Worker<Kept> | undefined;
  return {
    async keep(kept) {
      const options = {
        jobId: `kept-${digestOf(kept.payload)}`,
        attempts: Number.MAX_SAFE_INTEGER,
        backoff: { type: 'later' },
        removeOnComplete: { age: 3_600 },
        removeOnFail: { age: 7 * 86_400 },
      };
      try {
        await bounded(queue.add(kept.kind, kept, options), deps.waits.keep);
        return true;
      } catch (error) {
        deps.log.error({ err: error }, 'a delivery could not be kept: Temporal and Redis are both away');
        return false;
      }
    },
    drain(handOver, tooLate) {
      worker = new Worker<Kept>(queueName, (job) => handJobOver(job, { deps, handOver, tooLate }), {
        connection: redis.blocking,
        prefix,
        concurrency: 8,
        skipVersionCheck: true,
        settings: {
          backoffStrategy: (attempt = 1) => Math.min(250 * 2 ** Math.min(attempt, 12), deps.waits.spillRetry),
        },
      });
      worker.on('error', (error) => deps.log.warn({ err: error }, 'the spill queue cannot be drained'));
    },
    async close() {
      await worker?.close();
      await queue.close();
    },
  };
}

async function handJobOver(
  job: Job<Kept>,
  how: {
    readonly deps: Pick<BotDeps, 'now' | 'log'>;
    readonly handOver: (kept: Kept) => Promise<SpillOutcome>;
    readonly tooLate: (kept: Kept) => Promise<void>;
  },
): Promise<void> {
  const kept = job.data;
  if (how.deps.now().getTime() > Date.parse(kept.notAfter)) {
    await how.tooLate(kept);
    return;
  }
  let outcome: SpillOutcome;
  try {
    outcome = await how.handOver(kept);
  } catch (error) {
    how.deps.log.error({ err: error, kind: kept.kind }, 'a kept delivery was refused');
    throw new UnrecoverableError(error instanceof Error ? error.message : String(error));
  }
  if (outcome === 'away') throw new Error('Temporal is still away');
}
