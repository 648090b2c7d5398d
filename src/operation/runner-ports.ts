import type { JsonObject } from '../json';
import type { Fence } from '../ledger/fence';
import type { WatchMemory, WatchNews } from '../triggers/watch-news';
import type { StepResult } from './plan';

/** Runner queue, one per pool: the only holder of credentials. */
export interface RunnerActivities {
  runStep(input: RunStepInput): Promise<StepResult>;
  /**
   * Looks at a metric until there is something to tell, an attempt for each look. `watch` is the digest of what to look
   * at in the blob store.
   */
  watchMetric(input: { readonly watch: string; readonly memory?: WatchMemory }): Promise<{
    readonly memory: WatchMemory;
    readonly news: readonly WatchNews[];
  }>;
  /** Removes logs that nobody has written to since an instant, where this runner keeps them; gives how many. */
  sweepLogs(input: { readonly before: string }): Promise<number>;
}

/** What a slice of a `foreach` did: enough to tell how each target ended, and to undo it. */
export interface SliceRecord {
  /** Digest of the list in the blob store. */
  readonly list: string;
  /** Name by which its steps see a target. */
  readonly as: string;
  /** How many of its targets were done at once. */
  readonly atOnce: number;
  readonly targets: readonly {
    /** Place in the list. */
    readonly index: number;
    /** How often its list had been begun anew: a part of the keys of its steps. */
    readonly round?: number;
    readonly state: 'ok' | 'failed' | 'skipped';
    readonly reason?: string;
    /** Steps that an undo has to look at, oldest first. */
    readonly undo: readonly UndoEntry[];
    /** Outputs of its own steps, where there is something to undo. */
    readonly outputs: { readonly [path: string]: JsonObject };
  }[];
}

/** A started step that has an undo, or a slice of a list whose targets have. */
export interface UndoEntry {
  readonly path: string;
  /** Digest of the slice's record. */
  readonly slice?: string;
  /** How many of its targets were done at once, and how many of the whole list may be undone at once. */
  readonly atOnce?: number;
  readonly mostAtOnce?: number;
  /** Nobody knows what the slice did, and why. */
  readonly lost?: string;
  /** Id of the child operation that completed, and what it was told. */
  readonly operation?: string;
  readonly told?: JsonObject;
}

/** The target of a list for which a step is done. */
export interface TargetRef {
  /** Name by which steps see it. */
  readonly as: string;
  /** Digest of the list in the blob store. */
  readonly list: string;
  readonly index: number;
  /** Counts how often the list was begun anew: what was put back is done anew, not found done. */
  readonly round?: number;
}

export interface RunStepInput {
  readonly planDigest: string;
  readonly path: string;
  /**
   * `begin` and `end` are of steps that the run carries out itself: what they are told is filled in, and what came of
   * it becomes their outputs. `check` changes nothing: the step says what it would do, and its tool tries it where it can.
   */
  readonly mode: 'do' | 'undo' | 'begin' | 'end' | 'check';
  /** For `end`: names that its expressions see besides those of the scope. */
  readonly told?: JsonObject;
  /** The targets it is done for, the outermost list first. */
  readonly targets?: readonly TargetRef[];
  /** Outputs of earlier steps by path. */
  readonly outputs: { readonly [path: string]: JsonObject };
  /** `<operation id>/<path>`: the same for every attempt; steps derive their idempotency keys from it. */
  readonly key: string;
  /** Values known only once the lane is held; a scope input `{ "$late": name }` stands for them. */
  readonly late: { readonly previous_version?: string };
  /** Fence of the lane: grows with every holder, so a late writer can be told from the present one. */
  readonly fence?: Fence;
}
