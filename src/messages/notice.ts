import type { HoldEvent } from '../holds/holds';
import type { IncidentEvent } from '../incidents/incident';
import type { InputPiece } from '../operation/inputs-on-card';
import type { MissedCriterion } from '../operation/plan';
import type { ResourceRef } from '../resources/resource';
import type { VoteAnswer, VoteDecision } from '../approvals/ballot';

/** Where a notice goes. A thread is named by the slot whose card it hangs under. */
export type Address =
  | { readonly kind: 'thread'; readonly channel: string; readonly ts: string; readonly broadcast: boolean }
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'person'; readonly user: string }
  | { readonly kind: 'private'; readonly user: string; readonly channel?: string };

/** A message that is posted once and not edited: data only, a renderer turns it into text and blocks. */
export type Notice =
  | {
      readonly kind: 'denied';
      readonly title: string;
      readonly reasons: readonly string[];
      readonly policyCommit?: string;
    }
  | {
      readonly kind: 'ballot_opened';
      readonly title: string;
      readonly mention: readonly string[];
      readonly rule: string;
      /** The card, when this is not said below it. */
      readonly link?: { readonly channel: string; readonly ts: string };
    }
  /** A step of a ballot's ladder: nobody decided in time. */
  | {
      readonly kind: 'escalated';
      readonly does: 'widen' | 'page';
      readonly team: string;
      readonly title: string;
      readonly mention: readonly string[];
      readonly rule: string;
      readonly link?: { readonly channel: string; readonly ts: string };
    }
  | {
      readonly kind: 'reminder';
      readonly operationId: string;
      readonly ballotId: string;
      readonly ballotDigest: string;
      readonly secondFactor?: true;
      readonly title: string;
      readonly waitingSince: string;
      readonly expiresAt: string;
      readonly link?: { readonly channel: string; readonly ts: string };
      /** Why somebody is written to who may have no seat. */
      readonly page?: { readonly team: string; readonly mayVote: boolean };
    }
  | { readonly kind: 'vote_answer'; readonly title: string; readonly answer: VoteAnswer }
  | {
      readonly kind: 'vote_cast';
      readonly by: string;
      readonly decision: VoteDecision;
      /** Who is away, when the voter counts in their place. */
      readonly sitsInFor?: readonly string[];
      readonly seat?: string;
      readonly reason?: string;
      readonly stillNeeded: readonly string[];
    }
  /** Of a review of break-glass: that it is open, still open, overdue or closed. */
  | { readonly kind: 'review'; readonly message: string; readonly mention: readonly string[]; readonly by?: string }
  | { readonly kind: 'overridden'; readonly by: string; readonly rule: string; readonly reason: string }
  | {
      readonly kind: 'step_detail';
      readonly step: string;
      readonly summary: string;
      readonly lines: readonly string[];
      /** Where there is more to read: the path of the step. */
      readonly log?: { readonly operationId: string; readonly step: string; readonly mode?: 'undo' };
    }
  /** What the card shows only a part of. `left`: so many characters are too much for a thread. */
  | { readonly kind: 'inputs'; readonly pieces: readonly InputPiece[]; readonly left?: number }
  | { readonly kind: 'gate_opened'; readonly message: string }
  | { readonly kind: 'changed'; readonly message: string; readonly about?: readonly string[] }
  | {
      readonly kind: 'rollback_notice';
      readonly operationId: string;
      readonly title: string;
      readonly service?: string;
      readonly environment?: string;
      readonly failedStep: string;
      readonly reason: string;
      readonly missed?: MissedCriterion;
      readonly restored?: string;
      /** Names of steps that stay, because nothing puts them back. */
      readonly kept?: readonly string[];
      /** Where nothing was undone: the sentence that says how it ended. */
      readonly failed?: string;
      readonly requester: string;
    }
  | {
      readonly kind: 'needs_hands';
      readonly title: string;
      readonly step: string;
      readonly reason: string;
      readonly mention: readonly string[];
    }
  | {
      readonly kind: 'needs_decision';
      readonly title: string;
      readonly step: string;
      readonly reason: string;
      readonly mention: readonly string[];
    }
  | {
      readonly kind: 'outcome';
      readonly title: string;
      readonly sentence: string;
      readonly state: string;
      readonly requester: string;
    }
  | {
      readonly kind: 'incident_event';
      readonly at: string;
      readonly by?: string;
      readonly text: string;
      readonly about?: string;
    }
  /** What an incident's timeline began with. */
  | { readonly kind: 'incident_history'; readonly events: readonly IncidentEvent[] }
  | { readonly kind: 'incident_opened'; readonly incidentId: string; readonly title: string; readonly channel?: string }
  /** What somebody has provisioned is taken away soon. */
  | {
      readonly kind: 'lease_ends';
      readonly resource: ResourceRef;
      /** Workflow that its Extend button speaks to. */
      readonly leaseId: string;
      readonly expiresAt: string;
      /** What one press adds; absent: it cannot be extended any more. */
      readonly extendMs?: number;
    }
  /** Its lease is over and it is still there. */
  | {
      readonly kind: 'lease_failed';
      readonly resource: ResourceRef;
      readonly sentence: string;
      readonly owner?: string;
    }
  /** A lock, a freeze or the stop has changed. */
  | { readonly kind: 'hold'; readonly event: HoldEvent }
  | { readonly kind: 'plain'; readonly text: string; readonly about?: readonly string[] };
