import type { Fence } from '../src/ledger/fence';

import type { KnownPerson } from '../src/operation/asker';
import type { Relayed } from '../src/operation/request';
import type { OperationTimings } from '../src/operation/timings';

export type { OperationTimings };

/**
 * The contract between everything outside Temporal and the workflows: names only, no SDK import, so that the bot can
 * load it cheaply. Changing a name here breaks operations in flight.
 */

/** Workflows and light activities. */
export const WORKER_QUEUE = 'signalbox';
/** Everything that needs a Slack token; served by the bot. */
export const SLACK_QUEUE = 'signalbox-slack';
/** Steps of one runner pool. */
export const runnerQueue = (pool: string): string => `signalbox-runner-${pool}`;

export const WORKFLOWS = {
  operation: 'operation',
  run: 'run',
  runSlice: 'runSlice',
  lane: 'lane',
  incident: 'incident',
  holds: 'holds',
  requestApproval: 'requestApproval',
  review: 'review',
  policyWatch: 'policyWatch',
  trigger: 'trigger',
  firings: 'firings',
  metricWatch: 'metricWatch',
  pushWatch: 'pushWatch',
  lease: 'lease',
  sweep: 'sweep',
} as const;

export const laneId = (where: { readonly environment: string; readonly service: string }): string =>
  `lane/${where.environment}/${where.service}`;
/** The one `policyWatch` of a namespace. */
export const POLICY_WATCH_ID = 'policy-watch';
/** The Temporal Schedule that removes what policy keeps no longer, and the beginning of the ids of what it starts. */
export const SWEEP_ID = 'sweep';
/** The Temporal Schedule of a runbook, and the beginning of the ids of what it starts. */
export const triggerId = (runbook: string): string => `${TRIGGERS}${runbook}`;
export const TRIGGERS = 'trigger/';
/** The one workflow that knows what happened and what it started, and its signals: `Relayed<Alerts>`, `Relayed<Hook>`, `Fire`. */
export const FIRINGS_ID = 'firings';
export const ALERTED = 'alerted';
export const HOOKED = 'hooked';
export const FIRE = 'fire';
/** The workflow that watches a metric for a runbook, its signal (`WatchOrder`, or null: no more), and what it is while it sees nothing. */
export const metricWatchId = (runbook: string): string => `${METRIC_WATCHES}${runbook}`;
export const METRIC_WATCHES = 'watch/';
/** The workflow that watches a repository for a runbook, and takes the same signal with a `PushOrder`. */
export const pushWatchId = (runbook: string): string => `${PUSH_WATCHES}${runbook}`;
export const PUSH_WATCHES = 'push/';
export const WATCH = 'watch';
export const BLIND = 'blind';
/** Key of the memo that says why it is blind. */
export const BLIND_MEMO = 'blind';
/** The one workflow that knows what is locked, frozen and stopped by command. */
export const HOLDS_ID = 'holds';
/** Key of its memo under which it keeps all it knows: decisions read it without asking a worker. */
export const HOLDS_MEMO = 'holds';
/** The workflow that ends the lease of what an operation made. */
export const leaseId = (operation: string): string => `lease/${operation}`;
/** anything -> lease: it is gone, so there is nothing to end */
export const RESOURCE_GONE = 'resourceGone';
/** The review of a break-glass operation. */
export const reviewId = (operationId: string): string => `review/${operationId}`;
/** Key of the memo that says which review it is (`OpenReview`). */
export const REVIEW_MEMO = 'review';
/** Under which a step's logs are kept: its path, and the targets that it is done for. */
export const loggedAs = (path: string, targets: readonly { readonly index: number }[] = []): string =>
  `${path}${targets.map(({ index }) => `[${index}]`).join('')}`;
export const runId = (operationId: string): string => `${operationId}/run`;

/** Update and, for when no worker answers, signal. Both take `Relayed<VoteBody>`, the Update also what the bot knows of the voter. */
export const VOTE_UPDATE = 'vote';
export const VOTE_SIGNAL = 'voteLater';
/** Update and signal that take `Relayed<ActBody>`. */
export const ACT_UPDATE = 'act';
export const ACT_SIGNAL = 'actLater';
export const VIEW_QUERY = 'view';
/** What `VIEW_QUERY` may be asked with; only operations have steps. */
export interface ViewAsked {
  /** Absent: those that a card shows. */
  readonly steps?: 'telling' | 'all';
}

/** anything -> operation: what its gates look at may have changed, so it asks them at once */
export const STIR = 'stir';

/** operation <- lane */
export const LANE_GRANTED = 'laneGranted';
export const LANE_POSITION = 'lanePosition';
/** The lane passes to somebody else: stop, undo is theirs. */
export const LANE_TAKEN = 'laneTaken';
/** lane <- operation */
export const LANE_ENTER = 'enter';
export const LANE_LEAVE = 'leave';
export const LANE_STATUS = 'status';
/** run -> operation */
export const RUN_PROGRESS = 'runProgress';
/** slice -> the run that handed it out */
export const SLICE_PROGRESS = 'sliceProgress';
/** run -> a slice that asked for more: indexes of targets; none when there are no more */
export const MORE_TARGETS = 'moreTargets';
/** operation -> run */
export const RUN_ACT = 'runAct';
/** Who holds or stops a run when a freeze does; no person is called that. */
export const FREEZE = 'freeze';
/** Whoever pauses it by a button: anybody who may can resume it. */
export const PEOPLE = 'people';
/** anything -> incident: a line for its timeline */
export const INCIDENT_EVENT = 'incidentEvent';

export interface LaneGrant {
  readonly fence: Fence;
  /** Whom the holder took over from, when it did. */
  readonly tookOverFrom?: string;
}

export const defaultTimings: OperationTimings = {
  deliveryMs: 120_000,
  lastDeliveryMs: 24 * 3_600_000,
  voterCheckMs: 8_000,
  decideMs: 2_000,
  judgeMs: 300_000,
  recordMs: 900_000,
  recordAgainMs: 60_000,
  deferMs: 15_000,
  heartbeatMs: 15_000,
  takeOverMs: 60_000,
  livenessMs: 60_000,
  voterMaxAgeMs: 60_000,
  laneMs: 7 * 24 * 3_600_000,
};

/** Names of the search attributes, registered idempotently at start-up. */
export const SEARCH_ATTRIBUTES = {
  kind: { name: 'SignalboxKind', type: 'KEYWORD' },
  state: { name: 'SignalboxState', type: 'KEYWORD' },
  service: { name: 'SignalboxService', type: 'KEYWORD' },
  environment: { name: 'SignalboxEnvironment', type: 'KEYWORD' },
  requester: { name: 'SignalboxRequester', type: 'KEYWORD' },
  waitingFor: { name: 'SignalboxWaitingFor', type: 'KEYWORD_LIST' },
  /** When its state last changed. */
  since: { name: 'SignalboxSince', type: 'DATETIME' },
  /** Where its card stands: `<channel>/<ts>`. */
  card: { name: 'SignalboxCard', type: 'KEYWORD' },
} as const;

/** Key of the memo that says in a few words what was asked for. */
export const TITLE_MEMO = 'title';

/** Key of the memo that says how bad an incident is. */
export const SEVERITY_MEMO = 'severity';

/** What `operation` is started with. */
export interface OperationInput {
  readonly request: Relayed<import('../src/operation/request').OperationRequest>;
  /** What the bot freshly knew of who asks; Slack is asked when it is absent. */
  readonly known?: Relayed<KnownPerson>;
  readonly timings: OperationTimings;
}

/** What `trigger` is started with: by a schedule, or with the request that something else has led to. */
export interface TriggerInput {
  readonly runbook: string;
  readonly timings: OperationTimings;
  readonly asked?: {
    readonly request: Relayed<import('../src/operation/request').OperationRequest>;
    readonly title: string;
    /** Channel that hears of what is not allowed. */
    readonly tell?: string;
  };
}

/** What `firings` is started with, and carries on with. */
export interface FiringsInput {
  readonly timings: OperationTimings;
  readonly fired?: readonly import('../src/triggers/firings').Fired[];
  readonly waiting?: readonly Happened[];
  /** How many notices were sent: their keys go on from there. */
  readonly sent?: number;
}

/** Something that starts a runbook, and the channel that hears of what is not allowed. */
export interface Fire {
  readonly firing: import('../src/triggers/firings').Firing;
  readonly tell?: string;
}

export type Happened =
  | { readonly kind: 'alerts'; readonly alerts: Relayed<import('../src/triggers/alerts').Alerts> }
  | { readonly kind: 'hook'; readonly hook: Relayed<import('../src/triggers/hook').Hook> }
  | ({ readonly kind: 'fire' } & Fire);

/** What is to be watched, and for whom. */
export interface AnyWatchOrder {
  readonly runbook: string;
  /** Digest of what is watched: of the `MetricWatch` in the blob store, of the `PushWatch`. */
  readonly watch: string;
  /** For people. */
  readonly what: string;
  /** Team that answers for it. */
  readonly owner: string;
  /** Channel that hears that it is blind. */
  readonly tell?: string;
}

/** A metric, and who looks at it. */
export interface WatchOrder extends AnyWatchOrder {
  readonly pool: string;
  readonly everyMs: number;
}

/** What `metricWatch` is started with, and carries on with. */
export interface MetricWatchInput {
  readonly timings: OperationTimings;
  readonly order?: WatchOrder;
  readonly memory?: import('../src/triggers/watch-news').WatchMemory;
  readonly sent?: number;
}

/** What `pushWatch` is started with, and carries on with. */
export interface PushWatchInput {
  readonly timings: OperationTimings;
  readonly order?: AnyWatchOrder;
  readonly memory?: import('../src/triggers/push-news').PushMemory;
  readonly sent?: number;
}

/** What `lease` is started with, by the operation that made the thing. */
export interface LeaseInput {
  readonly resource: import('../src/resources/resource').ResourceRef;
  /** The operation that made it. */
  readonly operation: string;
  readonly owner: { readonly kind: 'person' | 'machine'; readonly id: string };
  readonly lease: import('../src/resources/resource').Lease;
  /** ISO 8601 UTC, both. */
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Where it is told that it could not be taken away. */
  readonly channel: string;
  /** After so long people are told once more that it is still there. */
  readonly lookAgainMs: number;
  readonly timings: OperationTimings;
}

/** What `review` is started with, by the operation that it is about. */
export interface ReviewInput {
  readonly review: import('../src/operation/review').OpenReview;
  readonly debt: import('../src/operation/review').ReviewDebt;
  readonly about: {
    readonly service?: string;
    readonly environment?: string;
    readonly reason?: string;
    /** Folder of the operation's records. */
    readonly day: string;
    readonly policyCommit: string;
  };
  readonly timings: OperationTimings;
}

/** What `incident` is started with. */
export interface IncidentInput {
  readonly request: Relayed<import('../src/incidents/incident').IncidentRequest>;
  /** Channel that policy names for incidents. */
  readonly channel: string;
  readonly timings: OperationTimings;
}

/** What `holds` is started with. */
export interface HoldsInput {
  readonly timings: OperationTimings;
  /** What the life before it held, if that was ended by force. */
  readonly held?: import('../src/holds/holds').Holds;
  /** When that was, ISO 8601: what was asked for before may have been done by that life already. */
  readonly heldUntil?: string;
  /** How long it stays when nothing is held, so that an act that comes twice is known: longer than acts may be late. */
  readonly lingerMs: number;
  /** After so long waiting operations are told once more, since lists learn of new ones late. */
  readonly stirAgainMs: number;
}

/** How old an act on a lock, a freeze or the stop may be. */
export const holdActMaxAgeMs = 900_000;
export const holdsWaits: Omit<HoldsInput, 'timings'> = { lingerMs: holdActMaxAgeMs + 300_000, stirAgainMs: 5_000 };

/** What `sweep` is started with. */
export interface SweepInput {
  readonly timings: OperationTimings;
}

/** What a sweep removed; `unreached` are pools where no runner answered in time. */
export interface SweepResult {
  readonly blobs: number;
  readonly logs: number;
  readonly unreached: readonly string[];
}
