import type { MetricDefinition } from '../rollouts/criteria';
import type { ConnectionNames } from './connection-inputs';
import type { Action, Runbook, RunbookStep } from './schema';
import { actionIn } from './step-kinds';

/** What steps of a runbook may name, all of one commit. */
export interface Library {
  readonly connections: ConnectionNames;
  readonly runbooks: ReadonlyMap<string, Runbook>;
  readonly actions: ReadonlyMap<string, Action>;
  /** `runbook <name>` and `action <name>` of every file, those that cannot be read included: they are no unknown names. */
  readonly unread?: ReadonlySet<string>;
  /** Absent where the policy itself could not be read: nothing is said about such names then. */
  readonly policy?: {
    readonly teams: readonly string[];
    readonly windows: readonly string[];
    readonly services: readonly string[];
    readonly environments: readonly string[];
  };
  /** Names of rollouts, those of files that cannot be read included; absent where nothing is said about them. */
  readonly rollouts?: readonly string[];
  /** Metrics that the policy maps; absent where nothing is said about them. */
  readonly metrics?: ReadonlyMap<string, MetricDefinition>;
}

/** What a step stands for that runs other steps in its place. */
export type Nested =
  | {
      readonly kind: 'found';
      readonly what: 'runbook' | 'action';
      readonly document: Runbook | Action;
      readonly inputs: object;
    }
  | {
      readonly kind: 'missing';
      readonly what: 'runbook' | 'action';
      readonly name: string;
      readonly known: readonly string[];
    };

/** The runbook or the action that a call runs in its place; undefined for every other kind of step. */
export function nestedIn(
  call: Pick<RunbookStep, 'uses' | 'with'>,
  library: Pick<Library, 'runbooks' | 'actions'>,
): Nested | undefined {
  const action = actionIn(call.uses);
  if (action !== undefined) return nested('action', action, call.with ?? {}, library.actions);
  if (call.uses !== 'runbook') return undefined;
  const { runbook, inputs } = (call.with ?? {}) as { readonly runbook?: unknown; readonly inputs?: object };
  return typeof runbook === 'string' ? nested('runbook', runbook, inputs ?? {}, library.runbooks) : undefined;
}

function nested(
  what: 'runbook' | 'action',
  name: string,
  inputs: object,
  documents: ReadonlyMap<string, Runbook | Action>,
): Nested {
  const document = documents.get(name);
  if (!document) return { kind: 'missing', what, name, known: [...documents.keys()] };
  return { kind: 'found', what, document, inputs };
}

/** Names of the outputs that a step gives to those after it. */
export function outputNames(step: RunbookStep, library: Library): readonly string[] {
  const inner = nestedIn(step, library);
  return Object.keys((inner?.kind === 'found' ? inner.document.outputs : step.outputs) ?? {});
}
