import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { LocalPermits } from './pacer-local';
import {
  createPacer,
  defaultLimits,
  rank,
  type Budget,
  type Pacer,
  type PacerLimits,
  type Permits,
  type Priority,
} from './pacer';

export interface RedisPacerOptions {
  readonly url: string;
  readonly limits?: PacerLimits;
  /** Processes with the same prefix share their budgets. */
  readonly prefix?: string;
  /** How often somebody in line asks whether their place still exists, ms. A lost grant or a flushed Redis costs this. */
  readonly askAgainMs?: number;
  /** A budget nobody has used for so long gives its connections back, ms. */
  readonly idleMs?: number;
  readonly warn?: (message: string) => void;
}

/**
 * A pacer whose budgets all bot processes share. A budget is a BullMQ queue and a place in line is a job in it: BullMQ
 * keeps the order of priorities, its limiter counts over all workers of a queue, and `rateLimit` closes a queue for as
 * long as a 429 says. A job cannot carry the call itself, so working a job off means telling its owner "go", by Redis
 * publish to the owner's own channel; every process that has somebody in line works jobs off, also those of others.
 *
 * Nothing is kept here that could be missed: whoever waits asks again every `askAgainMs` whether the job still exists
 * and stands in line anew if it does not, so a flush or a lost publish costs time only. When Redis does not answer,
 * places come from this process alone; then each process has a whole budget, and Slack's 429 is the last word.
 */
export function createRedisPacer(options: RedisPacerOptions): Pacer {
  return createPacer(new RedisPermits(options), options.limits ?? defaultLimits);
}

interface Desk {
  readonly queue: Queue;
  readonly worker: Worker;
  inLine: number;
  idle?: NodeJS.Timeout;
}

/** How long Redis may take to answer before it counts as away; `queue.add` itself would wait for ever. */
const answerMs = 1_000;

class RedisPermits implements Permits {
  private readonly local = new LocalPermits();
  private readonly desks = new Map<string, Desk>();
  private readonly granted = new Map<string, () => void>();
  private readonly producer: Redis;
  private readonly listener: Redis;
  private readonly prefix: string;
  private readonly owner: string;
  private closed = false;
  private firstConnection: Promise<void> | undefined;

  constructor(private readonly options: RedisPacerOptions) {
    this.prefix = options.prefix ?? 'signalbox-pace';
    this.owner = `${this.prefix}-go-${randomUUID()}`;
    this.producer = this.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 1 });
    this.listener = this.connect({ maxRetriesPerRequest: null });
    this.listener.on('message', (_channel, id) => this.granted.get(id)?.());
    void this.listener.subscribe(this.owner).catch((error: unknown) => this.warn(error));
  }

  async acquire(budget: Budget, wish: { readonly priority: Priority; readonly signal: AbortSignal }): Promise<void> {
    while (await this.ready()) {
      const answer = await this.standInLine(budget, wish);
      if (answer === 'go') return;
      if (answer === 'away') break;
    }
    await this.local.acquire(budget, wish);
  }

  async pause(budget: Budget, ms: number): Promise<void> {
    await this.local.pause(budget, ms);
    if (this.producer.status !== 'ready') return;
    const desk = this.desk(budget);
    await inTime(desk.queue.rateLimit(Math.ceil(ms))).catch((error: unknown) => this.warn(error));
    this.leave(budget, desk);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.local.close();
    const desks = [...this.desks.values()];
    this.desks.clear();
    for (const desk of desks) clearTimeout(desk.idle);
    await Promise.allSettled(desks.map((desk) => shut(desk)));
    this.listener.disconnect();
    this.producer.disconnect();
  }

  /** `again` when the job has gone without a grant: Redis was flushed, or the grant was lost. */
  private async standInLine(
    budget: Budget,
    wish: { readonly priority: Priority; readonly signal: AbortSignal },
  ): Promise<'go' | 'again' | 'away'> {
    const id = `place-${randomUUID()}`;
    const desk = this.desk(budget);
    let timer: NodeJS.Timeout | undefined;
    let giveUp: (() => void) | undefined;
    try {
      const outcome = new Promise<'go' | 'again' | 'away'>((resolve, reject) => {
        this.granted.set(id, () => resolve('go'));
        giveUp = () => reject(wish.signal.reason as Error);
        wish.signal.addEventListener('abort', giveUp, { once: true });
        const ask = async (): Promise<void> => {
          const answer = await this.standing(desk, id);
          if (answer === 'waiting') timer = setTimeout(() => void ask(), this.options.askAgainMs ?? 2_000);
          else resolve(answer);
        };
        const add = desk.queue.add('place', { owner: this.owner }, { jobId: id, priority: rank[wish.priority] });
        inTime(add).then(
          () => (timer = setTimeout(() => void ask(), this.options.askAgainMs ?? 2_000)),
          (error: unknown) => {
            this.warn(error);
            resolve('away');
          },
        );
      });
      return await outcome;
    } catch (error) {
      // The place of somebody who left would cost the others a turn.
      await inTime(desk.queue.remove(id)).catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
      if (giveUp) wish.signal.removeEventListener('abort', giveUp);
      this.granted.delete(id);
      this.leave(budget, desk);
    }
  }

  private async standing(desk: Desk, id: string): Promise<'waiting' | 'again' | 'away'> {
    try {
      const state = await inTime(desk.queue.getJobState(id));
      return state === 'unknown' || state === 'completed' || state === 'failed' ? 'again' : 'waiting';
    } catch (error) {
      this.warn(error);
      return 'away';
    }
  }

  /** Just after the start the first connection is under way, which is worth a moment; afterwards away means away. */
  private async ready(): Promise<boolean> {
    this.firstConnection ??= inTime(once(this.producer, 'ready')).then(ignore, ignore);
    await this.firstConnection;
    return this.producer.status === 'ready';
  }

  private desk(budget: Budget): Desk {
    const known = this.desks.get(budget.name);
    if (known) {
      known.inLine += 1;
      clearTimeout(known.idle);
      return known;
    }
    // A queue's name may not contain a colon, and a channel can be called anything.
    const name = budget.name.replace(/[^A-Za-z0-9_.-]/g, '_');
    const queue = new Queue(name, { connection: this.producer, prefix: this.prefix, skipWaitingForReady: true });
    const worker = new Worker(name, (job) => this.tell(job.data, job.id), {
      connection: { url: this.options.url, maxRetriesPerRequest: null },
      prefix: this.prefix,
      limiter: { max: budget.burst, duration: Math.max(1, Math.ceil(budget.burst * budget.intervalMs)) },
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      lockDuration: 5_000,
      stalledInterval: 5_000,
    });
    queue.on('error', (error) => this.warn(error));
    worker.on('error', (error) => this.warn(error));
    const desk: Desk = { queue, worker, inLine: 1 };
    this.desks.set(budget.name, desk);
    return desk;
  }

  private leave(budget: Budget, desk: Desk): void {
    desk.inLine -= 1;
    if (desk.inLine > 0 || this.closed) return;
    desk.idle = setTimeout(() => {
      this.desks.delete(budget.name);
      void shut(desk);
    }, this.options.idleMs ?? 60_000);
    desk.idle.unref();
  }

  private async tell(data: { owner?: unknown }, id: string | undefined): Promise<void> {
    await this.producer.publish(String(data.owner), String(id));
  }

  private connect(how: { readonly enableOfflineQueue?: boolean; readonly maxRetriesPerRequest: number | null }): Redis {
    const redis = new Redis(this.options.url, { ...how, retryStrategy: (times) => Math.min(times * 100, 2_000) });
    redis.on('error', (error) => this.warn(error));
    return redis;
  }

  private warn(error: unknown): void {
    if (this.closed) return;
    // ioredis puts the address, not the password, into its messages.
    this.options.warn?.(`Redis, pacing Slack: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const ignore = (): void => undefined;

async function shut(desk: Desk): Promise<void> {
  await Promise.allSettled([inTime(desk.worker.close(true)), inTime(desk.queue.close())]);
}

async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerMs} ms`)), answerMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}
