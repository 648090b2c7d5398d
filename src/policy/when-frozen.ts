/**
 * What becomes of work that is running when a freeze begins: it goes on to its end; it waits after the step, or the
 * stage, in which it is; it waits at once where it only watches or waits itself, else after its step; it is undone.
 */
export type WhenFrozen = 'finish' | 'finish_step' | 'finish_stage' | 'hold' | 'roll_back';

/** What a freeze can ask of work that is running. */
export type AskedOfRunning = Exclude<WhenFrozen, 'finish'>;

/** What freezes ask of work that is running. */
export interface RunningFreezes {
  /** Absent: it may go on. */
  readonly now?: {
    readonly name: string;
    readonly does: AskedOfRunning;
    /** ISO 8601 UTC; absent: until somebody lifts it. */
    readonly until?: string;
    /** One full sentence for the thread. */
    readonly message: string;
  };
  /** Instant (ms) at which this wants to be asked again; absent: nothing that is known changes it. */
  readonly nextAtMs?: number;
}
