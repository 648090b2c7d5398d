/** Who a team is, frozen into the ballot. Empty or unknown means nobody. */
export interface TeamMembers {
  /** Slack user group ids; membership is asked fresh at every vote and again before the first side effect. */
  readonly groups: readonly string[];
  /** Slack user ids. */
  readonly users: readonly string[];
  /** Who is on call: each is in the team while their shift lasts. */
  readonly shifts?: readonly Shift[];
  /** Why somebody whom policy means is missing, in a full sentence for the card. */
  readonly missing?: string;
}

/** Instants in ms. */
export interface Shift {
  readonly user: string;
  readonly from: number;
  readonly until: number;
}

/** Somebody sits in for a person who is away, for every team that person is in. Instants in ms. */
export interface Delegation {
  /** A person: all of their accounts. */
  readonly of: string;
  readonly to: string;
  readonly from: number;
  readonly until: number;
}

/** What happens while nobody decides, counted from the opening of the ballot. The card shows it from the beginning. */
export type Rung = { readonly afterMs: number } & (
  | { readonly does: 'remind' }
  /** From then on the team may fill these seats, by id, as far as they are free: those of the rule that says so. */
  | { readonly does: 'widen'; readonly team: string; readonly seats: readonly string[] }
  /** The team is mentioned and written to. `urgent`: in their quiet hours too. */
  | { readonly does: 'page'; readonly team: string; readonly urgent: boolean }
  | { readonly does: 'expire' }
  | { readonly does: 'reject' }
);

/** When people are left in peace by reminders and pages: stretches of instants (ms), by time zone. */
export interface QuietHours {
  readonly stretches: { readonly [zone: string]: readonly (readonly [number, number])[] };
  /** Zones of people who are not in `elsewhere`'s. */
  readonly zones: { readonly [user: string]: string };
  /** Zone of everybody else, and of groups. */
  readonly elsewhere: string;
}

/** One place to fill in a ballot. */
export interface Seat {
  /** `security_team#1` */
  readonly id: string;
  /** The team whose seat it is; `a or b` where several may fill it. */
  readonly team: string;
  /** Teams of which any may fill it; absent: only `team`. */
  readonly anyOf?: readonly string[];
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
  /** Who sits in for whom, as far as `people.yaml` says for the time that it may be open. */
  readonly delegations?: readonly Delegation[];
  readonly timeoutMs: number;
  /** In the order of time. */
  readonly ladder: readonly Rung[];
  /** Absent: people are reminded and paged at any hour. */
  readonly quiet?: QuietHours;
  /** Channels that policy names for it, besides the card's own. */
  readonly channels: readonly string[];
  /** One click is enough, no modal (policy, for low risk). */
  readonly oneClick: boolean;
  /** An approval of it counts only with a second factor, given just before. */
  readonly secondFactor?: true;
}

/** `withdraw` takes an approval back: the person has not decided. */
export type VoteDecision = 'approve' | 'reject' | 'withdraw';

/** A person's decision as the bot relays it. `actionId` is Slack's own id of the click. */
export interface VoteBody {
  readonly format: 1;
  readonly operationId: string;
  readonly ballotId: string;
  readonly ballotDigest: string;
  readonly by: string;
  /** The clicker's workspace as Slack sent it. */
  readonly team?: string;
  readonly decision: VoteDecision;
  readonly reason?: string;
  readonly actionId: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Where a private answer can be shown. */
  readonly channel?: string;
  /** When the bot has seen a right code of the voter's authenticator (ISO 8601 UTC); the code itself stays there. */
  readonly secondFactor?: { readonly at: string };
}

/** A vote that was checked and counted. `teams` are those of the ballot in which the person sits. */
export interface Vote {
  readonly ballotId: string;
  readonly by: string;
  readonly person: string;
  readonly decision: VoteDecision;
  readonly reason?: string;
  readonly actionId: string;
  readonly at: string;
  readonly teams: readonly string[];
  /** Teams in which the person sits only because somebody is away: team -> that person. */
  readonly sitsInFor?: { readonly [team: string]: string };
  /** Present when the ballot asked for one. */
  readonly secondFactor?: { readonly at: string };
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
  'nothing_to_withdraw',
  'withdrawn_late',
  'second_factor',
] as const;

export type VoteRefusal = (typeof voteRefusals)[number];

/** What the voter is told. `stillNeeded` names teams, one entry a free seat. */
export type VoteAnswer =
  | {
      readonly kind: 'counted';
      readonly decision: VoteDecision;
      readonly seat?: string;
      readonly stillNeeded: readonly string[];
    }
  | { readonly kind: 'already'; readonly stillNeeded: readonly string[] }
  | { readonly kind: 'refused'; readonly code: VoteRefusal; readonly detail?: string };
