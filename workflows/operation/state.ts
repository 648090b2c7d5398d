import type { Admission, Judgement } from '../../src/operation/judgement';
import type { Found } from '../../src/operation/found';
import type { Outcome } from '../../src/operation/outcome';
import type { MissedCriterion } from '../../src/operation/plan';
import type { RunningFreezes } from '../../src/policy/when-frozen';
import type { OperationRequest } from '../../src/operation/request';
import type { GateView, OperationState, Question } from '../../src/operation/view';
import type { StepRow } from './rows';

export type Admitted = Extract<Admission, { kind: 'admitted' }>;
export type Allowed = Extract<Judgement, { kind: 'allowed' }>;

/** What an operation knows about itself, apart from its ballots. The card is a projection of it. */
export interface Facts {
  readonly request: OperationRequest;
  state: OperationState;
  /** ms */
  since: number;
  admission?: Admitted;
  judgement?: Allowed;
  gates: readonly GateView[];
  lane?: { readonly position: number; readonly heldBy?: string };
  steps: StepRow[];
  /** What the read-only steps found before anybody was asked. */
  found: readonly Found[];
  /** What people are asked to decide about. */
  asked?: Question;
  /** Questions and steps about which somebody has decided, and whose end the run has not told yet. */
  decided?: readonly string[];
  /** Path of the step whose log says the most. */
  log?: string;
  /** Absent: that log is of the step itself. */
  logMode?: 'undo';
  previousVersion?: string;
  /** Who paused it. */
  paused?: string;
  /** The freeze that keeps it from going on. */
  hold?: NonNullable<RunningFreezes['now']>;
  missed?: MissedCriterion;
  note?: string;
  denials: readonly string[];
  outcome?: Outcome;
}
