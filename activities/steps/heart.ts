import type { Context } from '@temporalio/activity';
import type { Json } from '../../src/json';
import type { Lease } from '../processes/run-program';

/** What one attempt leaves for the next in its heartbeat. */
export interface Progress {
  /** Attempts that failed by themselves, not by a dead runner. */
  readonly failures: number;
  /** Start of the present row of failures, ms since the epoch. */
  readonly failingSinceMs?: number;
  /** What the step itself wants to know next time. */
  readonly checkpoint?: Json;
}

/**
 * Tells Temporal that an attempt lives, and returns only when Temporal has taken note. Throws when it has not, and
 * `AttemptGone` when the attempt is not this process's any more.
 */
export type Acknowledge = (beat: { readonly taskToken: Uint8Array; readonly details: Progress }) => Promise<void>;

export class AttemptGone extends Error {
  override readonly name = 'AttemptGone';
}

/** A lease is shorter than Temporal's patience, so that what was killed is gone before another attempt begins. */
const shareOfPatience = 0.7;
/** So long after its last word from Temporal an attempt still counts as just begun, as a share of its lease. */
const shareOfTrust = 0.25;
const usualPatienceMs = 20_000;
/** Temporal keeps the details of each running attempt in memory. */
export const maxCheckpointBytes = 128 * 1024;

/**
 * The heartbeat of one attempt. Whoever runs a program holds its lease: it is renewed by each beat that Temporal has
 * acknowledged, and reaches as far from the moment the beat was sent.
 */
export class Heart implements Lease {
  private details: Progress;
  private readonly leaseMs: number;
  private readonly told = new Set<() => void>();
  private readonly gone = new AbortController();
  private leaseEnds: number;
  private heldSince = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private end: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;

  constructor(
    private readonly context: Context,
    private readonly acknowledge: Acknowledge | undefined,
  ) {
    this.details = progressOf(context.info.heartbeatDetails);
    this.leaseMs = (context.info.heartbeatTimeoutMs ?? usualPatienceMs) * shareOfPatience;
    this.leaseEnds = performance.now() + this.leaseMs;
  }

  get progress(): Progress {
    return this.details;
  }

  /** Beats from now on; gives what stops it. */
  start(): () => void {
    const everyMs = Math.min(5_000, Math.max(100, (this.context.info.heartbeatTimeoutMs ?? usualPatienceMs) / 4));
    // Not before: most steps are over by then, and each heartbeat is a call to the server.
    this.timer = setInterval(() => {
      // The SDK learns of cancellation by its own heartbeats, and we of our hold by ours.
      this.context.heartbeat(this.details);
      this.beat().catch(() => undefined);
    }, everyMs);
    this.watchEnd();
    return () => {
      clearInterval(this.timer);
      clearTimeout(this.end);
      this.timer = undefined;
    };
  }

  /** Aborted when the lease is over: another attempt may begin from now on. */
  get lost(): AbortSignal {
    return this.gone.signal;
  }

  /** Whether so much time has passed that this attempt may have lost its place without knowing. */
  get isOld(): boolean {
    // The clock on the wall goes on while a machine sleeps.
    const ageMs = Math.max(this.leaseMs - this.restMs(), Date.now() - this.heldSince);
    return ageMs > this.leaseMs * shareOfTrust;
  }

  /** Replaces what the next attempt will know. */
  tell(details: Progress): void {
    this.details = details;
    this.context.heartbeat(details);
  }

  /** Keeps the step's own checkpoint; resolves when Temporal has it. */
  async keepCheckpoint(checkpoint: Json): Promise<void> {
    if (Buffer.byteLength(JSON.stringify(checkpoint)) > maxCheckpointBytes)
      throw new RangeError(`a checkpoint has at most ${maxCheckpointBytes / 1024} KiB`);
    this.tell({ ...this.details, checkpoint });
    await this.beat();
  }

  /** Resolves when Temporal has acknowledged that this attempt is the present one. Throws what `Acknowledge` throws. */
  confirm(): Promise<void> {
    return this.beat();
  }

  restMs(): number {
    return this.leaseEnds - performance.now();
  }

  onChange(told: () => void): () => void {
    this.told.add(told);
    return () => this.told.delete(told);
  }

  private async beat(): Promise<void> {
    // One at a time, so that an older state never arrives after a newer one.
    await this.beating?.catch(() => undefined);
    this.beating = this.beatOnce();
    await this.beating;
  }

  private async beatOnce(): Promise<void> {
    const [sentAt, wallAt] = [performance.now(), Date.now()];
    try {
      await this.acknowledge?.({ taskToken: this.context.info.taskToken, details: this.details });
    } catch (error) {
      if (error instanceof AttemptGone) this.holdUntil(sentAt);
      throw error;
    }
    this.heldSince = wallAt;
    this.holdUntil(sentAt + this.leaseMs);
  }

  private watchEnd(): void {
    clearTimeout(this.end);
    if (this.timer === undefined) return;
    this.end = setTimeout(() => this.gone.abort(), Math.max(0, this.restMs()));
  }

  private holdUntil(at: number): void {
    this.leaseEnds = at;
    this.watchEnd();
    for (const told of this.told) told();
  }
}

function progressOf(details: unknown): Progress {
  const { failures, failingSinceMs, checkpoint } = (details ?? {}) as Partial<Progress>;
  return {
    failures: typeof failures === 'number' ? failures : 0,
    ...(typeof failingSinceMs === 'number' ? { failingSinceMs } : {}),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
}
