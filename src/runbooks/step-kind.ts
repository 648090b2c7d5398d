import type { z } from 'zod';
import type { ConnectionKind } from '../connections/schema';
import type { JsonObject } from '../json';
import type { Control, Repeat } from '../operation/plan';

/**
 * What is known of a step kind without running it: enough to check a runbook, to compile a plan and to print the
 * catalogue. The part that touches the world is in `activities/steps`, under the same name.
 */
export interface StepKindSpec {
  readonly name: string;
  /** Set for what the run carries out itself; a runner has no part for it. */
  readonly control?: Exclude<Control, 'step'>;
  /** Whether it has steps of its own. */
  readonly group?: true;
  /** One or two sentences for `signalbox steps`. */
  readonly doc: string;
  /** Closed schema of `with`, after its templates are filled in. */
  readonly with: z.ZodType;
  /** Names that `outputs`, `until`, `expect` and `find.found` may use besides those of the scope. */
  readonly tells: readonly string[];
  /** Names of `tells` that policy counts as numbers of the plan when a `resolve` step is of this kind, whatever its `outputs` are. */
  readonly facts?: readonly string[];
  /** Keys of `with` that hold a CEL expression instead of a template, and what it may name. */
  readonly expressions?: readonly string[];
  /** Keys of `with` in which inserted values are percent-encoded, so that a value never becomes a part of a URL. */
  readonly urlKeys?: readonly string[];
  /** Keys of the step's own `with` that its `find` takes over. */
  readonly findInherits?: readonly string[];
  readonly readOnly: (given: JsonObject) => boolean;
  /** What its tool does in a dry run, a sentence; absent where the tool has none, and the step only says what it would do. */
  readonly check?: string;
  /** It only waits for what other steps have begun, so a dry run has nothing to look at. */
  readonly waits?: true;
  /** How it behaves when done twice, where the runbook does not say. */
  readonly repeat: (given: JsonObject) => Repeat;
  /** Time limit of one attempt, ms, where the runbook does not say. */
  readonly timeoutMs: number;
  /** Set for kinds that poll by themselves: how long at most, ms. */
  readonly pollForMs?: (given: JsonObject) => number | undefined;
  /** Names of connections that a call uses; templates included, as they are written. */
  readonly connections?: (given: JsonObject) => readonly string[];
  /** Folders of the policy repository that a call needs beside it while it runs; written out, never from templates. */
  readonly folders?: (given: JsonObject) => readonly string[];
  /** Kinds of connections that it can use; those that are asked by HTTP, where it does not say. */
  readonly connectionKinds?: readonly ConnectionKind[];
  /** Keys of `with` that are taken as they are written: a template in them is refused, and nothing is ever filled in. */
  readonly literal?: readonly string[];
}
