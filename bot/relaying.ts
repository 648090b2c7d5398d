import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type Workflow } from '@temporalio/common';
import type { KnownPerson } from '../src/operation/asker';
import type { Relayed } from '../src/operation/request';
import { outcomeSentence } from './looks';
import type { IntakeDeps } from './intake';
import type { Kept } from './spill';
import { isAway, isGone, within } from './temporal';

/** Where something a person pressed has got to when it is time to acknowledge. */
export type Relay<Answer> =
  /** The workflow has it. `answer` waits a bounded time and never rejects; `undefined` means not yet known. */
  | { readonly kind: 'accepted'; readonly answer: () => Promise<Answer | undefined> }
  /** No worker answered; Temporal has it and the workflow gets it later. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'kept' }
  | { readonly kind: 'lost' }
  /** There is no such running workflow. The sentence says how it ended, if that is known. */
  | { readonly kind: 'ended'; readonly sentence: string };

export interface RelayStart {
  readonly type: string;
  readonly taskQueue: string;
  readonly args: unknown[];
  readonly memo?: Record<string, unknown>;
}

export interface Relaying<Body, Answer> {
  readonly workflowId: string;
  readonly update: string;
  readonly signal: string;
  readonly updateId: string;
  readonly relayed: Relayed<Body>;
  /** Goes with the Update alone: by the time of a signal it would be stale. */
  readonly known?: Relayed<KnownPerson>;
  readonly kept: Kept;
  /** For a workflow that begins with the first of what is handed to it. */
  readonly start?: () => Promise<RelayStart>;
  /** What the workflow's validator said, as an answer. */
  readonly refusal: (code: string, detail: string) => Answer;
}

/**
 * Hands something over before the acknowledgement: as an Update awaited until accepted; when no worker answers, as a
 * signal with the same ids; when Temporal is away, to the spill queue.
 */
export async function relayToWorkflow<Body, Answer>(
  deps: IntakeDeps,
  ask: Relaying<Body, Answer>,
): Promise<Relay<Answer>> {
  const relayed = await updateOrSignal(deps, ask);
  deps.count?.(ask.kept.kind, relayed.kind);
  return relayed;
}

async function updateOrSignal<Body, Answer>(deps: IntakeDeps, ask: Relaying<Body, Answer>): Promise<Relay<Answer>> {
  try {
    const update = await within(deps.temporal, deps.waits.handOver, () => startUpdate(deps, ask));
    return { kind: 'accepted', answer: () => answerOf(deps, ask, () => update.result()) };
  } catch (error) {
    const refused = refusalIn(error, ask.refusal);
    if (refused !== undefined) return { kind: 'accepted', answer: () => Promise.resolve(refused) };
    if (isGone(error)) return { kind: 'ended', sentence: await outcomeSentence(deps, ask.workflowId) };
    if (!isAway(error)) throw error;
  }
  return signalOrKeep(deps, ask);
}

async function startUpdate<Body, Answer>({ temporal }: IntakeDeps, ask: Relaying<Body, Answer>) {
  const options = {
    args: ask.known === undefined ? [ask.relayed] : [ask.relayed, ask.known],
    updateId: ask.updateId,
    waitForStage: 'ACCEPTED',
  } as const;
  type Args = [Relayed<Body>, Relayed<KnownPerson>?];
  const args = options.args as Args;
  if (ask.start === undefined)
    return temporal.workflow.getHandle(ask.workflowId).startUpdate<Answer, Args>(ask.update, { ...options, args });
  const { type, ...start } = await ask.start();
  const startWorkflowOperation = new WithStartWorkflowOperation(type, {
    ...start,
    workflowId: ask.workflowId,
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  // Whether it was started is the Update's to say; nobody waits for this.
  startWorkflowOperation.workflowHandle().catch(() => undefined);
  return temporal.workflow.startUpdateWithStart<Workflow, Answer, Args>(ask.update, {
    ...options,
    args,
    startWorkflowOperation,
  });
}

/** Durable without a worker; a workflow that begins with its first act is started with it. */
export async function signalTo<Body>(
  { temporal }: Pick<IntakeDeps, 'temporal'>,
  ask: Pick<Relaying<Body, unknown>, 'workflowId' | 'signal' | 'relayed' | 'start'>,
): Promise<unknown> {
  const { workflowId, signal, relayed, start } = ask;
  if (start === undefined) return temporal.workflow.getHandle(workflowId).signal<[Relayed<Body>]>(signal, relayed);
  const { type, ...options } = await start();
  return temporal.workflow.signalWithStart(type, { ...options, workflowId, signal, signalArgs: [relayed] });
}

async function signalOrKeep<Body, Answer>(deps: IntakeDeps, ask: Relaying<Body, Answer>): Promise<Relay<Answer>> {
  try {
    await within(deps.temporal, deps.waits.signal, () => signalTo(deps, ask));
    return { kind: 'sent' };
  } catch (error) {
    if (isGone(error)) return { kind: 'ended', sentence: await outcomeSentence(deps, ask.workflowId) };
    if (!isAway(error)) throw error;
    deps.log.warn({ err: error, workflowId: ask.workflowId }, 'Temporal does not answer; keeping what was pressed');
    return { kind: (await deps.spill?.keep(ask.kept)) === true ? 'kept' : 'lost' };
  }
}

async function answerOf<Body, Answer>(
  deps: IntakeDeps,
  ask: Relaying<Body, Answer>,
  result: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await within(deps.temporal, deps.waits.answer, result);
  } catch (error) {
    const refused = refusalIn(error, ask.refusal);
    if (refused === undefined) deps.log.warn({ err: error, workflowId: ask.workflowId }, 'no answer to an update yet');
    return refused;
  }
}

function refusalIn<Answer>(error: unknown, refusal: (code: string, detail: string) => Answer): Answer | undefined {
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) return undefined;
  return refusal(error.cause.type ?? '', error.cause.message);
}
