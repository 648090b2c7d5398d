import type { JsonObject } from '../json';
import type { Rung, TeamMembers } from '../approvals/ballot';

/** Where a rule stands, so that a card can link to it: file and line at the policy commit. */
export interface Source {
  readonly file: string;
  readonly line: number;
}

export type Level = 'advisory' | 'soft' | 'hard';

/** One thing policy says against, or about, a request. */
export interface Reason {
  readonly rule: string;
  readonly level: Level;
  /** A full sentence: what, why, who can change it. */
  readonly message: string;
  readonly source?: Source;
}

interface GateBase {
  readonly rule: string;
  /** Whether the gate is satisfied at the instant asked about. */
  readonly holds: boolean;
  readonly message: string;
  readonly source?: Source;
  /** People whom the message is about, by Slack user id. */
  readonly about?: readonly string[];
}

export interface ApprovalGate extends GateBase {
  readonly kind: 'approval';
  readonly seats: readonly {
    /** `a or b` where several teams may fill them. */
    readonly team: string;
    readonly anyOf?: readonly string[];
    readonly count: number;
    readonly filledBy: readonly string[];
  }[];
  /** Who the teams are, from the instant asked about on. */
  readonly teams: { readonly [team: string]: TeamMembers };
  readonly order: 'parallel' | 'sequence';
  readonly timeoutMs: number;
  readonly ladder: readonly Rung[];
  /** Minutes after midnight, in each person's own time zone; absent: people are reminded at any hour. */
  readonly quiet?: { readonly from: number; readonly to: number };
  /** Channels that its rules name. */
  readonly channels: readonly string[];
  readonly oneClick: boolean;
  /** Approving takes a code from the approver's authenticator. */
  readonly secondFactor?: true;
  /** Accounts that rejected it, of the votes that the world tells: then it does not hold. */
  readonly rejectedBy?: readonly string[];
}

/** All instants are ISO 8601 UTC. */
export interface WindowGate extends GateBase {
  readonly kind: 'window';
  readonly opensAt?: string;
  readonly closesAt?: string;
}

export interface FreezeGate extends GateBase {
  readonly kind: 'freeze';
  readonly until: string;
}

export interface OrderGate extends GateBase {
  readonly kind: 'order';
  /** When a soak ends, if only time is missing. */
  readonly opensAt?: string;
}

export interface PrerequisiteGate extends GateBase {
  readonly kind: 'prerequisite';
}

/** A soft rule that the request breaks: it holds once one of `who` has overridden it, or once it is broken no more. */
export interface OverrideGate extends GateBase {
  readonly kind: 'override';
  readonly who: readonly string[];
  /** Whether whoever asked may override it themselves. */
  readonly self: boolean;
  readonly timeoutMs: number;
  /** When the rule is broken no more, if only time is missing. */
  readonly until?: string;
}

/** What must hold before the first side effect. The lane is a gate too, but the lane workflow answers for it. */
export type Gate = ApprovalGate | WindowGate | FreezeGate | OrderGate | PrerequisiteGate | OverrideGate;

/** What policy says of a request. */
export type Verdict =
  | { readonly verdict: 'denied'; readonly reasons: readonly Reason[] }
  | { readonly verdict: 'allowed'; readonly reasons: readonly Reason[]; readonly gates: readonly Gate[] };

/** What a shadow rule would have changed; it changed nothing. */
export interface ShadowFinding {
  readonly rule: string;
  /** One full sentence. */
  readonly message: string;
  readonly source: Source;
}

/**
 * What a verdict was made of, for the record: with it and the request, any policy can be asked the same question later
 * (`signalbox policy diff`). Bounded: of long lists the part that this request looks at first is kept, and `cut` names
 * what was shortened.
 */
export type Basis = {
  /** What policy, ledger and Git filled in of the request. */
  readonly request: JsonObject;
  readonly world: JsonObject;
  readonly cut: readonly string[];
};
