import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { canonical } from '../src/canonical';
import { Refusal } from '../src/errors';
import type { Json, JsonObject } from '../src/json';
import type { FailedOutput, Plan, PlanStep, StepCall, StepResult, UndoTries } from '../src/operation/plan';
import type { RunnerActivities, RunStepInput } from '../src/operation/runner-ports';
import { formatDuration, parseDuration } from '../src/runbooks/duration';
import { stepKindOf } from '../src/runbooks/step-kinds';
import type { Target } from '../src/runbooks/targets';
import type { VaultReader } from './adapters/vault';
import { runnableStepKinds } from './steps';
import { DryRun, asTried } from './steps/dry-run';
import { Heart, type Acknowledge } from './steps/heart';
import { keepLarge, recallKept } from './steps/kept-outputs';
import { CriterionMissed, NotYet, StepError, StepFailed } from './steps/outcomes';
import { Redactor } from './steps/redact';
import { secretsFolder } from './steps/secrets';
import { openSops } from './steps/sops';
import type { StepKind } from './steps/step-kind';
import { Toolbox, type ToolHost } from './steps/toolbox';

export interface RunStepDeps {
  /** Body of a plan from the blob store. Throws when it is not there. */
  readonly readPlan: (digest: string) => Promise<Plan>;
  /** Keeps a body in the blob store and gives its digest; keeping it twice is harmless. */
  readonly keepBody: (text: string) => Promise<string>;
  readonly readBody: (digest: string) => Promise<Json>;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Environment of this runner, for the secrets that connections name. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly log: {
    debug(data: object, message: string): void;
    warn(data: object, message: string): void;
  };
  /** Folder from which secret files are read. */
  readonly secretsFolder?: string;
  /** Reads secrets of connections that lie in Vault. */
  readonly vault?: VaultReader;
  /** File with the age key for what SOPS has encrypted. */
  readonly sopsKeyFile?: string;
  readonly kinds?: readonly StepKind[];
  /** Heartbeats that Temporal acknowledges; programs run only as long as it does. */
  readonly acknowledge?: Acknowledge;
  /** What it takes to run programs. */
  readonly tools?: ToolHost;
}

/**
 * The activity that carries out one step of a plan, or its undo. Failures that may pass are thrown as retryable until
 * the step's own attempts are used up; waiting is a benign failure with the time of the next look.
 */
export function createRunStep(deps: RunStepDeps): RunnerActivities['runStep'] {
  return async (asked) => {
    const context = Context.current();
    const heart = new Heart(context, deps.acknowledge);
    // Learns of cancellation by it, too.
    const stopBeating = heart.start();
    try {
      return await attemptAt(asked, { deps, context, heart });
    } finally {
      stopBeating();
    }
  };
}

async function attemptAt(
  asked: RunStepInput,
  { deps, context, heart }: Pick<Failing, 'deps' | 'context' | 'heart'>,
): Promise<StepResult> {
  const plan = await planOf(deps, asked);
  const input = { ...asked, outputs: await recallKept(asked.outputs, deps.readBody) };
  const written = plan.steps.find((each) => each.path === input.path);
  const step = written && asAsked(written, input.mode);
  if (!step) throw ApplicationFailure.nonRetryable(`The plan has no step ${input.path}.`, 'StepFailed');
  const redactor = new Redactor();
  const toolbox = new Toolbox({ host: deps.tools, plan, step, input, context, heart, redactor });
  const secrets = {
    env: deps.env,
    folder: deps.secretsFolder ?? secretsFolder,
    vault: deps.vault,
    sops: openSops(toolbox.forCall({ key: input.key }), deps.sopsKeyFile),
  };
  try {
    const run = new DryRun({
      plan,
      step,
      input,
      items: await itemsOf(deps, input),
      keep: (value) => deps.keepBody(canonical(value)),
      kinds: deps.kinds ?? runnableStepKinds,
      attempt: context.info.attempt,
      elapsedMs: deps.now() - context.info.scheduledTimestampMs,
      signal: AbortSignal.any([context.cancellationSignal, heart.lost]),
      secrets,
      redactor,
      toolbox,
    });
    const result = await run[input.mode]();
    const told = redactor.json({ ...(await toolbox.told()), ...result });
    return { ...told, outputs: await keepLarge(told.outputs, deps.keepBody) };
  } catch (error) {
    if (context.cancellationSignal.aborted) await context.cancelled;
    const why = heart.lost.aborted && !isFinal(error) ? lostHold(step) : error;
    const call = input.mode === 'undo' ? undoCallOf(step) : step;
    const failure = failureOf({
      error: why,
      step,
      call,
      isUndo: input.mode === 'undo',
      heart,
      deps,
      redactor,
      context,
    });
    throw withOutput(failure, redactor.json(await toolbox.told()));
  } finally {
    await toolbox.close();
  }
}

async function planOf(deps: RunStepDeps, input: RunStepInput): Promise<Plan> {
  try {
    return await deps.readPlan(input.planDigest);
  } catch (error) {
    if (error instanceof Refusal) throw ApplicationFailure.nonRetryable(error.message, 'Refusal');
    throw error;
  }
}

/** The targets a step is done for, by the names that it has for them. */
async function itemsOf({ readBody }: RunStepDeps, { targets = [] }: RunStepInput): Promise<JsonObject> {
  const items: { [name: string]: Json } = {};
  for (const { as, list, index } of targets) {
    const target = ((await readBody(list)) as unknown as readonly Target[])[index];
    if (!target) throw ApplicationFailure.nonRetryable(`The list has no target ${index + 1}.`, 'StepFailed');
    items[as] = target.value;
  }
  return items;
}

/** A step as one mode carries it out. */
function asAsked(step: PlanStep, mode: RunStepInput['mode']): PlanStep {
  if (mode === 'check') return asTried(step);
  const undo = mode === 'undo' ? undoCallOf(step) : undefined;
  if (!undo) return step;
  const { retry = step.retry, timeoutMs = step.timeoutMs, pool = step.pool } = undo as Partial<UndoTries>;
  const { until: _until, ...rest } = step;
  return { ...rest, retry, timeoutMs, pool };
}

/** What no end of the lease can be behind. */
function isFinal(error: unknown): boolean {
  return [StepFailed, NotYet, CriterionMissed, Refusal].some((kind) => error instanceof kind);
}

function lostHold({ name }: PlanStep): StepError {
  return new StepError(`“${name}” was ended, because the runner lost its hold of the step.`);
}

function undoCallOf({ undo }: PlanStep): StepCall | undefined {
  return typeof undo === 'object' && 'uses' in undo ? undo : undefined;
}

interface Failing {
  readonly error: unknown;
  readonly step: PlanStep;
  /** What was called: the step itself or its undo. */
  readonly call: StepCall | undefined;
  readonly isUndo: boolean;
  readonly heart: Heart;
  readonly deps: RunStepDeps;
  readonly redactor: Redactor;
  readonly context: Context;
}

/** The last lines and the log go with the failure; what else it tells stays in front of them. */
function withOutput(failure: ApplicationFailure, told: FailedOutput): ApplicationFailure {
  if (told.log === undefined && told.detail === undefined) return failure;
  const { message, type, nonRetryable, nextRetryDelay, category, details } = failure;
  return ApplicationFailure.create({
    message,
    type: type ?? undefined,
    nonRetryable: nonRetryable ?? undefined,
    nextRetryDelay: nextRetryDelay ?? undefined,
    category: category ?? undefined,
    details: [details?.[0] ?? null, told],
  });
}

function failureOf(failing: Failing): ApplicationFailure {
  const { error, redactor, heart } = failing;
  const message = redactor.text(error instanceof Error ? error.message : String(error));
  if (error instanceof NotYet) {
    const { checkpoint } = heart.progress;
    heart.tell({ failures: 0, ...(checkpoint === undefined ? {} : { checkpoint }) });
    const category = ApplicationFailureCategory.BENIGN;
    return ApplicationFailure.create({ type: 'NotYet', message, category, nextRetryDelay: error.nextMs });
  }
  if (error instanceof CriterionMissed) {
    const details = [redactor.json({ ...error.missed })];
    return ApplicationFailure.create({ type: 'CriterionMissed', message, nonRetryable: true, details });
  }
  if (error instanceof StepFailed) return ApplicationFailure.nonRetryable(message, 'StepFailed');
  if (error instanceof Refusal) return ApplicationFailure.nonRetryable(message, 'Refusal');
  return retryableOf(failing, message);
}

function retryableOf(
  { error, step, call, isUndo, heart, deps, context }: Failing,
  message: string,
): ApplicationFailure {
  const known = error instanceof StepError;
  const told = known ? message : `“${step.name}” broke in a way that Signalbox does not know.`;
  if (!known) deps.log.warn({ step: step.path, message }, 'a step broke unexpectedly');
  else deps.log.debug({ step: step.path, attempt: context.info.attempt }, message);
  const isUnsent = known && error.about.unsent === true;
  // An undo is safe by its nature, or it would be none.
  if (step.repeat === 'never' && !isUndo) {
    const doubt = ' It may have been done all the same, and it is never done twice; look before you go on.';
    return ApplicationFailure.nonRetryable(isUnsent ? told : told + doubt, 'StepFailed');
  }
  const { progress } = heart;
  const failures = progress.failures + 1;
  const failingSinceMs = progress.failingSinceMs ?? deps.now();
  heart.tell({ ...progress, failures, failingSinceMs });
  const restMs = pollRestMs({ step, call }, deps.now() - context.info.scheduledTimestampMs);
  if (restMs === undefined && failures >= step.retry.attempts) return usedUp(told, `${failures} times`, failures);
  // A poll has no use for a number of attempts: it puts up with as long a silence as its attempts together may last.
  const silentMs = deps.now() - failingSinceMs;
  const isSilentTooLong = silentMs >= step.retry.attempts * step.timeoutMs;
  if (restMs !== undefined && (restMs <= 0 || isSilentTooLong))
    return usedUp(told, `for ${formatDuration(silentMs)}`, failures);
  const wanted =
    (known ? error.about.retryAfterMs : undefined) ?? (restMs === undefined ? undefined : pollEveryMs({ step, call }));
  const delay = wanted === undefined ? undefined : Math.min(wanted, restMs ?? wanted);
  return ApplicationFailure.create({
    type: 'StepError',
    message: told,
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  });
}

function usedUp(told: string, tried: string, failures: number): ApplicationFailure {
  return ApplicationFailure.nonRetryable(failures === 1 ? told : `${told} It was tried ${tried}.`, 'StepFailed');
}

/** Time that a poll still has, ms; undefined for steps that do not poll. */
function pollRestMs({ step, call }: Pick<Failing, 'step' | 'call'>, elapsedMs: number): number | undefined {
  const forMs = step.until?.forMs ?? (call && stepKindOf(call.uses)?.pollForMs?.(call.with));
  return forMs === undefined ? undefined : forMs - elapsedMs;
}

function pollEveryMs({ step, call }: Pick<Failing, 'step' | 'call'>): number {
  return step.until?.everyMs ?? parseDuration(String(call?.with.every ?? '')) ?? 5_000;
}
