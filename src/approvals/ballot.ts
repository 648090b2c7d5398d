/** Who a team is, frozen into the ballot. Empty or unknown means nobody. */
export interface TeamMembers {
  /** Slack user group ids; membership is asked fresh at every vote and again before the first side effect. */
  readonly groups: readonly string[];
  /** Slack user ids. */
  readonly users: readonly string[];
}

/** One place to fill in a ballot. */
export interface Seat {
  /** `security_team#1` */
  readonly id: string;
  readonly team: string;
}

/** An open approval. Plain data: it lives in workflow state and survives continue-as-new. */
export interface Ballot {
  readonly id: string;
  /** SHA-256 over the plan digest and everything this ballot showed; a click with another digest changes nothing. */
  readonly digest: string;
  /** Absent: an approval. The others need a reason, and wait for nobody's attention. */
  readonly purpose?: 'override' | 'review';
  /** Name of the rule that asks for it. */
  readonly rule: string;
  readonly seats: readonly Seat[];
  readonly teams: { readonly [team: string]: TeamMembers };
  readonly order: 'parallel' | 'sequence';
  /** Every account of the requester and of the change's authors: they never count. */
  readonly excluded: readonly { readonly id: string; readonly because: 'requester' | 'author' }[];
  /** Second accounts of people who have several: account -> person. */
  readonly persons: { readonly [account: string]: string };
  readonly timeoutMs: number;
  readonly remindAfterMs: readonly number[];
  /** Channel that policy names for it, when it is not the card's own. */
  readonly channel?: string;
  /** One click is enough, no modal (policy, for low risk). */
  readonly oneClick: boolean;
}

/** A person's decision as the bot relays it. `actionId` is Slack's own id of the click. */
export interface VoteBody {
  readonly format: 1;
  readonly operationId: string;
  readonly ballotId: string;
  readonly ballotDigest: string;
  readonly by: string;
  /** The clicker's workspace as Slack sent it. */
  readonly team?: string;
  readonly decision: 'approve' | 'reject';
  readonly reason?: string;
  readonly actionId: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Where a private answer can be shown. */
  readonly channel?: string;
}

/** A vote that was checked and counted. `teams` are those of the ballot in which the person sits. */
export interface Vote {
  readonly ballotId: string;
  readonly by: string;
  readonly person: string;
  readonly decision: 'approve' | 'reject';
  readonly reason?: string;
  readonly actionId: string;
  readonly at: string;
  readonly teams: readonly string[];
}

/** Every reason for which a vote does not count. The sentences are in `refusals.ts`. */
export const voteRefusals = [
  'requester',
  'author',
  'not_in_team',
  'not_your_turn',
  'guest',
  'bot',
  'stranger',
  'deactivated',
  'unknown_person',
  'lookup_failed',
  'bad_signature',
  'other_ballot',
  'other_digest',
  'expired',
  'closed',
  'begun',
  'finished',
  'checking',
  'reason_missing',
  'no_rejection',
] as const;

export type VoteRefusal = (typeof voteRefusals)[number];

/** What the voter is told. `stillNeeded` names teams, one entry a free seat. */
export type VoteAnswer =
  | {
      readonly kind: 'counted';
      readonly decision: 'approve' | 'reject';
      readonly seat?: string;
      readonly stillNeeded: readonly string[];
    }
  | { readonly kind: 'already'; readonly stillNeeded: readonly string[] }
  | { readonly kind: 'refused'; readonly code: VoteRefusal; readonly detail?: string };
