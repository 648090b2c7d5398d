import type { JsonObject } from '../../src/json';
import type { Fence } from '../../src/ledger/fence';
import type { MissedCriterion, PlanOutline } from '../../src/operation/plan';
import type { StepView } from '../../src/operation/view';
import type { OperationTimings } from '../contract';

/** What `run` is started with, and what it hands to itself at continue-as-new. */
export interface RunInput {
  readonly operationId: string;
  readonly plan: PlanOutline;
  readonly fence?: Fence;
  readonly late: { readonly previous_version?: string };
  readonly timings: OperationTimings;
  readonly carried?: RunState;
}

/** Everything a run knows; plain JSON, so that it survives continue-as-new unchanged. */
export interface RunState {
  /** Index of the next step. */
  cursor: number;
  /** Outputs by step path. */
  outputs: { [path: string]: JsonObject };
  /** Paths of started steps that have an undo, oldest first. Pushed before the step starts. */
  undo: string[];
  undone: number;
  /** Who holds it, and from where on. */
  pauses?: { [by: string]: PauseAt };
  /** Why there is nothing to watch any more, when somebody said so. */
  watchCut?: 'finished_early' | 'superseded';
}

/**
 * From where on a run begins nothing more: at once, where a step that only looks or waits is stopped and done anew later;
 * after the step; after the stage. Work that has no stages counts as one, and what is only watched goes on, except `now`.
 */
export type PauseAt = 'now' | 'step' | 'stage';

/** What people, freezes and lanes tell a run. */
export type RunAct =
  | { readonly kind: 'abort'; readonly by: string; readonly reason?: string }
  /** Undo what was done, unless all of it is done and only watched. */
  | { readonly kind: 'roll_back'; readonly by: string; readonly reason: string }
  /** One a `by`: it replaces an earlier one, and lasts until the same `by` resumes. */
  | { readonly kind: 'pause'; readonly by: string; readonly at: PauseAt }
  | { readonly kind: 'resume'; readonly by: string }
  | { readonly kind: 'retry_undo' | 'done_by_hand' | 'leave_it'; readonly by: string; readonly reason: string }
  | { readonly kind: 'finish_watch'; readonly because: 'finished_early' | 'superseded' }
  | { readonly kind: 'taken_over'; readonly by: string };

/** What a run tells its operation, coalesced: the latest of each. */
export interface RunProgress {
  readonly phase: 'work' | 'watch' | 'held' | 'undo' | 'needs_hands';
  /** Changed steps by index in the plan. */
  readonly steps: { readonly [index: string]: Omit<StepView, 'name'> };
  readonly details: readonly { readonly step: string; readonly summary: string; readonly lines: readonly string[] }[];
  readonly failure?: { readonly step: string; readonly reason: string; readonly missed?: MissedCriterion };
}
