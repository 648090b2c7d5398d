import type { AnyConnection } from '../connections/schema';
import type { JsonObject } from '../json';
import type { Found } from '../operation/found';
import type { Plan, PlanOutline } from '../operation/plan';
import type { InfrastructureWork } from '../infrastructure/work';
import type { OperationRequest } from '../operation/request';
import type { ResourceRef, ResourceState } from '../resources/resource';
import type { Metrics } from '../rollouts/compile';
import type { Rollout } from '../rollouts/schema';
import type { Library } from './library';
import type { Runbook } from './schema';
import type { ToolFolders } from './tool-folders';

/** What a plan is made of. Runbooks have been checked (`checkRunbook`) before they come here. */
export type Work =
  | {
      readonly kind: 'runbook';
      readonly runbook: Runbook;
      /** Its inputs, where not the request has them. */
      readonly given?: JsonObject;
      /** What it takes away. */
      readonly destroys?: ResourceRef;
    }
  /** Undoes what a run of the runbook had done, long after. */
  | { readonly kind: 'teardown'; readonly runbook: Runbook; readonly resource: ResourceState }
  | InfrastructureWork
  /** No step: what is approved is the work. */
  | { readonly kind: 'policy' }
  | {
      readonly kind: 'rollout';
      readonly rollout: Rollout;
      /** Runbook that the policy names for `rollout.target`. */
      readonly handler: Runbook;
      /** Runbooks that the policy names for `prerequisite.<name>`, by name. */
      readonly prerequisites?: { readonly [name: string]: Runbook };
    };

export interface CompileInput {
  readonly request: OperationRequest;
  readonly policyCommit: string;
  /** The service definition and the environment as expressions see them. */
  readonly service: JsonObject;
  readonly environment: JsonObject;
  /**
   * What runs there now. Not a part of the plan: it is handed to the steps when the lane is granted
   * (`{ "$late": "previous_version" }`). Its absence is said on the card.
   */
  readonly previousVersion?: string;
  /** The commit that the version stands for; absent when nobody knows. */
  readonly commit?: string;
  readonly work: Work;
  /** Runbooks and actions that steps run in their place; absent: none. */
  readonly library?: Pick<Library, 'runbooks' | 'actions'>;
  /** Outputs of the `resolve` steps by id. */
  readonly resolve: JsonObject;
  /** What they said to people. */
  readonly found?: readonly Found[];
  readonly connections: { readonly [name: string]: AnyConnection };
  readonly metrics: Metrics;
  /** Facts that are metrics: fact -> metric. Their values are found by `resolve` steps of the policy's own. */
  readonly measures?: { readonly [fact: string]: string };
  readonly sources: Plan['sources'];
  /** Folders that steps work with, packed; absent in a preview, whose plan nobody runs. */
  readonly folders?: ToolFolders;
  /** The environment's `watch`, ms; 0 when there is none. */
  readonly watchMs: number;
}

export type CompiledPlan =
  | { readonly ok: true; readonly plan: Plan; readonly outline: PlanOutline }
  /** Full sentences. */
  | { readonly ok: false; readonly problems: readonly string[] };
