import type { MissedCriterion } from './plan';

/** How an operation ended. */
export type OutcomeKind =
  'succeeded' | 'rolled_back' | 'failed' | 'denied' | 'rejected' | 'expired' | 'cancelled' | 'superseded';

export interface Outcome {
  readonly kind: OutcomeKind;
  /** One full sentence for people. */
  readonly sentence: string;
  readonly missed?: MissedCriterion;
  /** Version that was put back, when something was undone. */
  readonly restored?: string;
}

/** What the `run` workflow tells its parent. */
export type RunResult =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'undone';
      readonly failedStep: string;
      readonly reason: string;
      readonly missed?: MissedCriterion;
      readonly aborted: boolean;
    }
  | { readonly kind: 'left'; readonly failedStep: string; readonly reason: string; readonly byHand: boolean };
