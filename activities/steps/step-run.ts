import { canonical } from '../../src/canonical';
import { httpKinds, type AnyConnection, type Connection, type ConnectionKind } from '../../src/connections/schema';
import type { Json, JsonObject } from '../../src/json';
import type { Plan, PlanStep, StepResult } from '../../src/operation/plan';
import type { RunStepInput } from '../../src/operation/runner-ports';
import { formatDuration } from '../../src/runbooks/duration';
import {
  evaluateCondition,
  evaluateSource,
  fillTemplates,
  type Filled,
  type Variables,
} from '../../src/runbooks/expressions';
import { resolveScope } from '../../src/runbooks/scope';
import { authHeaders } from '../adapters/auth-headers';
import { requestOver, type HttpAnswer, type HttpAsk } from '../adapters/http-connection';
import { NotYet, StepFailed, type StepAnswer } from './outcomes';
import type { Redactor } from './redact';
import { resolveSecret, type SecretSources } from './secrets';
import type { StepContext, StepKind } from './step-kind';
import type { Toolbox } from './toolbox';
import { variablesOf } from './variables';

const maxOutputBytes = 4 * 1024 * 1024;
const maxSummary = 300;

export interface StepRunOptions {
  readonly plan: Plan;
  readonly step: PlanStep;
  readonly input: RunStepInput;
  /** The targets of lists that it is done for, by the names that steps have for them. */
  readonly items: JsonObject;
  readonly kinds: readonly StepKind[];
  /** From 1. */
  readonly attempt: number;
  /** ms since the first attempt was scheduled. */
  readonly elapsedMs: number;
  readonly signal: AbortSignal;
  readonly secrets: SecretSources;
  readonly redactor: Redactor;
  readonly toolbox: Toolbox;
}

interface Call {
  readonly uses: string;
  readonly with: JsonObject;
  readonly variables: Variables;
  readonly key: string;
  readonly isUndo?: true;
}

/** One attempt of one step of a plan, or of its undo. Throws the errors of `outcomes.ts`. */
export class StepRun {
  protected readonly variables: Variables;

  constructor(protected readonly options: StepRunOptions) {
    const { plan, step, input, items } = options;
    this.variables = variablesOf({ plan, input, scope: step.scope, items });
  }

  async do(): Promise<StepResult> {
    const { step, attempt } = this.options;
    if (step.if !== undefined && !this.condition(step.if, 'if', this.variables)) return skipped('not needed here');
    if (step.find && (step.repeat === 'find' || attempt > 1)) {
      const outputs = await this.find();
      const wasThere = attempt === 1 && { wasThere: true as const };
      if (outputs) return { status: 'found', ...wasThere, outputs, summary: 'was already done' };
    }
    const answer = await this.call({
      uses: step.uses,
      with: step.with,
      variables: this.variables,
      key: this.options.input.key,
    });
    const seen = { ...this.variables, ...answer.tells };
    this.holdUntil(seen);
    if (step.expect && !this.condition(step.expect.condition, 'expect', seen))
      throw new StepFailed(this.otherwise(step.expect, seen));
    const outputs = { ...this.facts(answer), ...this.outputs(step.outputs ?? {}, seen) };
    const detail = answer.detail === undefined ? {} : { detail: answer.detail };
    return { status: 'done', outputs, summary: this.summary(answer, seen, outputs), ...detail };
  }

  /** What policy counts of a `resolve` step even where its author names no outputs. */
  private facts({ tells }: StepAnswer): JsonObject {
    const { step, kinds } = this.options;
    if (step.scope !== resolveScope) return {};
    const names = kinds.find(({ spec }) => spec.name === step.uses)?.spec.facts ?? [];
    return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(tells, name) ? [[name, tells[name]!]] : [])));
  }

  async undo(): Promise<StepResult> {
    const { step, input } = this.options;
    if (typeof step.undo !== 'object' || !('uses' in step.undo)) return skipped('nothing puts this back');
    if (step.if !== undefined) {
      // What fails here failed before the step acted, too.
      const wanted = evaluateCondition(step.if, this.variables);
      if (!wanted.ok || !wanted.value) return skipped('was not done');
    }
    let variables = this.variables;
    if (!Object.hasOwn(input.outputs, step.path) && step.find) {
      const outputs = await this.find();
      if (!outputs) return skipped('was not done');
      variables = { ...variables, steps: { ...(variables.steps as JsonObject), [step.id]: { outputs } } };
    }
    const answer = await this.call({
      uses: step.undo.uses,
      with: step.undo.with,
      variables,
      key: `${input.key}/undo`,
      isUndo: true,
    });
    return { status: 'done', outputs: {}, summary: cut(answer.summary) };
  }

  /** Outputs of what an earlier attempt did; undefined when it is not there. An error is never "not there". */
  protected async find(): Promise<JsonObject | undefined> {
    const { step, input } = this.options;
    const find = step.find!;
    const answer = await this.call({ uses: step.uses, with: find.with, variables: this.variables, key: input.key });
    const seen = { ...this.variables, ...answer.tells };
    return this.condition(find.found, 'find', seen) ? this.outputs(find.outputs, seen) : undefined;
  }

  private async call(ask: Call): Promise<StepAnswer> {
    const kind = this.kindOf(ask.uses);
    const given = this.given(kind, ask.with, ask.variables);
    // Looking does no harm, and whoever acts after it may have slept meanwhile.
    if (!kind.spec.readOnly(given)) await this.options.toolbox.confirmAfterWait();
    return kind.run(this.context(ask, given));
  }

  protected kindOf(uses: string): StepKind {
    const kind = this.options.kinds.find((known) => known.spec.name === uses);
    if (!kind) throw new StepFailed(`This runner does not know the step kind ${uses}; it has to be upgraded.`);
    return kind;
  }

  protected context(ask: Pick<Call, 'variables' | 'key' | 'isUndo'>, given: JsonObject): StepContext {
    const { plan, step, elapsedMs, signal, secrets, redactor } = this.options;
    return {
      given,
      plan,
      step,
      isUndo: ask.isUndo === true,
      variables: ask.variables,
      idempotencyKey: ask.key,
      elapsedMs,
      signal,
      limitMs: this.limitMs(),
      connection: <Kind extends ConnectionKind>(name: string, wanted: Kind) =>
        this.connection(name, [wanted]) as Extract<AnyConnection, { readonly kind: Kind }>,
      secret: (reference) => resolveSecret(reference, secrets, redactor),
      mask: (text) => redactor.add(text),
      request: (connection, request) => this.request(connection, request),
      ...this.options.toolbox.forCall({ key: ask.key }),
      fill: (value, options) => fillTemplates(value, ask.variables, options),
    };
  }

  protected given(kind: Pick<StepKind, 'spec'>, template: JsonObject, variables: Variables): JsonObject {
    const filled = this.filled(kind, template, variables);
    if (!filled.ok) throw new StepFailed(filled.message);
    return this.checked(kind, filled.value);
  }

  /** `with` with its templates filled in, or the sentence that says why it cannot be. */
  protected filled(kind: Pick<StepKind, 'spec'>, template: JsonObject, variables: Variables): Filled<JsonObject> {
    const { name } = this.options.step;
    const filled: { [key: string]: Json } = {};
    for (const [key, value] of Object.entries(template)) {
      if (kind.spec.expressions?.includes(key) || kind.spec.literal?.includes(key)) {
        filled[key] = value;
        continue;
      }
      const encode = kind.spec.urlKeys?.includes(key) ? encodeURIComponent : undefined;
      const result = fillTemplates(value, variables, { encode });
      if (!result.ok) return { ok: false, message: `“${name}” cannot fill in ${key}: ${result.message}.` };
      filled[key] = result.value;
    }
    return { ok: true, value: filled };
  }

  protected checked(kind: Pick<StepKind, 'spec'>, filled: JsonObject): JsonObject {
    const { name } = this.options.step;
    const parsed = kind.spec.with.safeParse(filled);
    if (parsed.success) return parsed.data as JsonObject;
    const [issue] = parsed.error.issues;
    throw new StepFailed(`“${name}” cannot be carried out: ${issue!.path.join('.') || 'with'}: ${issue!.message}.`);
  }

  private async request(name: string, ask: HttpAsk): Promise<HttpAnswer> {
    const { signal, secrets, redactor } = this.options;
    const connection = this.connection(name, httpKinds) as Connection;
    const auth = await authHeaders(connection, secrets, redactor);
    return requestOver({ connection, auth, limitMs: this.limitMs(), signal }, ask);
  }

  private connection(name: string, kinds: readonly ConnectionKind[]): AnyConnection {
    const { connections } = this.options.plan;
    const found = Object.hasOwn(connections, name) ? (connections[name] as unknown as AnyConnection) : undefined;
    if (!found) throw new StepFailed(`The connection ${name} is not a part of what was approved.`);
    if (kinds.includes(found.kind)) return found;
    throw new StepFailed(
      `The connection ${name} is of the kind ${found.kind}, and this step needs ${kinds.join(' or ')}.`,
    );
  }

  /** Ours ends before Temporal's does: it says what it waited for. */
  private limitMs(): number {
    return Math.max(100, this.options.step.timeoutMs * 0.9);
  }

  protected condition(source: string, what: string, variables: Variables): boolean {
    const result = evaluateCondition(source, variables);
    if (!result.ok) throw new StepFailed(`“${this.options.step.name}” cannot tell its "${what}": ${result.message}.`);
    return result.value;
  }

  private holdUntil(seen: Variables): void {
    const { until, name } = this.options.step;
    if (!until || this.condition(until.condition, 'until', seen)) return;
    const restMs = until.forMs - this.options.elapsedMs;
    if (restMs <= 0)
      throw new StepFailed(
        `“${name}” waited ${formatDuration(until.forMs)} for ${until.condition}, and it never held.`,
      );
    throw new NotYet(`waits until ${until.condition}`, Math.max(20, Math.min(until.everyMs, restMs)));
  }

  protected otherwise(expect: NonNullable<PlanStep['expect']>, seen: Variables): string {
    const fallback = `“${this.options.step.name}” expected ${expect.condition}, and it is not so.`;
    if (expect.otherwise === '') return fallback;
    const filled = fillTemplates(expect.otherwise, seen);
    return filled.ok ? cut(String(filled.value)) : fallback;
  }

  protected outputs(sources: { readonly [name: string]: string }, seen: Variables): JsonObject {
    const { name } = this.options.step;
    const outputs: { [name: string]: Json } = {};
    for (const [output, source] of Object.entries(sources)) {
      const result = evaluateSource(source, seen);
      if (!result.ok) throw new StepFailed(`“${name}” cannot tell its output ${output}: ${result.message}.`);
      outputs[output] = result.value;
    }
    const bytes = Buffer.byteLength(canonical(outputs));
    if (bytes > maxOutputBytes)
      throw new StepFailed(
        `The outputs of “${name}” have ${bytes} bytes and at most ${maxOutputBytes} are kept; name less.`,
      );
    return outputs;
  }

  protected summary(answer: Pick<StepAnswer, 'summary'>, seen: Variables, outputs: JsonObject): string {
    const { step } = this.options;
    if (step.summary === undefined) return cut(answer.summary);
    const filled = fillTemplates(step.summary, {
      ...seen,
      steps: { ...(seen.steps as JsonObject), [step.id]: { outputs } },
    });
    return cut(filled.ok ? String(filled.value) : answer.summary);
  }
}

/** The result of a step that was not needed. */
export function skipped(summary: string): StepResult {
  return { status: 'skipped', outputs: {}, summary };
}

/** As much of a text as one line of a card takes. */
export function cut(text: string): string {
  return text.length > maxSummary ? `${text.slice(0, maxSummary - 1)}…` : text;
}
