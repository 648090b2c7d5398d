import type { CodeAuthor } from '../code/change';
import type { Json } from '../json';
import type { MadeBy, ResourceRef } from '../resources/resource';

/**
 * What kinds of work there are. One workflow type carries all of them out. `policy` is a change of the policy itself, asked for by Signalbox where `policy_changes` is `gated`.
 * `destroy` takes away what a `provision` made. `infrastructure` brings about the servers that files declare.
 */
export const operationKinds = [
  'deploy',
  'rollback',
  'provision',
  'runbook',
  'policy',
  'destroy',
  'infrastructure',
] as const;
export type OperationKind = (typeof operationKinds)[number];

/** Who asked, and by which door. People are Slack user ids; machines are names from the token table. */
export type Requester =
  | { readonly kind: 'person'; readonly id: string; readonly team?: string; readonly via: 'slack' | 'cli' | 'webhook' }
  | {
      readonly kind: 'machine';
      readonly id: string;
      readonly via: 'cli' | 'webhook' | 'push' | 'schedule' | 'alert' | 'metric' | 'policy' | 'lease';
    };

/** Who asked for what, from where. It is frozen the moment it is handed over, and signed by the relay. */
export interface OperationRequest {
  readonly format: 1;
  /** Workflow id and the name of the record in the ledger: `<kind>-<subject>-<environment>-<10 characters>`. */
  readonly id: string;
  readonly kind: OperationKind;
  readonly service?: string;
  readonly environment?: string;
  readonly version?: string;
  /** Name of a runbook, for `provision` and `runbook`. */
  readonly runbook?: string;
  /** A rollout other than the service's own. */
  readonly rollout?: string;
  readonly inputs: { readonly [name: string]: Json };
  /** How long what is provisioned is to live, as typed: `3d`. */
  readonly lease?: string;
  /**
   * For `destroy`: what, the operation that had made it when somebody asked for its end, and its name as its requester
   * typed it once more, where its data is lost.
   */
  readonly resource?: ResourceRef & { readonly of?: string; readonly confirmed?: string };
  /**
   * For `infrastructure`: one group only, and where data is lost the name of the group as its requester typed it once
   * more, with the servers of which it was said then that they would lose it. It stands for these and no others.
   */
  readonly infrastructure?: {
    readonly group?: string;
    readonly confirmed?: string;
    readonly loses?: MadeBy;
  };
  readonly reason?: string;
  /** Who wrote what was pushed, where a push asks for it: they do not approve it. */
  readonly wroteBy?: readonly CodeAuthor[];
  /** Look and judge only: nobody is asked, no lane is entered and no step of the work is done. */
  readonly check?: true;
  readonly labels: readonly string[];
  /** Facts the requester raises (`risk_level: high`); policy never lets them be lowered. */
  readonly raise: { readonly [fact: string]: Json };
  readonly requester: Requester;
  readonly asked: {
    /** What the person typed or pressed, in words. */
    readonly text: string;
    /** Slack channel id where it was asked; private answers go there. */
    readonly channel?: string;
    /** Slack's trigger id, a webhook's delivery id, a CLI call's key: equal ids are one request. */
    readonly deliveryId: string;
  };
  /** ISO 8601 UTC. */
  readonly requestedAt: string;
  /** ISO 8601 UTC: after this instant the request is told "too late" instead of being started. */
  readonly notAfter: string;
}

/** Something the bot relayed, with its HMAC (law 1): a bare body that reached Temporal by another way is refused. */
export interface Relayed<Body> {
  readonly body: Body;
  /** Hex HMAC-SHA256 under RELAY_KEY over the purpose and the canonical JSON of `body`. */
  readonly signature: string;
}
