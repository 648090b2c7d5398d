import type { JsonObject } from '../../src/json';
import type { Fence } from '../../src/ledger/fence';
import type { MissedCriterion, PlanOutline } from '../../src/operation/plan';
import type { TargetRef, UndoEntry } from '../../src/operation/runner-ports';
import type { OperationRequest, Relayed } from '../../src/operation/request';
import type { StepView } from '../../src/operation/view';
import type { OperationTimings } from '../contract';

/** What `run` is started with, and what it hands to itself at continue-as-new. */
export interface RunInput {
  readonly operationId: string;
  readonly plan: PlanOutline;
  /** As the bot signed it: what the run starts in somebody's name, it starts by this. */
  readonly request: Relayed<OperationRequest>;
  readonly fence?: Fence;
  readonly late: { readonly previous_version?: string };
  readonly timings: OperationTimings;
  readonly carried?: RunState;
}

/** Everything a run knows; plain JSON, so that it survives continue-as-new unchanged. */
export interface RunState extends Frame {
  undone: number;
  /** Who holds it, and from where on. */
  pauses?: { [by: string]: PauseAt };
  /** Why there is nothing to watch any more, when somebody said so. */
  watchCut?: 'finished_early' | 'superseded';
  /** Lists that are not done, by the path of their `foreach`. */
  lists: { [path: string]: ListState };
  /** How often operations of its own were begun, by the key of their step. */
  tries: { [key: string]: number };
  /** The step whose log says the most. */
  log?: WrittenLog;
  /** Signals that came from outside, by name. */
  signals: { [name: string]: JsonObject };
  /** How often people were asked to decide. */
  questions?: number;
}

/** What the steps of the plan, or those of one target of a list, have done so far. */
export interface Frame {
  /** Outputs by step path, and the inputs that nested runbooks began with. */
  outputs: { [path: string]: JsonObject };
  /** Paths of the steps that are over, failed ones that do not count included. */
  done: string[];
  /** What steps that the run carries out itself were told, by path. */
  told: { [path: string]: JsonObject };
  /** Started steps that have an undo, oldest first. Pushed before the step starts. */
  undo: UndoEntry[];
  /** Names of started steps that nothing puts back. */
  kept: string[];
  /** The targets it is done for, the outermost list first. */
  readonly targets: readonly TargetRef[];
}

/** How far a list is. Targets are places in the list. */
export interface ListState {
  /** Stretches that are still to be begun, ends exclusive, in their order. */
  todo: (readonly [number, number])[];
  /** From 0. */
  wave: number;
  /** Targets of the present wave that are still to be begun. */
  waveLeft: number;
  /** Slices begun so far: a part of their ids. */
  slices: number;
  /** How often it was begun anew. */
  round: number;
  ok: number;
  failed: FailedTarget[];
  skipped: (readonly [number, number])[];
  /** It failed; whoever tries it again begins with what failed and what was skipped. */
  ended?: true;
}

export interface FailedTarget {
  readonly index: number;
  readonly key: string;
  readonly reason: string;
  /** Its own undo did not work, so it stays half done. */
  readonly left?: true;
}

/** What `runSlice` is started with: some targets of a list, so many at once, or the undo of a slice. */
export interface SliceInput {
  /** The plan has only the parts of the `foreach`. */
  readonly run: Omit<RunInput, 'carried'>;
  /** Path of the `foreach`. */
  readonly path: string;
  readonly work:
    | {
        readonly kind: 'do';
        readonly as: string;
        readonly list: string;
        readonly indexes: readonly number[];
        readonly round: number;
        readonly atOnce: number;
        /** It asks for more targets until it has had so many; absent where these are all. */
        readonly most?: number;
        /** So many of its targets may fail; after one more it begins none. */
        readonly mayFail: number;
        /** How long it rests between two tellings how far it is. */
        readonly restMs: number;
      }
    /** Digest of what the slice did. */
    | { readonly kind: 'undo'; readonly slice: string };
  readonly outer: Pick<Frame, 'outputs' | 'targets'>;
  readonly pauses?: { readonly [by: string]: PauseAt };
}

/** What a slice tells while it is under way. */
export interface SliceProgress {
  /** Its workflow id. */
  readonly slice: string;
  readonly ok: number;
  readonly failed: number;
  /** It asks for more targets, and had got so many in all when it did. */
  readonly asksAfter?: number;
}

export interface SliceResult {
  /** Targets that it was handed in all: what was sent later never reached it. Absent where it could not ask for more. */
  readonly got?: number;
  readonly ok: number;
  readonly failed: readonly FailedTarget[];
  readonly skipped: readonly number[];
  /** Digest of its record, when there is something in it to undo. */
  readonly undo?: string;
  /** Names of steps that were begun and that nothing puts back. */
  readonly kept: readonly string[];
  /** The log that says the most: the first of a step that failed, or else the last. */
  readonly log?: WrittenLog;
}

/**
 * From where on a run begins nothing more: at once, where a step that only looks or waits is stopped and done anew later;
 * after the step; after the stage. Work that has no stages counts as one, and what is only watched goes on, except `now`.
 */
export type PauseAt = 'now' | 'step' | 'stage';

/** What people, freezes and lanes tell a run. */
export type RunAct =
  | { readonly kind: 'abort'; readonly by: string; readonly reason?: string; readonly undo?: 'no' }
  /** Undo what was done, unless all of it is done and only watched. */
  | { readonly kind: 'roll_back'; readonly by: string; readonly reason: string }
  /** One a `by`: it replaces an earlier one, and lasts until the same `by` resumes. */
  | { readonly kind: 'pause'; readonly by: string; readonly at: PauseAt }
  | { readonly kind: 'resume'; readonly by: string }
  /** With a `question` it is an answer to that one and to no other. */
  | {
      readonly kind: 'retry_undo' | 'done_by_hand' | 'leave_it';
      readonly by: string;
      readonly reason: string;
      readonly question?: string;
    }
  /** About the step that failed and asks, or passes over the one that runs and may be: then its path is the `question`. */
  | { readonly kind: 'retry_step' | 'skip_step'; readonly by: string; readonly question?: string }
  /** To the slices of a list: begin no further target. */
  | { readonly kind: 'halt' }
  | { readonly kind: 'signal'; readonly by: string; readonly name: string; readonly payload?: JsonObject }
  | { readonly kind: 'finish_watch'; readonly because: 'finished_early' | 'superseded' }
  | { readonly kind: 'taken_over'; readonly by: string };

export interface WrittenLog {
  /** As `loggedAs` gives it. */
  readonly step: string;
  readonly how: 'done' | 'failed';
  /** Absent: it is of the step itself. */
  readonly mode?: 'undo';
}

/** What a run tells its operation, coalesced: the latest of each. */
export interface RunProgress {
  readonly phase: 'work' | 'watch' | 'held' | 'undo' | 'needs_hands' | 'asks';
  /** Changed steps by their path. */
  readonly steps: { readonly [path: string]: Omit<StepView, 'name'> };
  readonly details: readonly {
    readonly step: string;
    readonly summary: string;
    readonly lines: readonly string[];
    /** Path of the step, where there is more in its log. */
    readonly log?: string;
    /** Absent: the log is of the step itself. */
    readonly logMode?: 'undo';
  }[];
  /** The step whose log says the most. */
  readonly log?: WrittenLog;
  readonly failure?: {
    readonly step: string;
    readonly reason: string;
    readonly missed?: MissedCriterion;
    /** While people are asked to decide about it: which of the run's questions that is. */
    readonly question?: string;
  };
}
