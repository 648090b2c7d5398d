import type { Undoing } from '../resources/resource';
import type { MissedCriterion } from './plan';

/** How an operation ended. */
export type OutcomeKind =
  'succeeded' | 'rolled_back' | 'failed' | 'denied' | 'rejected' | 'expired' | 'cancelled' | 'superseded';

export interface Outcome {
  readonly kind: OutcomeKind;
  /** One full sentence for people. */
  readonly sentence: string;
  /** Person who ended it so: cancelled, rejected or aborted it, put it right by hand, left it, or asked for the rollback that took over. The sentence names nobody. */
  readonly by?: string;
  readonly missed?: MissedCriterion;
  /** Version that was put back, when something was undone. */
  readonly restored?: string;
  /** Names of steps that stay, because nothing puts them back. */
  readonly kept?: readonly string[];
}

/** What the `run` workflow tells its parent. */
export type RunResult = RunEnd & {
  /** What was begun and not undone, where the plan makes something that lives on. */
  readonly begun?: Undoing;
};

type RunEnd =
  | { readonly kind: 'done'; readonly watch: 'ended' | 'finished_early' | 'superseded' }
  /** Something failed or was aborted, and everything done before was undone. */
  | {
      readonly kind: 'undone';
      readonly failedStep: string;
      readonly reason: string;
      readonly missed?: MissedCriterion;
      readonly abortedBy?: string;
      readonly undoneSteps: number;
      /** Names of steps that were begun and that nothing puts back. */
      readonly kept?: readonly string[];
      /** Person who put right by hand what could not be undone. */
      readonly byHand?: string;
    }
  /** What was done stays as it is: a person stopped it there, an undo failed and a person decided, or a rollback took over. */
  | {
      readonly kind: 'left';
      readonly failedStep: string;
      readonly reason: string;
      readonly because: 'stopped' | 'left' | 'taken_over';
      readonly by?: string;
    };
