import type { Json, JsonObject } from '../json';
import type { Found } from './found';
import type { ResourcePlan, ResourceRef } from '../resources/resource';

/**
 * Who carries a step out: a runner (`step`), or the run itself, which opens a group, asks people, waits, or starts
 * another workflow. What the run does itself has no call of its own and costs no runner.
 */
export type Control =
  'step' | 'sequence' | 'parallel' | 'foreach' | 'approval' | 'wait' | 'operation' | 'workflow' | 'notify';

/** How a step behaves when it is done twice (law 11). */
export type Repeat = 'safe' | 'find' | 'never';

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  readonly firstMs: number;
  readonly backoff: number;
}

/** One call of a step kind: its name and its `with`, templates not yet filled in. */
export interface StepCall {
  readonly uses: string;
  readonly with: JsonObject;
}

/** How the undo of a step is tried: it may be done again whatever its step is, and costs its step no attempt. */
export interface UndoTries {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly pool: string;
}

/** `find`: look before acting, and before undoing. */
export interface FindCall {
  readonly with: JsonObject;
  /** CEL over `response` (and everything else in scope). */
  readonly found: string;
  readonly outputs: { readonly [name: string]: string };
}

/**
 * One step with everything resolved that can be resolved before it runs. It lies in the blob store as a part of
 * the plan; workflows see only its outline.
 */
export interface PlanStep extends StepCall {
  readonly control: Control;
  /** Unique within the plan and readable: `canary/share`. */
  readonly path: string;
  /** Path of the group that it is a part of. */
  readonly inside?: string;
  readonly id: string;
  readonly name: string;
  /** Key into `Plan.scopes`: which `inputs` and which `steps` its expressions see. */
  readonly scope: string;
  /** Scope of its parts, where it is not its own. */
  readonly inner?: string;
  readonly if?: string;
  readonly find?: FindCall;
  readonly outputs?: { readonly [name: string]: string };
  readonly until?: { readonly condition: string; readonly everyMs: number; readonly forMs: number };
  readonly expect?: { readonly condition: string; readonly otherwise: string };
  /** Template of the line that the card shows when the step is done. */
  readonly summary?: string;
  readonly repeat: Repeat;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  /** `rollback`: of what a child operation completed. With `group`: the path of the steps that put it back. */
  readonly undo?: (StepCall & UndoTries) | 'none' | 'rollback' | { readonly group: string };
  readonly onFailure: 'stop' | 'continue' | 'ask';
  /** People may pass it over while it runs. */
  readonly skippable?: true;
  /** What it finds has to be the same just before the first side effect. */
  readonly recheck?: true;
  /** Runner pool whose task queue the step goes to. */
  readonly pool: string;
  /** The rollout stage it belongs to. */
  readonly stage?: string;
  readonly phase: Phase;
}

/**
 * `watch` steps run after the work is done, while the lane is held as watching; `finally` steps at the end, however it
 * ended; `undo` steps when the step is undone whose undo they are.
 */
export type Phase = 'work' | 'watch' | 'finally' | 'undo';

/** Inputs of a runbook's steps as its author wrote them, and where they come from when they are known only later. */
export interface Scope {
  readonly inputs: JsonObject;
  /** Path of the group that fills them in when it begins. */
  readonly from?: string;
}

/** Where the run keeps the inputs that a group filled in, among the outputs. */
export function inputsKey(path: string): string {
  return `${path}#inputs`;
}

/** A folder of the policy repository as it lies in the blob store, for runners, which have no Git. */
export interface PackedFolder {
  /** Object id of the folder in Git. */
  readonly tree: string;
  /** Address of its packed body in the blob store. */
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

/** The frozen list of steps with everything resolved. Its SHA-256 is the digest that people approve. */
export interface Plan {
  readonly format: 1;
  readonly operation: {
    readonly id: string;
    readonly kind: string;
    readonly service?: string;
    readonly environment?: string;
    readonly version?: string;
    /** The commit that the version stands for, where the service's code repository tells. */
    readonly commit?: string;
    /** What runs there now and will be restored on failure. */
    readonly previousVersion?: string;
    readonly runbook?: string;
    readonly requester: string;
    readonly reason?: string;
  };
  readonly policyCommit: string;
  /** Every file the plan was made from, by object id, so that it can be read again years later. */
  readonly sources: readonly { readonly path: string; readonly blob: string }[];
  /** Connections the steps may use, frozen: name -> definition (secrets are references). */
  readonly connections: JsonObject;
  /** Metrics that criteria may name, frozen. */
  readonly metrics: JsonObject;
  readonly scopes: { readonly [scope: string]: Scope };
  /** Documents that expressions may look at. */
  readonly service: JsonObject;
  readonly environment: JsonObject;
  /** Folders of the policy repository that steps work with, by path; absent when none does. */
  readonly trees?: { readonly [folder: string]: PackedFolder };
  /** Outputs of the `resolve` steps by id. */
  readonly resolve: JsonObject;
  /** What they said to people, so that it is approved as it was shown; absent when they said nothing. */
  readonly found?: readonly Found[];
  /** Lane that its runbook names: whatever has the same one waits. */
  readonly lane?: string;
  /** What it makes that lives on. */
  readonly resource?: ResourcePlan;
  /** What it takes away. */
  readonly destroys?: ResourceRef;
  /** Outputs that steps had in the operation whose work is undone: by scope and id. */
  readonly given?: { readonly [scope: string]: { readonly [id: string]: JsonObject } };
  /** In the order in which they are written; the parts of a group follow it. */
  readonly steps: readonly PlanStep[];
}

/** What a workflow needs to know of a step to schedule it; everything else stays in the plan's body. */
export interface StepOutline {
  readonly control: Control;
  readonly path: string;
  readonly inside?: string;
  readonly name: string;
  readonly uses: string;
  readonly pool: string;
  readonly repeat: Repeat;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  /** Set when the step polls: it fails benignly until its condition holds, at most this long. */
  readonly pollForMs?: number;
  readonly hasUndo: boolean;
  /** Of an undo of one call; absent in plans that were made before there was one. */
  readonly undo?: UndoTries & { readonly pollForMs?: number };
  /** What it does stays, because nothing puts it back. */
  readonly leaves?: true;
  /** Path of the group that puts it back, where that takes more than one call. */
  readonly undoneBy?: string;
  /** Of what the run carries out itself: what it is told, where nothing of it has to be filled in. */
  readonly given?: JsonObject;
  /** Whether a runner fills in what it is told, and whether one tells its outputs. */
  readonly begins?: true;
  readonly ends?: true;
  readonly onFailure: 'stop' | 'continue' | 'ask';
  readonly skippable?: true;
  /** Of a `resolve` step: it is done once more just before the first side effect. */
  readonly recheck?: true;
  readonly phase: Phase;
  readonly stage?: string;
}

/** A plan as workflows carry it. `digest` is the key of the body in the blob store. */
export interface PlanOutline {
  readonly format: 1;
  readonly digest: string;
  readonly steps: readonly StepOutline[];
  /** What cannot be undone, in words; said on the card before anyone approves. */
  readonly irreversible: readonly string[];
  /** It makes something that lives on: the run tells what it had begun, so that it can be taken away later. */
  readonly makes?: true;
}

/** What one step left behind. Kept in run state, so outputs of more than 8 KiB are references to the blob store. */
export interface StepResult {
  readonly status: 'done' | 'skipped' | 'found';
  /** Of what was found: it was there before this step acted at all, so its undo is not this operation's. */
  readonly wasThere?: true;
  readonly outputs: { readonly [name: string]: Json };
  /** One line for the card. */
  readonly summary: string;
  /** A few lines for the thread. */
  readonly detail?: readonly string[];
  /** Where the whole output of its programs lies in the log store. */
  readonly log?: { readonly key: string; readonly bytes: number };
  /** What a step that the run carries out itself is told, filled in and checked. */
  readonly given?: JsonObject;
  /**
   * Of a dry run: the tool has tried it, or it is only said what it would do. What it would tell later steps is not
   * known then.
   */
  readonly would?: 'tried' | 'told';
}

/** What a step that failed wrote, as the second detail of its failure. */
export type FailedOutput = Pick<StepResult, 'detail' | 'log'>;

/** A criterion that was missed: what the card and the rollback notice say. */
export interface MissedCriterion {
  readonly metric: string;
  /** As written: `<0.1%`. */
  readonly wanted: string;
  /** In the unit of the criterion: `2.4%`, or `no data`. */
  readonly measured: string;
  readonly stage?: string;
}
