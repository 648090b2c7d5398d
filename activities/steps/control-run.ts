import type { Json, JsonObject } from '../../src/json';
import type { StepResult } from '../../src/operation/plan';
import { parseDuration } from '../../src/runbooks/duration';
import { fillTemplates } from '../../src/runbooks/expressions';
import { validateInputs, type DeclaredInputs } from '../../src/runbooks/inputs';
import type { ForeachWith } from '../../src/runbooks/kinds/foreach';
import { stepKindOf } from '../../src/runbooks/step-kinds';
import { targetsOf } from '../../src/runbooks/targets';
import { StepFailed } from './outcomes';
import { skipped, StepRun, type StepRunOptions } from './step-run';
import { variablesOf } from './variables';

/** What a `foreach` is told: numbers only, because workflows never read the list. */
export interface ForeachGiven extends JsonObject {
  /** Digest of the list in the blob store. */
  readonly list: string;
  readonly as: string;
  readonly count: number;
  readonly concurrency: number;
  /** Targets of each wave; together `count`. */
  readonly waves: readonly number[];
  readonly pauseMs: number;
  readonly maxFailures: number;
}

/** What a runner does for a step that the run carries out itself: fills in what it is told, and tells its outputs. */
export class ControlRun extends StepRun {
  constructor(
    protected override readonly options: StepRunOptions & { readonly keep: (value: Json) => Promise<string> },
  ) {
    super(options);
  }

  async begin(): Promise<StepResult> {
    const { step } = this.options;
    if (step.if !== undefined && !this.condition(step.if, 'if', this.variables)) return skipped('not needed here');
    const given = await this.told();
    return { status: 'done', outputs: {}, summary: '', given };
  }

  async end(): Promise<StepResult> {
    const { plan, step, input, items } = this.options;
    const inner = variablesOf({ plan, input, scope: step.inner ?? step.scope, items });
    const seen = { ...inner, ...input.told };
    if (step.expect && !this.condition(step.expect.condition, 'expect', seen))
      throw new StepFailed(this.otherwise(step.expect, seen));
    const outputs = this.outputs(step.outputs ?? {}, seen);
    return { status: 'done', outputs, summary: this.summary({ summary: '' }, seen, outputs) };
  }

  private async told(): Promise<JsonObject> {
    const { step } = this.options;
    if (step.inner !== undefined) return this.inputs();
    const spec = stepKindOf(step.uses);
    if (!spec) throw new StepFailed(`This runner does not know the step kind ${step.uses}; it has to be upgraded.`);
    const given = this.given({ spec }, step.with, this.variables);
    return step.control === 'foreach' ? this.list(given as unknown as ForeachWith) : given;
  }

  /** Inputs of a runbook that runs in this step's place. */
  private inputs(): JsonObject {
    const { step } = this.options;
    const filled = fillTemplates(step.with.inputs ?? {}, this.variables);
    if (!filled.ok) throw new StepFailed(`“${step.name}” cannot fill in its inputs: ${filled.message}.`);
    const declared = (step.with.declared ?? {}) as unknown as DeclaredInputs;
    const checked = validateInputs({ declared, given: filled.value as JsonObject });
    if (checked.ok) return checked.inputs;
    throw new StepFailed(`“${step.name}” cannot begin: ${checked.problems.map(({ message }) => message).join(' ')}`);
  }

  private async list(given: ForeachWith): Promise<ForeachGiven> {
    const { step, keep } = this.options;
    const found = targetsOf({
      list: given.in as Json,
      name: step.name,
      as: given.as,
      ...(given.key === undefined ? {} : { key: given.key }),
      mayBeEmpty: given.empty === 'ok',
      variables: this.variables,
    });
    if (!found.ok) throw new StepFailed(found.message);
    const count = found.targets.length;
    return {
      list: await keep(found.targets as unknown as Json),
      as: given.as,
      count,
      concurrency: given.concurrency,
      waves: waveSizes(given.waves ?? [count], count),
      pauseMs: given.pause === undefined ? 0 : parseDuration(given.pause)!,
      maxFailures: shareOf(given.max_failures, count),
    };
  }
}

/** Sizes of the waves until no target is left; the last one is repeated. A wave has one target at least. */
export function waveSizes(wanted: readonly (number | string)[], count: number): readonly number[] {
  const sizes: number[] = [];
  for (let rest = count, at = 0; rest > 0; at += 1) {
    const size = Math.min(rest, Math.max(1, shareOf(wanted[Math.min(at, wanted.length - 1)]!, count)));
    sizes.push(size);
    rest -= size;
  }
  return sizes;
}

/** A count, or a share of all in whole targets, rounded down. */
export function shareOf(wanted: number | string, count: number): number {
  if (typeof wanted === 'number') return wanted;
  return Math.floor((Number.parseInt(wanted, 10) * count) / 100);
}
