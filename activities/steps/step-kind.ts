import type { AnyConnection, ConnectionKind, SecretReference } from '../../src/connections/schema';
import type { Json, JsonObject } from '../../src/json';
import type { Plan, PlanStep } from '../../src/operation/plan';
import type { Filled, Variables } from '../../src/runbooks/expressions';
import type { StepKindSpec } from '../../src/runbooks/step-kinds';
import type { HttpAnswer, HttpAsk } from '../adapters/http-connection';
import type { FileRef } from '../../src/runbooks/file-ref';
import type { AllowedProgram, TerraformSettings } from './allowed-programs';
import type { StepAnswer } from './outcomes';
import type { RunAsk, RunEnd } from './toolbox';
import type { Workspace } from './workspace';

/** What one call of a step kind may use. */
export interface StepContext<With = JsonObject> {
  /** Filled in and checked against the kind's schema. */
  readonly given: With;
  readonly plan: Plan;
  readonly step: PlanStep;
  readonly variables: Variables;
  /** The same for every attempt of this call; different for its undo. */
  readonly idempotencyKey: string;
  /** ms since the first attempt was scheduled. */
  readonly elapsedMs: number;
  readonly signal: AbortSignal;
  /** How long this attempt may still take, ms; less than its time limit, so that it can say itself what it waited for. */
  readonly limitMs: number;
  /** A connection of the plan, for kinds that speak a protocol of their own. Throws `StepFailed` if it is of another kind. */
  connection<Kind extends ConnectionKind>(name: string, kind: Kind): Extract<AnyConnection, { readonly kind: Kind }>;
  /** Reads a secret on this runner and masks it in everything that leaves the runner. */
  secret(reference: SecretReference): Promise<string>;
  /** Masks another spelling of a secret. */
  mask(text: string): void;
  /** Sends a request over a connection of the plan. Throws `StepError` or `StepFailed`. */
  request(connection: string, ask: HttpAsk): Promise<HttpAnswer>;
  /** A fresh folder for this attempt, filled with the plan's folders; the same at each call, removed afterwards. */
  workspace(): Promise<Workspace>;
  /** Runs a program and waits until nothing that it started is left. Throws `StepError`, `StepFailed`, or that it was cancelled. */
  run(ask: RunAsk): Promise<RunEnd>;
  /** A program that the configuration of this runner allows, by its name there. */
  allowedProgram(name: string): AllowedProgram | undefined;
  /** What the configuration of this runner says of Terraform and OpenTofu. */
  terraformSettings(): TerraformSettings;
  /** Keeps bytes for later steps, on whatever pool they run. */
  keepFile(bytes: Uint8Array, name: string): Promise<FileRef>;
  /** The bytes of a file that a step has kept. */
  readFile(file: FileRef): Promise<Buffer>;
  /** What an earlier attempt of this step has saved; undefined for the first. */
  checkpoint(): Json | undefined;
  /** Saves what the next attempt is to know; resolves when Temporal has it. */
  saveCheckpoint(checkpoint: Json): Promise<void>;
  /** Fills templates of values that are not part of `with`, such as a metric's query. */
  fill(value: Json, options?: { readonly encode?: (text: string) => string }): Filled;
}

/** A step kind that can be carried out: the static part from the catalogue and what it does. */
export interface StepKind {
  readonly spec: StepKindSpec;
  run(context: StepContext): Promise<StepAnswer>;
}

/** Joins a spec with its run part; `With` is what the spec's schema gives. */
export function stepKind<With>(spec: StepKindSpec, run: (context: StepContext<With>) => Promise<StepAnswer>): StepKind {
  return { spec, run: (context) => run(context as StepContext<unknown> as StepContext<With>) };
}
