import type { Ballot, Rung } from '../approvals/ballot';
import type { BallotTakes } from '../approvals/takes';
import type { ChangeView } from '../code/change';
import type { Found } from './found';
import type { MissedCriterion } from './plan';
import type { Outcome } from './outcome';
import type { OperationKind, Requester } from './request';

export type OperationState =
  | 'preparing'
  | 'waiting'
  | 'queued'
  | 'checking'
  | 'running'
  | 'watching'
  | 'held'
  | 'undoing'
  | 'needs_hands'
  /** A step failed and its runbook says that people decide. */
  | 'needs_decision'
  | 'succeeded'
  | 'rolled_back'
  | 'failed'
  | 'denied'
  | 'rejected'
  | 'expired'
  | 'cancelled'
  | 'superseded';

export const finishedStates: readonly OperationState[] = [
  'succeeded',
  'rolled_back',
  'failed',
  'denied',
  'rejected',
  'expired',
  'cancelled',
  'superseded',
];

/** Whether what it waits for, may lose and has found is over and done with. A check is about nothing else. */
export function isOver({ state, isCheck }: Pick<OperationView, 'state' | 'isCheck'>): boolean {
  return finishedStates.includes(state) && !(isCheck && (state === 'succeeded' || state === 'failed'));
}

export interface BallotView {
  /** Absent: an approval. */
  readonly purpose?: Ballot['purpose'];
  readonly id: string;
  readonly digest: string;
  readonly rule: string;
  readonly order: 'parallel' | 'sequence';
  readonly seats: readonly {
    readonly team: string;
    /** Every team that may fill it now, when they are several. */
    readonly anyOf?: readonly string[];
    readonly mention: readonly string[];
    readonly filledBy?: string;
    readonly at?: string;
    /** Who is away, when it is filled in their place. */
    readonly sitsInFor?: string;
    /** Why somebody whom policy means cannot fill it. */
    readonly missing?: string;
  }[];
  readonly rejectedBy?: { readonly by: string; readonly reason: string };
  /** Accounts whose approvals count now. */
  readonly approvedBy?: readonly string[];
  readonly expiresAt: string;
  /** What happens next while nobody decides, in the order of time. */
  readonly ladder?: readonly { readonly at: string; readonly does: Rung['does']; readonly team?: string }[];
  /** Teams that may fill its free seats by now, besides those that the seats name. */
  readonly widened?: readonly string[];
  /** `rejections`: its seats are filled, and the first side effect is still ahead. */
  readonly takes: BallotTakes;
  readonly oneClick: boolean;
  /** Approving takes a code from the approver's authenticator. */
  readonly secondFactor?: true;
}

export interface GateView {
  readonly kind: 'window' | 'freeze' | 'order' | 'prerequisite' | 'override';
  readonly holds: boolean;
  readonly message: string;
  /** The ballot that overrides it, for a soft rule. */
  readonly ballot?: string;
  /** ISO instant at which it is expected to open. */
  readonly opensAt?: string;
  /** People whom the message is about, by Slack user id. */
  readonly about?: readonly string[];
}

export interface StepView {
  readonly name: string;
  /** How many groups it is inside of; absent: none. */
  readonly depth?: number;
  readonly state: 'waiting' | 'running' | 'done' | 'skipped' | 'failed' | 'undoing' | 'undone' | 'undo_failed';
  readonly summary?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** A step or an undo that people decide about. */
export interface Question {
  /** Of what failed and asks, a name that no other question has; of a step under way that may be passed over, its path. */
  readonly id: string;
  /** Name of the step. */
  readonly step: string;
}

/** Everything a card shows, as data under 4 KB. A renderer turns it into blocks; nothing else is needed to rebuild it. */
export interface OperationView {
  readonly format: 1;
  readonly id: string;
  /** The last part of the id, as people say it. */
  readonly shortId: string;
  /** `approval` is the card of the public `requestApproval`. */
  readonly kind: OperationKind | 'approval' | 'review';
  readonly title: string;
  readonly service?: string;
  readonly environment?: string;
  readonly version?: string;
  readonly previousVersion?: string;
  readonly runbook?: string;
  readonly inputs?: { readonly [name: string]: string };
  readonly requester: Requester;
  /** False for callers of `requestApproval`, who cannot sign. */
  readonly requesterVerified: boolean;
  /** Plain facts that the asker shows (`requestApproval`). */
  readonly fields?: { readonly [name: string]: string };
  readonly reason?: string;
  /** It only looked: the card shows what would come, and nothing was asked or changed. */
  readonly isCheck?: true;
  /** What is new in the version, and who wrote it. */
  readonly change?: ChangeView;
  readonly state: OperationState;
  /** ISO 8601 UTC of the last change of state. */
  readonly since: string;
  readonly requestedAt: string;
  readonly policyCommit?: string;
  /** Said when the commit in force is not the newest: which is newer and why it does not bind. */
  readonly policyProblem?: string;
  /** Rule names with file and line: why these gates. */
  readonly why: readonly { readonly rule: string; readonly source?: string; readonly message: string }[];
  readonly ballots: readonly BallotView[];
  readonly gates: readonly GateView[];
  readonly lane?: { readonly position: number; readonly heldBy?: string };
  readonly steps: readonly StepView[];
  /** Steps that are not listed because there are too many. */
  readonly moreSteps: number;
  /** How many of all steps are done or skipped, listed or not. */
  readonly stepsDone: number;
  /** What its read-only steps found before anybody was asked. */
  readonly found?: readonly Found[];
  /** What the log that says the most is kept under, when a step wrote any: its path, in a list with its target. */
  readonly log?: string;
  /** Absent: that log is of the step itself. */
  readonly logMode?: 'undo';
  readonly irreversible: readonly string[];
  readonly rollback: { readonly ready: boolean; readonly version?: string; readonly why?: string };
  readonly digest?: string;
  /** What people may do about the step that runs, or that failed and asks. */
  readonly may?: readonly ('pause' | 'resume' | 'skip')[];
  /** What they decide about: whoever names it decides about nothing else. */
  readonly question?: Question;
  /** What keeps it from going on while it runs. */
  readonly hold?: { readonly name: string; readonly until?: string };
  /** Who paused it. */
  readonly paused?: string;
  readonly missed?: MissedCriterion;
  /** Why it is in this state, in one sentence (denial, failure, undo, needs hands). */
  readonly note?: string;
  readonly denials: readonly string[];
  readonly outcome?: Outcome;
  readonly incidentId?: string;
}
