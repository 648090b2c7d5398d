import type { ApprovalAnswer, ApprovalAsk, ApprovalCaller } from '../approvals/ask';
import type { Ballot, Vote, VoteBody, VoteRefusal } from '../approvals/ballot';
import type { HoldRight } from '../holds/change';
import type { HoldAct } from '../holds/holds';
import type { IncidentEvent, IncidentRequest, IncidentView } from '../incidents/incident';
import type { JsonObject } from '../json';
import type { AppliedState, LedgerEntry } from '../ledger/record';
import type { Address, Notice } from '../messages/notice';
import type { PolicyNews } from '../policy/news';
import type { RunningFreezes } from '../policy/when-frozen';
import type { LeaseAct, LeaseRight } from '../resources/lease-act';
import type { ResourceRef, Undoing } from '../resources/resource';
import type { Alerts } from '../triggers/alerts';
import type { Ending, Firing } from '../triggers/firings';
import type { Hook } from '../triggers/hook';
import type { PushLook, PushMemory } from '../triggers/push-news';
import type { Breach } from '../triggers/watch-news';
import type { Asker, KnownPerson } from './asker';
import type { Actor, Operators } from './authority';
import type { Admission, Decision, GateAnswer, JudgeInput, Judgement, Recheck, RecheckInput } from './judgement';
import type { OperationRequest, Relayed } from './request';
import type { OperationView } from './view';
import type { SliceRecord } from './runner-ports';

/**
 * The ports: what workflows may ask of the world. Implementations are in `activities/`; the interfaces are here so
 * that workflow code never sees an implementation's types (DESIGN section 3, the type wall).
 */

/** Worker queue: policy, facts, plans, records, lanes. */
export interface WorkerActivities {
  /** `admit`, and `judge` where nothing comes between, in one trip. Repeats are harmless. */
  decide(input: {
    readonly request: Relayed<OperationRequest>;
    /** Absent: `known` says it. */
    readonly asker?: Asker;
    readonly known?: Relayed<KnownPerson>;
  }): Promise<Decision>;
  /** Verifies the relay's signatures and counts a voter on what the bot freshly knew; `ask` leaves it to `checkVote`. */
  checkKnownVoter(input: {
    readonly vote: Relayed<VoteBody>;
    readonly known: Relayed<KnownPerson>;
    readonly ballot: Ballot;
    readonly maxAgeMs: number;
  }): Promise<Extract<VoterCheck, { kind: 'ok' }> | { readonly kind: 'ask' }>;
  /** Verifies the relay's signature, reads policy at a pinned commit, gives the first verdict. */
  admit(input: { readonly request: Relayed<OperationRequest>; readonly asker: Asker }): Promise<Admission>;
  /** Whether a bot of ours relayed this incident. */
  isRelayedIncident(input: { readonly request: Relayed<IncidentRequest> }): Promise<boolean>;
  judge(input: JudgeInput): Promise<Judgement>;
  askGates(input: JudgeInput & { readonly judgement: Extract<Judgement, { kind: 'allowed' }> }): Promise<GateAnswer>;
  recheck(input: RecheckInput): Promise<Recheck>;
  /** What freezes ask of it while it runs, under the policy in force. */
  askFreezes(
    input: JudgeInput & {
      readonly judgement: Extract<Judgement, { kind: 'allowed' }>;
      readonly startedAtMs: number;
    },
  ): Promise<RunningFreezes>;
  /** Commits records (group commit). Repeats are harmless. Resolves once they are durable. */
  record(input: { readonly entries: readonly LedgerEntry[] }): Promise<{ readonly commit: string }>;
  appliedState(input: { readonly service: string; readonly environment: string }): Promise<AppliedState>;
  /** Signal-with-start of the lane, which workflow code cannot do itself. */
  enterLane(input: LaneEntry): Promise<void>;
  leaveLane(input: { readonly laneId: string; readonly operationId: string }): Promise<void>;
  tellLane(input: {
    readonly laneId: string;
    readonly operationId: string;
    readonly status: 'running' | 'watching' | 'needs_hands' | 'aborting';
  }): Promise<void>;
  /** Has the open operations of a service or an environment, or all of them, ask their gates at once. */
  stirOperations(where: { readonly service?: string; readonly environment?: string }): Promise<void>;
  /**
   * Verifies the relay's signature on what somebody does to a lock, a freeze or the stop, and asks policy whether they
   * may. What is older than acts may be is refused.
   */
  judgeHold(input: {
    readonly act: Relayed<ActBody>;
    readonly asker: Asker;
    /** Whom a lock is handed to. */
    readonly recipient?: Asker;
  }): Promise<HoldRight>;
  /** Whether the workflow is still open; an operation that was terminated must not hold a lane. */
  isOpen(input: { readonly workflowId: string }): Promise<boolean>;
  /** How an operation stands, and when it ended. */
  endingOf(input: { readonly workflowId: string }): Promise<Ending>;
  /**
   * What happened to a service lately, for an incident's timeline: in its environment, where it has one. What the
   * operation `cause` came to is first and pinned. Operations that never began are left out.
   */
  recentOperations(input: {
    readonly service?: string;
    readonly environment?: string;
    readonly sinceMs: number;
    readonly cause?: string;
  }): Promise<readonly IncidentEvent[]>;
  /** Writes a line into the timeline of every open incident of a service; of another environment's it says nothing. */
  tellIncidents(input: {
    readonly service?: string;
    readonly environment?: string;
    readonly event: IncidentEvent;
  }): Promise<void>;
  /**
   * What is new of the policy since `known`, with what people have to hear; fails benignly, to be tried again later,
   * while nothing is.
   */
  policyNews(input: { readonly known?: PolicyNews }): Promise<{
    readonly news: PolicyNews;
    readonly sentences: readonly string[];
    /** Where policy changes are told; absent: nowhere. */
    readonly channel?: string;
  }>;
  /** Asks people about a policy commit that may not bind without them. Repeats are harmless. */
  proposePolicy(input: { readonly commit: string }): Promise<void>;
  /**
   * Makes Temporal's schedules and the watches of metrics what the runbooks of a policy commit say; repeats change
   * nothing. `formerly` are ids of those that were there, of which lists may not know yet.
   */
  armTriggers(input: { readonly commit: string; readonly formerly: readonly string[] }): Promise<{
    /** Ids of the schedules and watches that there are now. */
    readonly armed: readonly string[];
    /** What could not be done, full sentences. */
    readonly problems: readonly string[];
  }>;
  /**
   * The signed request of a runbook whose time has come, under the policy in force. Only for an instant that its
   * schedule names: nobody gets a signature by starting a workflow. `tell` is the channel that hears what came of
   * nothing.
   */
  scheduledRequest(input: { readonly runbook: string; readonly firing: string }): Promise<
    | {
        readonly kind: 'asks';
        readonly request: Relayed<OperationRequest>;
        readonly title: string;
        readonly tell?: string;
      }
    | { readonly kind: 'void'; readonly sentence: string; readonly tell?: string }
  >;
  /** What alerts would start under the policy in force, each with its request, signed; and what cannot be told, in full sentences. */
  alertedRunbooks(input: { readonly alerts: Relayed<Alerts> }): Promise<{
    readonly firings: readonly Firing[];
    readonly problems: readonly string[];
    /** Channel that hears of what started nothing. */
    readonly tell?: string;
  }>;
  /** What a webhook would start under the policy in force, its request signed; or what cannot be told, in a full sentence. */
  hookedRunbook(input: { readonly hook: Relayed<Hook> }): Promise<{
    readonly firing?: Firing;
    readonly problem?: string;
    /** Channel that hears of what started nothing. */
    readonly tell?: string;
  }>;
  /**
   * Hands a threshold that was held over to what starts runbooks, with a signed request under the policy in force; only
   * for what that policy still has watched. Repeats are harmless. The answer is what people have to hear.
   */
  metricFired(input: { readonly watch: string; readonly breach: Breach }): Promise<{
    readonly problem?: string;
    readonly tell?: string;
  }>;
  /**
   * What was pushed since `memory` to where its runbook looks, handed over to what starts runbooks; fails benignly, to
   * be tried again later, while nothing was. Repeats are harmless.
   */
  watchPushes(input: { readonly watch: string; readonly memory?: PushMemory }): Promise<PushLook>;
  /** Where the card of an operation stands; absent: nowhere yet. */
  cardOf(input: {
    readonly workflowId: string;
  }): Promise<{ readonly channel: string; readonly ts: string } | undefined>;
  /** Keeps what a slice of a list did, for its undo and for whoever asks later. Repeats are harmless. */
  keepSlice(input: { readonly slice: SliceRecord }): Promise<{
    readonly digest: string;
    /** Names of its targets, in the order of the record. */
    readonly keys: readonly string[];
  }>;
  recallSlice(input: { readonly digest: string }): Promise<SliceRecord>;
  /** When a window of the policy is next open, ms since the epoch; absent: never. */
  windowOpening(input: { readonly window: string }): Promise<{ readonly atMs?: number }>;
  /** The request of a child operation, signed: the same person asks for it, under the rules of its own environment. */
  childRequest(input: {
    readonly parent: Relayed<OperationRequest>;
    readonly kind: 'deploy' | 'rollback';
    readonly given: JsonObject;
    /** The same for every attempt. */
    readonly key: string;
  }): Promise<Relayed<OperationRequest>>;
  /** What is recorded of what a run has made: what its runbook tells of it, and what its undo will need. */
  describeResource(input: { readonly planDigest: string; readonly begun: Undoing }): Promise<{
    readonly outputs: JsonObject;
    readonly undoing: Undoing;
  }>;
  /** What the handlers of servers told, by the path of their step, as far as it is recorded. */
  describeServers(input: {
    readonly outputs: { readonly [step: string]: JsonObject };
  }): Promise<{ readonly [step: string]: JsonObject }>;
  /** Verifies the relay's signature on the wish to extend a lease, and asks policy and the ledger whether and until when. */
  judgeLease(input: {
    readonly act: Relayed<ActBody>;
    readonly asker: Asker;
    readonly resource: ResourceRef;
    /** The operation that made it. */
    readonly operation: string;
  }): Promise<LeaseRight>;
  /**
   * The signed request to take a thing away whose lease is over. Only for one that the ledger says is over: nobody gets
   * a signature by starting a workflow.
   */
  leaseEnd(input: { readonly resource: ResourceRef; readonly operation: string }): Promise<
    | {
        readonly kind: 'asks';
        readonly request: Relayed<OperationRequest>;
        readonly title: string;
      }
    /** It was taken away, or the name stands for another one by now. */
    | { readonly kind: 'gone' }
    /** It was extended. */
    | { readonly kind: 'later'; readonly expiresAt: string }
  >;
  /**
   * Removes from the blob store what policy keeps no longer and no operation under way can need. Gives until when logs
   * may be removed, and the runner pools that policy names. Nothing is removed while nobody can say what is under way.
   */
  sweepBlobs(): Promise<{
    readonly removed: number;
    readonly logsBefore: string;
    readonly pools: readonly string[];
  }>;
  /** Verdict and ballot for the public `requestApproval`. */
  judgeApproval(input: { readonly ask: ApprovalAsk; readonly caller: ApprovalCaller }): Promise<ApprovalAnswer>;
}

export interface LaneEntry {
  readonly laneId: string;
  readonly operationId: string;
  /** Lower goes first: rollback 0, break-glass 1, hotfix 2, the rest 3. */
  readonly priority: number;
  readonly kind: string;
  readonly title: string;
  /** Person who asked for it; absent for machines. */
  readonly requester?: string;
  readonly livenessCheckMs: number;
  /** How long the holder may take to go when this one takes the lane over. */
  readonly takeOverMs: number;
}

/** Slack queue, served by the bot: everything that needs a Slack token. */
export interface SlackActivities {
  /**
   * Who this is, asked fresh; with `maxAgeMs` an answer that old counts while Slack is away. Never throws for an unknown
   * person; throws when Slack is away.
   */
  whoIs(input: { readonly user: string; readonly maxAgeMs?: number }): Promise<Asker>;
  /**
   * Brings one message slot to the given version: posts it if it is not there yet, else edits it in place. An older
   * version than the one shown is a no-op. Bounded by the caller; unknown outcomes are reconciled by metadata.
   */
  deliver(input: Delivery): Promise<Delivered>;
  /** Posts a notice once; `key` makes a repeat harmless. */
  notify(input: {
    readonly key: string;
    readonly to: Address;
    readonly notice: Notice;
  }): Promise<{ readonly channel?: string; readonly ts?: string }>;
  /** Verifies the relay's signature and asks Slack who the voter is now. Fails closed. */
  checkVote(input: {
    readonly vote: Relayed<VoteBody>;
    readonly ballot: Ballot;
    readonly maxAgeMs: number;
  }): Promise<VoterCheck>;
  /** The same question about voters already counted, before the first side effect. */
  recheckVoters(input: {
    readonly ballots: readonly Ballot[];
    readonly votes: readonly Vote[];
  }): Promise<readonly { readonly by: string; readonly code: VoteRefusal }[]>;
  /**
   * Verifies a relayed button or command about a running operation or incident, and asks Slack who presses it and in
   * which of the operators' teams they sit. An answer at most `maxAgeMs` old counts while Slack is away.
   */
  checkAct(input: {
    readonly act: Relayed<ActBody>;
    readonly operators: Operators;
    readonly maxAgeMs: number;
  }): Promise<ActorCheck>;
  /** Makes a channel for an incident where the workspace allows it; says what could not be done. */
  openRoom(input: {
    readonly incidentId: string;
    readonly name: string;
    readonly topic: string;
    readonly invite: readonly string[];
  }): Promise<{ readonly channel?: string; readonly notDone: readonly string[] }>;
  /** Invites people to an incident's channel; says what could not be done. Repeats are harmless. */
  invite(input: {
    readonly channel: string;
    readonly people: readonly string[];
  }): Promise<{ readonly notDone: readonly string[] }>;
  pin(input: {
    readonly channel: string;
    readonly ts: string;
  }): Promise<{ readonly done: boolean; readonly why?: string }>;
}

export type Delivery = {
  /** Unique per message: `<operation id>/card`. It travels as message metadata. */
  readonly slot: string;
  readonly version: number;
  /** Name (`#deploys`) or id of the channel policy wants it in. */
  readonly channel: string;
  /** Known after the first delivery; kept in workflow state, so that the card survives Redis and restarts. */
  readonly at?: { readonly channel: string; readonly ts: string };
  readonly final: boolean;
  /** The workflow has never asked for this slot before, so no earlier post can have gone through unheard. */
  readonly untried?: boolean;
} & (
  | { readonly card: 'operation'; readonly view: OperationView }
  | { readonly card: 'incident'; readonly view: IncidentView }
);

export interface Delivered {
  readonly channel: string;
  readonly ts: string;
  /** The version that is now shown: equal to or newer than the one asked for. */
  readonly version: number;
}

export type ActorCheck =
  | {
      readonly kind: 'ok';
      readonly actor: Actor;
      /** Set when Slack was away and an older answer was used: the instant of that answer. */
      readonly asOf?: string;
    }
  | { readonly kind: 'refused'; readonly code: VoteRefusal };

export type VoterCheck =
  | {
      readonly kind: 'ok';
      readonly person: string;
      readonly teams: readonly string[];
      /** Teams that count only because they sit in for somebody: team -> that person. */
      readonly sitsInFor?: { readonly [team: string]: string };
    }
  | { readonly kind: 'refused'; readonly code: VoteRefusal; readonly detail?: string };

/** What people do to an operation, other than vote. */
export type OperationAct =
  | { readonly kind: 'cancel' }
  /** `undo: no`: it is stopped where it is, and what was done stays. */
  | { readonly kind: 'abort'; readonly reason?: string; readonly undo?: 'no' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** `question`: the one that was asked (`OperationView.question`). An act that names another than the present one is refused. */
  | { readonly kind: 'retry_step'; readonly question?: string }
  | { readonly kind: 'skip_step'; readonly question?: string }
  /** For a step that waits for it. */
  | { readonly kind: 'signal'; readonly name: string; readonly payload?: JsonObject }
  | { readonly kind: 'retry_undo'; readonly reason: string; readonly question?: string }
  | { readonly kind: 'done_by_hand'; readonly reason: string; readonly question?: string }
  | { readonly kind: 'leave_it'; readonly reason: string; readonly question?: string }
  | { readonly kind: 'finish_watch' }
  | { readonly kind: 'resync' };

export interface ActBody {
  readonly format: 1;
  readonly workflowId: string;
  readonly act: OperationAct | import('../incidents/incident').IncidentAct | HoldAct | LeaseAct;
  /** Slack user id, or with `byKind: machine` the name that its token stands for. */
  readonly by: string;
  /** Absent: a person. */
  readonly byKind?: 'machine';
  readonly team?: string;
  readonly actionId: string;
  readonly at: string;
}

export interface ActAnswer {
  readonly kind: 'done' | 'refused';
  /** Full sentences that name nobody by id. */
  readonly sentence: string;
  /** People whom they are about, by Slack user id. */
  readonly about?: readonly string[];
}
