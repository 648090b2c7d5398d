import type { Json, JsonObject } from '../../src/json';
import type { PlanStep, StepResult } from '../../src/operation/plan';
import { evaluateCondition } from '../../src/runbooks/expressions';
import { ControlRun, type ForeachGiven } from './control-run';
import { StepError, StepFailed } from './outcomes';
import { cut, skipped } from './step-run';
import type { StepKind } from './step-kind';

/** Somebody waits for the answer, and what is away now is a part of it. */
const attempts = 2;
const shownKeys = 20;
const longestValue = 160;

/** A step as a dry run asks for it: it may be asked again, because nothing is changed, and waits for nothing. */
export function asTried({ until: _until, ...step }: PlanStep): PlanStep {
  return { ...step, repeat: 'safe', retry: { ...step.retry, attempts: Math.min(attempts, step.retry.attempts) } };
}

/** What a runner does for a dry run: its tool tries the step where it can, and the rest is said. Nothing is changed. */
export class DryRun extends ControlRun {
  async check(): Promise<StepResult> {
    const { step, plan, input } = this.options;
    const wanted = this.isWanted();
    if (wanted === 'no') return skipped('not needed here');
    if (wanted === 'unknown') return this.wouldRun(step.with, `, if ${step.if}`);
    if (step.control !== 'step') return this.control();
    const written = plan.steps.find(({ path }) => path === input.path)!;
    const there = written.repeat === 'find' ? await this.thereAlready() : undefined;
    if (there) return there;
    const kind = this.kindOf(step.uses);
    const filled = this.filled(kind, step.with, this.variables);
    if (!filled.ok && this.dependsOnSteps(step.with)) return this.wouldRun(step.with);
    if (!filled.ok) throw new StepFailed(filled.message);
    const given = this.checked(kind, filled.value);
    if (kind.spec.readOnly(step.with)) return this.look(kind, given, { waits: written.until !== undefined });
    const answer = await kind.check?.(this.context({ variables: this.variables, key: input.key }, given));
    if (!answer) return this.wouldRun(filled.value);
    const detail = answer.detail === undefined ? {} : { detail: answer.detail };
    return { status: 'done', outputs: {}, summary: cut(answer.summary), ...detail, would: 'tried' };
  }

  private isWanted(): 'yes' | 'no' | 'unknown' {
    const { step } = this.options;
    if (step.if === undefined) return 'yes';
    const result = evaluateCondition(step.if, this.variables);
    if (result.ok) return result.value ? 'yes' : 'no';
    if (this.dependsOnSteps(step.if)) return 'unknown';
    throw new StepFailed(`“${step.name}” cannot tell its "if": ${result.message}.`);
  }

  /** What an earlier operation did; a look that fails here says nothing of the look in earnest. */
  private async thereAlready(): Promise<StepResult | undefined> {
    try {
      const outputs = await this.find();
      return outputs && { status: 'found', outputs, summary: 'is done already' };
    } catch (error) {
      if (error instanceof StepFailed || error instanceof StepError) return undefined;
      throw error;
    }
  }

  /** A step that only reads is done as it is: later ones may need what it tells. */
  private async look(kind: StepKind, given: JsonObject, about: { readonly waits: boolean }): Promise<StepResult> {
    const { step, input } = this.options;
    const { spec } = kind;
    if (about.waits || spec.waits || spec.pollForMs?.(step.with) !== undefined) return this.wouldRun(given);
    try {
      const answer = await kind.run(this.context({ variables: this.variables, key: input.key }, given));
      const seen = { ...this.variables, ...answer.tells };
      if (step.expect && !this.condition(step.expect.condition, 'expect', seen))
        throw new StepFailed(this.otherwise(step.expect, seen));
      const outputs = this.outputs(step.outputs ?? {}, seen);
      const detail = answer.detail === undefined ? {} : { detail: answer.detail };
      return { status: 'done', outputs, summary: cut(`now: ${this.summary(answer, seen, outputs)}`), ...detail };
    } catch (error) {
      if (!(error instanceof StepFailed || error instanceof StepError)) throw error;
      if (!this.mayDiffer(kind)) throw error;
      const summary = `not known before the steps ahead of it are done; now: ${error.message}`;
      return { status: 'done', outputs: {}, summary: cut(summary), would: 'told' };
    }
  }

  /** Whether it may tell something else once the steps before it are done. */
  private mayDiffer({ spec }: StepKind): boolean {
    const { step, plan } = this.options;
    if (!['expect', 'fail'].includes(spec.name)) return plan.steps.findIndex(({ path }) => path === step.path) > 0;
    return this.dependsOnSteps([step.with, step.expect?.condition ?? '']);
  }

  private async control(): Promise<StepResult> {
    const { step } = this.options;
    try {
      const { given = {} } = await this.begin();
      if (step.control === 'foreach') {
        const { count } = given as unknown as ForeachGiven;
        const summary = `would be done for ${count} ${count === 1 ? 'target' : 'targets'}`;
        return { status: 'done', outputs: {}, summary, given, would: 'told' };
      }
      return { ...this.wouldRun(step.inner === undefined ? given : { inputs: given }), given };
    } catch (error) {
      if (!(error instanceof StepFailed) || !this.dependsOnSteps(step.with)) throw error;
      return this.wouldRun(step.with);
    }
  }

  /** Whether what it needs is told by steps that a dry run does not do. */
  private dependsOnSteps(source: unknown): boolean {
    const { plan, step, input } = this.options;
    const { from } = plan.scopes[step.scope] ?? {};
    const text = JSON.stringify(source) ?? '';
    if (/\bsteps\b/.test(text)) return true;
    return from !== undefined && !Object.hasOwn(input.outputs, `${from}#inputs`) && /\binputs\b/.test(text);
  }

  /** What it would do, and with what. */
  private wouldRun(given: JsonObject, condition = ''): StepResult {
    const { step } = this.options;
    const shown = Object.entries(given).filter(([key]) => key !== 'declared');
    const lines = shown.slice(0, shownKeys).map(([key, value]) => `${key}: ${worded(value as Json)}`);
    const what = `would run ${step.uses}${condition}`;
    return {
      status: 'done',
      outputs: {},
      summary: cut(lines.length === 0 ? what : `${what}, with ${lines.join(', ')}`),
      ...(lines.length === 0 ? {} : { detail: [`${what}:`, ...lines] }),
      would: 'told',
    };
  }
}

function worded(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > longestValue ? `${line.slice(0, longestValue - 1)}…` : line;
}
