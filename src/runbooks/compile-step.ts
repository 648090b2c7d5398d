import type { BoundSecrets } from './secret-inputs';
import type { JsonObject } from '../json';
import type { Phase, PlanStep, Repeat, StepCall, StepOutline, UndoTries } from '../operation/plan';
import { parseDuration } from './duration';
import { bareCondition, hasTemplate } from './expressions';
import { stepIdOf, type RunbookStep } from './schema';
import { actionIn, stepKindOf, type StepKindSpec } from './step-kinds';

/** Attempts of a step that may be repeated, where the runbook does not say. */
const defaultRetry = { attempts: 3, firstMs: 1_000, backoff: 2 };
const defaultEveryMs = 10_000;

/** Where a step of a runbook ends up in the plan. */
export interface StepSite {
  /** Before the step's id in its path: `canary/`, or nothing. */
  readonly prefix: string;
  /** Path of the group that it is a part of. */
  readonly inside?: string;
  /** What steps without an id are called, before their number: the group that they are in. */
  readonly stem?: string;
  readonly scope: string;
  /** Inputs that stand for a connection: name -> the connection. */
  readonly connections?: { readonly [input: string]: string };
  /** Secrets that inputs stand for. */
  readonly secrets?: BoundSecrets;
  readonly stage?: string;
  readonly phase: Phase;
}

/** How a step behaves when done twice: what the runbook says, a look-up if it has one, else what its kind says. */
export function repeatOf(kind: StepKindSpec, given: JsonObject, step: RunbookStep): Repeat {
  if (step.repeat !== undefined) return step.repeat;
  const own = kind.repeat(given);
  return own === 'never' && step.find ? 'find' : own;
}

/** A step of a checked runbook as a step of a plan; its parts are not in it. */
export function compileStep(step: RunbookStep, index: number, site: StepSite): PlanStep {
  const kind = knownKind(step.uses);
  const id = stepIdOf(step, index, site.stem);
  const given = (step.with ?? {}) as JsonObject;
  const repeat = repeatOf(kind, given, step);
  const name = step.name ?? step.id?.replace(/_/g, ' ') ?? step.uses;
  const own = {
    retry: retryOf(step, repeat),
    timeoutMs: durationOr(step.timeout, kind.timeoutMs),
    pool: step['runs-on'] ?? 'default',
  };
  return {
    control: kind.control ?? 'step',
    path: `${site.prefix}${id}`,
    ...(site.inside === undefined ? {} : { inside: site.inside }),
    id,
    // A handler's steps come again in every stage.
    name: site.stage === undefined ? name : `${name} (${site.stage})`,
    scope: site.scope,
    uses: kind.name,
    with: given,
    ...(step.if === undefined ? {} : { if: bareCondition(step.if) }),
    ...(step.find === undefined ? {} : { find: findOf(step.find, kind, given) }),
    ...(step.outputs === undefined ? {} : { outputs: bare(step.outputs) }),
    ...(step.until === undefined ? {} : { until: untilOf(step, step.until) }),
    ...(step.expect === undefined
      ? {}
      : { expect: { condition: bareCondition(step.expect), otherwise: step.else ?? '' } }),
    ...(step.summary === undefined ? {} : { summary: step.summary }),
    repeat,
    ...own,
    ...(step.undo === undefined ? {} : { undo: undoOf(step.undo, own) }),
    onFailure: step['on-failure'] ?? 'stop',
    ...(step.skippable ? { skippable: true as const } : {}),
    ...(step.recheck ? { recheck: true as const } : {}),
    ...(site.stage === undefined ? {} : { stage: site.stage }),
    phase: site.phase,
  };
}

/** What workflows see of a step. */
export function outlineOf(step: PlanStep): StepOutline {
  const pollForMs = step.until?.forMs ?? knownKind(step.uses).pollForMs?.(step.with);
  const isOwn = step.control !== 'step';
  const needsRunner = step.control === 'foreach' || step.inner !== undefined || hasTemplate(step.with);
  const begins = isOwn && (step.if !== undefined || needsRunner);
  const ends = isOwn && (step.outputs ?? step.expect ?? step.summary) !== undefined;
  const { undo } = step;
  return {
    control: step.control,
    path: step.path,
    ...(step.inside === undefined ? {} : { inside: step.inside }),
    name: step.name,
    uses: step.uses,
    pool: step.pool,
    repeat: step.repeat,
    retry: step.retry,
    timeoutMs: step.timeoutMs,
    ...(pollForMs === undefined ? {} : { pollForMs }),
    hasUndo: undo !== undefined && undo !== 'none',
    ...(typeof undo === 'object' && 'uses' in undo ? { undo: undoTriesOf(undo) } : {}),
    ...(isIrreversible(step) ? { leaves: true as const } : {}),
    ...(typeof undo === 'object' && 'group' in undo ? { undoneBy: undo.group } : {}),
    ...(begins ? { begins: true as const } : {}),
    ...(isOwn && !begins ? { given: knownKind(step.uses).with.parse(step.with) as JsonObject } : {}),
    ...(ends ? { ends: true as const } : {}),
    onFailure: step.onFailure,
    ...(step.skippable ? { skippable: true as const } : {}),
    ...(step.recheck ? { recheck: true as const } : {}),
    phase: step.phase,
    ...(step.stage === undefined ? {} : { stage: step.stage }),
  };
}

/** Whether nothing puts back what this step does. */
export function isIrreversible(step: PlanStep): boolean {
  if (step.phase === 'undo' || step.phase === 'finally') return false;
  return (step.undo === undefined || step.undo === 'none') && !knownKind(step.uses).readOnly(step.with);
}

function knownKind(name: string): StepKindSpec {
  const kind = stepKindOf(actionIn(name) === undefined ? name : 'runbook');
  if (!kind) throw new Error(`the step kind ${name} was not checked before it was compiled`);
  return kind;
}

function findOf(find: NonNullable<RunbookStep['find']>, kind: StepKindSpec, given: JsonObject): PlanStep['find'] {
  return {
    with: { ...inheritedWith(kind, given), ...(find.with as JsonObject) },
    found: bareCondition(find.found),
    outputs: bare(find.outputs ?? {}),
  };
}

/** The part of a step's `with` that its `find` takes over. */
export function inheritedWith(kind: StepKindSpec, given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([key]) => kind.findInherits?.includes(key)));
}

function untilOf(step: RunbookStep, until: string): PlanStep['until'] {
  const forMs = durationOr(step.for, 600_000);
  return {
    condition: bareCondition(until),
    everyMs: Math.min(durationOr(step.every, defaultEveryMs), forMs),
    forMs,
  };
}

function retryOf(step: RunbookStep, repeat: Repeat): PlanStep['retry'] {
  if (repeat === 'never') return { ...defaultRetry, attempts: 1 };
  if (!step.retry) return defaultRetry;
  return {
    attempts: step.retry.attempts,
    firstMs: durationOr(step.retry.first, defaultRetry.firstMs),
    backoff: step.retry.backoff ?? defaultRetry.backoff,
  };
}

function undoOf(undo: NonNullable<RunbookStep['undo']>, own: UndoTries): NonNullable<PlanStep['undo']> {
  if (typeof undo === 'string') return undo;
  // Steps of an action have their own.
  const leastMs = stepKindOf(undo.uses)?.timeoutMs ?? 0;
  return {
    uses: undo.uses,
    with: (undo.with ?? {}) as JsonObject,
    retry: undoRetry(own.retry),
    timeoutMs: durationOr(undo.timeout, Math.max(own.timeoutMs, leastMs)),
    pool: undo['runs-on'] ?? own.pool,
  };
}

/** What an undo cannot bear twice, no undo could be: it is tried again also where its step is not. */
function undoRetry(retry: PlanStep['retry']): PlanStep['retry'] {
  return { ...retry, attempts: Math.max(defaultRetry.attempts, retry.attempts) };
}

function undoTriesOf({ uses, with: given, retry, timeoutMs, pool }: StepCall & UndoTries): StepOutline['undo'] {
  const pollForMs = stepKindOf(uses)?.pollForMs?.(given);
  return { retry, timeoutMs, pool, ...(pollForMs === undefined ? {} : { pollForMs }) };
}

function bare(outputs: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(outputs).map(([name, source]) => [name, bareCondition(source)]));
}

function durationOr(text: string | undefined, otherwise: number): number {
  return (text === undefined ? undefined : parseDuration(text)) ?? otherwise;
}
