import type { Ballot, Vote, VoteRefusal } from '../approvals/ballot';
import type { ChangeView } from '../code/change';
import type { JsonObject } from '../json';
import type { Basis, ShadowFinding } from '../policy/verdict';
import type { PolicyTrouble } from '../policy/unreachable';
import type { Asker } from './asker';
import type { Operators } from './authority';
import type { Found } from './found';
import type { ResourceAbout, ResourceRef } from '../resources/resource';
import type { PlanOutline } from './plan';
import type { OperationRequest, Relayed } from './request';
import type { ReviewDebt } from './review';
import type { GateView, OperationView } from './view';

/** What policy said before anything was opened. */
export type Admission =
  | {
      readonly kind: 'denied';
      readonly reasons: readonly string[];
      readonly policyCommit?: string;
      readonly basis?: Basis;
      /** For auditors, by regime; absent where nothing was judged. */
      readonly evidence?: JsonObject;
    }
  | {
      readonly kind: 'admitted';
      readonly policyCommit: string;
      readonly policyProblem?: string;
      readonly policyTrouble?: PolicyTrouble;
      /** Channel of the card. */
      readonly channel: string;
      readonly rollbackChannel?: string;
      readonly title: string;
      /** Filled in by policy and ledger: what a `/rollback` goes back to, what runs now. */
      readonly version?: string;
      readonly previousVersion?: string;
      /** Read-only steps to run before the verdict, as a plan of their own; absent when there are none. */
      readonly resolve?: PlanOutline;
    };

/** The second verdict: with facts, plan and gates. */
export type Judgement =
  | {
      readonly kind: 'denied';
      readonly reasons: readonly string[];
      readonly policyCommit: string;
      readonly basis?: Basis;
      /** For auditors, by regime; absent where nothing was judged. */
      readonly evidence?: JsonObject;
    }
  | {
      readonly kind: 'allowed';
      readonly policyCommit: string;
      readonly plan: PlanOutline;
      readonly ballots: readonly Ballot[];
      /** Who may act on it while it runs. */
      readonly operators: Operators;
      /** Ballots that override soft rules. */
      readonly overrides?: readonly Ballot[];
      readonly gates: readonly GateView[];
      /** Instant (ms) at which the non-approval gates want to be asked again; absent when they all hold. */
      readonly nextGateCheckAtMs?: number;
      readonly why: OperationView['why'];
      readonly rollback: OperationView['rollback'];
      readonly inputs?: { readonly [name: string]: string };
      readonly lane?: { readonly service: string; readonly environment: string };
      /** What it makes that lives on, or takes away. */
      readonly resource?: JudgedResource;
      /** Servers that it creates and removes. */
      readonly servers?: readonly JudgedServer[];
      /** For break-glass: what is owed once it has begun. */
      readonly review?: ReviewDebt;
      readonly facts: JsonObject;
      /** What shadow rules would have changed. */
      readonly shadow?: readonly ShadowFinding[];
      /** What the verdict was made of, for the record. */
      readonly basis?: Basis;
      /** For auditors, by regime (`sox`, `pci_dss`, `gdpr`, `hipaa`, …). */
      readonly evidence?: JsonObject;
      /** What lies between what runs and the version asked for; absent where there is no such thing. */
      readonly change?: ChangeView;
      /** Hash of everything that decided; `recheck` compares it. */
      readonly decisionDigest: string;
      /** The part of it that is about the work, whoever approves it. */
      readonly workDigest: string;
    };

export type JudgedResource = ResourceRef &
  (
    | { readonly act: 'create'; readonly about: ResourceAbout }
    /** `of`: the operation that made it. */
    | { readonly act: 'destroy'; readonly of: string }
  );

/** One server of a declared group, with the path of the step that is about it. */
export type JudgedServer = JudgedResource & {
  readonly step: string;
  /** Of what is created: the server whose place it takes. */
  readonly replaces?: string;
  /** Of what is removed: the server that takes its place. */
  readonly replacedBy?: string;
};

export interface JudgeInput {
  readonly request: Relayed<OperationRequest>;
  readonly asker: Asker;
  readonly admission: Extract<Admission, { kind: 'admitted' }>;
  readonly resolved: JsonObject;
  /** What the `resolve` steps said to people. */
  readonly found?: readonly Found[];
}

/** What a newer look makes of an operation that people are voting on. */
export type Reconsidered =
  | { readonly kind: 'same' }
  | { readonly kind: 'denied'; readonly reasons: readonly string[] }
  /** Something moved: what it is, for the thread, and the judgement that now holds. Its ballots are opened anew. */
  | { readonly kind: 'changed'; readonly because: string; readonly judgement: Extract<Judgement, { kind: 'allowed' }> };

/** Non-approval gates at one instant. */
export interface GateAnswer {
  /** Ballots that override soft rules, those of these gates and no others; absent when nobody could say. */
  readonly overrides?: readonly Ballot[];
  readonly gates: readonly GateView[];
  readonly nextGateCheckAtMs?: number;
  /** What a newer policy makes of the whole, when it is no longer the same. */
  readonly moved?: Extract<Recheck, { kind: 'denied' | 'changed' }>;
}

export interface RecheckInput extends JudgeInput {
  readonly judgement: Extract<Judgement, { kind: 'allowed' }>;
  readonly votes: readonly Vote[];
  /** Votes that no longer stand, told by `recheckVoters` before. */
  readonly fallenVotes: readonly { readonly by: string; readonly code: VoteRefusal }[];
}

export type Recheck =
  | {
      readonly kind: 'go';
      /** What runs there now: undo goes back to it. Read after the lane was granted, so it is not part of the digest. */
      readonly previousVersion?: string;
      /** Instant (ms) at which freezes want to be asked about while it runs; absent: none is ahead. */
      readonly nextFreezeAtMs?: number;
      /** Set when there is nothing left to do: what the request wanted already holds (a rollback that came second). */
      readonly alreadyTrue?: string;
    }
  | { readonly kind: 'denied'; readonly reasons: readonly string[] }
  | { readonly kind: 'gates_closed'; readonly answer: GateAnswer }
  /** Something moved: what it is, and the judgement that now holds. Its ballots are opened anew. */
  | { readonly kind: 'changed'; readonly because: string; readonly judgement: Extract<Judgement, { kind: 'allowed' }> };

/** Both verdicts in one answer. `judgement` is absent where the request was denied, or its `resolve` steps come first. */
export type Decision =
  | {
      readonly kind: 'decided';
      readonly asker: Asker;
      readonly admission: Admission;
      readonly judgement?: Judgement;
    }
  /** Nothing was decided, because what the bot knew of the asker is absent, stale or not its own. */
  | { readonly kind: 'asker_unknown' };
