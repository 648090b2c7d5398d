import type { Json } from '../json';
import type { OperationKind, OperationRequest } from '../operation/request';
import type { IncidentState, Severity } from '../incidents/incident';
import type { PolicyChange } from '../operation/policy-change';
import type { planFields } from './names';
import type { ChangeFacts } from '../code/change';
import type { Standing } from './standing';
import type { Source } from './verdict';
import type { PolicyTrouble } from './unreachable';

export type { Standing } from './standing';

/** What policy looks at of a request. An `OperationRequest` is one. */
export interface PolicyRequest extends Pick<
  OperationRequest,
  'service' | 'environment' | 'version' | 'runbook' | 'requester' | 'reason' | 'resource'
> {
  readonly kind: OperationKind;
  readonly labels?: readonly string[];
  readonly raise?: { readonly [fact: string]: Json };
  readonly inputs?: { readonly [name: string]: Json };
  /** Git authors of the change; absent: nobody knows. */
  readonly authors?: readonly string[];
  /** Those of them whom `people.yaml` does not know as anybody. */
  readonly strangers?: readonly string[];
}

/** What a runbook asks for by itself; policy adds it to its own gates and never loosens by it. */
export interface RunbookDemand {
  readonly runbook: string;
  readonly approvals: readonly { readonly team: string; readonly count: number }[];
  /** Names of windows of the policy. */
  readonly windows: readonly string[];
  readonly source: { readonly approvals: Source; readonly windows: Source };
}

/** Everything outside the request and the policy that a verdict depends on. What is absent is not known. */
export interface World {
  /** Versions that succeeded, from the ledger's applied state. */
  readonly history?: readonly {
    readonly service: string;
    readonly environment: string;
    readonly version: string;
    /** ISO 8601. */
    readonly succeededAt: string;
    readonly rolledBackAt?: string;
  }[];
  /** Numbers of the plan. Absent before there is one: conditions on it are then taken as holding. */
  readonly plan?: { readonly [field in (typeof planFields)[number]]?: number | 'unknown' };
  /** Metrics that policy takes for facts. Absent before they are read; one that is not in it could not be. */
  readonly measured?: { readonly [fact: string]: number };
  /** What lies between the version that runs there and the one asked for. */
  readonly change?: ChangeFacts;
  /** The change has not been looked up yet: conditions on it are then taken as holding. Absent: as there is no plan. */
  readonly isChangeLater?: boolean;
  /** Files that the change touches. */
  readonly paths?: readonly string[];
  /** Owners of those files in CODEOWNERS: `@user`, `@org/team` or addresses. Absent: nobody knows. */
  readonly codeowners?: readonly string[];
  readonly votes?: readonly { readonly by: string; readonly decision: 'approve' | 'reject'; readonly at: string }[];
  /** Members of the Slack groups of teams; teams that are made of such a team's groups have them too. */
  readonly teams?: { readonly [team: string]: readonly string[] };
  /** Standing of the requesting person; absent where the door has checked it (a command in Slack). */
  readonly requester?: Standing;
  readonly incidents?: readonly {
    readonly id: string;
    readonly state: IncidentState;
    readonly severity: Severity;
    readonly service?: string;
    readonly environment?: string;
  }[];
  readonly locks?: readonly {
    readonly by: string;
    readonly reason: string;
    readonly service?: string;
    readonly environment?: string;
    /** ISO 8601. */
    readonly until?: string;
    /** Only this version passes, whoever asks for it. */
    readonly change?: string;
  }[];
  /** Freezes by command. */
  readonly freezes?: readonly {
    readonly by: string;
    readonly reason: string;
    readonly environment: string;
    readonly service?: string;
    /** ISO 8601; absent: until it is thawed. */
    readonly until?: string;
  }[];
  /** Everything is stopped by command. */
  readonly stop?: { readonly by: string; readonly reason: string };
  /** Why nobody can say what holds work back: then it waits. */
  readonly holdsUnknown?: string;
  /** What the runbooks that would run ask for besides policy. */
  readonly demands?: readonly RunbookDemand[];
  /** What would be made or taken away; whose it is, once it is there. */
  readonly resource?: {
    readonly kind: string;
    readonly name: string;
    readonly owner?: { readonly kind: 'person' | 'machine'; readonly id: string };
  };
  /** Its lease is over and nothing but that takes it away: the operation with which people approved the lease. */
  readonly leaseEnd?: string;
  /** What a policy commit changes, for requests of the kind `policy`. */
  readonly policyChange?: PolicyChange;
  /** Reviews of the requester's earlier break-glass that nobody has closed; asked for break-glass only. */
  readonly reviews?:
    | 'unknown'
    | readonly {
        readonly operation: string;
        readonly by: string;
        /** ISO 8601. */
        readonly dueAt: string;
        readonly reviewBy?: readonly string[];
      }[];
  /** Why the newest policy commit is not the one in force. */
  readonly policyProblem?: string;
  /** What kind of problem that is; absent: a newer commit that does not bind. */
  readonly policyTrouble?: PolicyTrouble;
}
