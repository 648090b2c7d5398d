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
  /** Whether this puts back what the step did: an undo may be done again whatever its step is. */
  readonly isUndo: boolean;
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
  /** Whether this runner is set up to run programs; without it `run` and `workspace` refuse. */
  readonly canRun: boolean;
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
  /** Tries it and changes nothing; undefined when what it is given cannot be tried. Absent: the tool has no dry run. */
  readonly check?: (context: StepContext) => Promise<StepAnswer | undefined>;
}

type Part<With, Answer> = (context: StepContext<With>) => Promise<Answer>;

/** Joins a spec with its run part, and with its dry run; `With` is what the spec's schema gives. */
export function stepKind<With>(
  spec: StepKindSpec,
  run: Part<With, StepAnswer>,
  check?: Part<With, StepAnswer | undefined>,
): StepKind {
  const bare = <Answer>(part: Part<With, Answer>) => part as Part<unknown, Answer> as Part<JsonObject, Answer>;
  return { spec, run: bare(run), ...(check && { check: bare(check) }) };
}

/** The same call with other values, for kinds whose `with` has a switch for a dry run. */
export function withGiven<With>(context: StepContext<With>, given: Partial<With>): StepContext<With> {
  return { ...context, given: { ...context.given, ...given } };
}
