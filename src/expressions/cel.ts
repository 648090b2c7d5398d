import {
  CelScalar,
  celEnv,
  celFunc,
  isCelError,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  parse,
  plan,
  type CelFunc,
  type CelInput,
  type CelValue,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { Json, JsonObject } from '../json';
import { check, type Expr } from './check';
import { clockMethods } from './clock';
import { Meter, metered } from './costs';
import { emptyTruths } from './empty-truth';
import type { ExpressionProblem, NameSpace } from './names';
import { quickly } from './quick';

export type { ExpressionProblem, NameSpace, Shape } from './names';

/** Characters of one expression. */
const maxSource = 2_000;
/** Brackets inside each other, counted before the parser sees them. */
const maxBrackets = 32;
/** Values of the variables, and of a result. */
const maxValues = 200_000;
const maxResultText = 256 * 1024;
const maxValueDepth = 64;

export interface Expression {
  readonly ok: true;
  readonly source: string;
  readonly kind: 'condition' | 'expression';
  /** Dotted paths that it reads: `change.risk_level`. */
  readonly paths: readonly string[];
  /** Lists of which it asks `all()`, whatever their size: of an empty one everything is true. */
  readonly emptyTruths: readonly string[];
  /** Root names that `evaluate` needs. */
  readonly roots: readonly string[];
  /** Root names that are instants and come as ISO text or `Date`. */
  readonly instants: ReadonlySet<string>;
  readonly run: (variables: Record<string, CelInput>) => unknown;
  /** What a condition comes to, where that takes no engine; else undefined. */
  readonly quick?: (variables: { readonly [name: string]: unknown }) => boolean | undefined;
}

/** An expression that was read, or every reason why it cannot be. */
export type Compiled = Expression | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

export type Evaluated = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

/** Reads an expression that has to be true or false. Never throws. */
export function compileCondition(input: { readonly source: string; readonly names: NameSpace }): Compiled {
  return compile({ ...input, kind: 'condition' });
}

/** Reads an expression with any result. Never throws. */
export function compileExpression(input: { readonly source: string; readonly names: NameSpace }): Compiled {
  return compile({ ...input, kind: 'expression' });
}

/**
 * Evaluates with plain JSON in and out. A condition whose result is no boolean, a name without a value, an overflow:
 * all come back as a message. `zone` is where `now.getHours()` is asked; UTC if absent. Never throws.
 */
export function evaluate(
  expression: Expression,
  variables: { readonly [name: string]: unknown },
  options: EvaluateOptions = {},
): Evaluated {
  const quick = expression.quick?.(variables);
  if (quick !== undefined) return quick ? yes : no;
  if (!options.unchanging) return evaluateNow(expression, variables, options);
  const known = answers.get(variables) ?? new Map<string, Map<Expression, Evaluated>>();
  answers.set(variables, known);
  const inZone = known.get(options.zone ?? 'UTC') ?? new Map<Expression, Evaluated>();
  known.set(options.zone ?? 'UTC', inZone);
  const answer = inZone.get(expression) ?? evaluateNow(expression, variables, options);
  inZone.set(expression, answer);
  return answer;
}

const yes: Evaluated = { ok: true, value: true };
const no: Evaluated = { ok: true, value: false };

/** What was asked of unchanging variables, by zone: a decision asks some conditions of them more than once. */
const answers = new WeakMap<object, Map<string, Map<Expression, Evaluated>>>();

function evaluateNow(
  expression: Expression,
  variables: { readonly [name: string]: unknown },
  options: EvaluateOptions,
): Evaluated {
  const outer = { meter, zone };
  const { stackTraceLimit } = Error;
  // Every `has()` that finds nothing makes an error inside the engine, and nobody reads where it came from.
  Error.stackTraceLimit = 0;
  meter = new Meter();
  zone = options.zone ?? 'UTC';
  try {
    const inside: Record<string, CelInput> = Object.create(null);
    const budget = { left: maxValues };
    for (const name of expression.roots) {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined) continue;
      if (expression.instants.has(name)) inside[name] = instant(value);
      else inside[name] = options.unchanging ? keptInside(value, budget) : toInside(value, budget, 0);
    }
    const result = expression.run(inside);
    if (isCelError(result)) return { ok: false, message: plainWords(result.message) };
    const value = toOutside(result as CelValue, { left: maxValues }, 0);
    if (expression.kind === 'condition' && typeof value !== 'boolean')
      return { ok: false, message: `it has to be true or false and is ${kindOf(value)}` };
    return { ok: true, value };
  } catch (error) {
    return { ok: false, message: error instanceof RangeError ? 'it is nested too deeply' : plainWords(String(error)) };
  } finally {
    ({ meter, zone } = outer);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

interface EvaluateOptions {
  readonly zone?: string;
  /** Nobody ever changes the variables, or a map among them: answers, and what they are inside the engine, are kept. */
  readonly unchanging?: boolean;
}

const insides = new WeakMap<object, { readonly value: CelInput; readonly size: number }>();

/** Turning a service's whole document over costs more than most conditions on it. */
function keptInside(value: unknown, budget: { left: number }): CelInput {
  if (typeof value !== 'object' || value === null) return toInside(value, budget, 0);
  const known = insides.get(value);
  if (known) {
    budget.left -= known.size;
    if (budget.left < 0) throw new Error('its variables hold too many values');
    return known.value;
  }
  const before = budget.left;
  const inside = toInside(value, budget, 0);
  insides.set(value, { value: inside, size: before - budget.left });
  return inside;
}

// Evaluation is synchronous, so what belongs to the one that runs can lie here.
let meter = new Meter();
let zone = 'UTC';

const counted = '@counted';
const countVisits: CelFunc = celFunc(counted, [CelScalar.DYN], CelScalar.DYN, (range) => {
  if (isCelList(range) || isCelMap(range)) meter.spendEntries(range.size);
  return range as CelInput;
});
// The engine takes the number for milliseconds, CEL's definition for seconds: nobody should have to know which.
const noNumberAsInstant: CelFunc = celFunc('timestamp', [CelScalar.INT], CelScalar.DYN, () => {
  throw new Error('timestamp() wants a text such as "2026-11-24T10:00:00Z"');
});
// `format` builds texts of any length from a short pattern.
const texts = strings.filter((func) => func.name !== 'format');
const unmetered = celEnv({ funcs: [...texts, ...clockMethods(() => zone), noNumberAsInstant] });
const environment = celEnv({
  funcs: [...unmetered.funcs, ...metered(unmetered.funcs, () => meter), countVisits],
});
const functions = [...new Set([...environment.funcs].map((func) => func.name))].filter((name) => /^[a-z]/i.test(name));
const isFunction = (name: string): boolean => name !== counted && environment.funcs.find(name) !== undefined;
const toTimestamp = plan(environment, parse('timestamp(text)'));
const toText = plan(environment, parse('string(value)'));

function compile(input: {
  readonly source: string;
  readonly names: NameSpace;
  readonly kind: Expression['kind'];
}): Compiled {
  const { source, names, kind } = input;
  const tooMuch = screen(source);
  if (tooMuch) return { ok: false, problems: [tooMuch] };
  try {
    const parsed = parse(source);
    const checked = check({ expr: parsed.expr, names, isFunction, functions });
    const problems = [...checked.problems];
    if (kind === 'condition' && problems.length === 0 && checked.result !== 'bool' && checked.result !== 'open')
      problems.push({ message: 'it has to be true or false', hint: 'compare it with something' });
    if (problems.length > 0) return { ok: false, problems };
    const instants = new Set(Object.keys(names).filter((name) => names[name] === 'timestamp'));
    const quick = kind === 'condition' ? quickly(parsed.expr, instants) : undefined;
    const known = { paths: checked.paths, roots: [...checked.roots], emptyTruths: emptyTruths(parsed.expr) };
    countRanges(parsed.expr);
    const run = plan(environment, parsed.expr) as (variables: Record<string, CelInput>) => unknown;
    return { ok: true, source, kind, ...known, instants, run, quick };
  } catch (error) {
    return { ok: false, problems: [syntaxProblem(error)] };
  }
}

function screen(source: string): ExpressionProblem | undefined {
  if (source.trim() === '') return { message: 'it is empty' };
  if (source.length > maxSource)
    return { message: `it has ${source.length} characters and at most ${maxSource} are read`, hint: 'split it' };
  let depth = 0;
  let quote = '';
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!;
    if (quote) {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if ('([{'.includes(char) && ++depth > maxBrackets)
      return { message: `more than ${maxBrackets} brackets inside each other`, hint: 'split it' };
    else if (')]}'.includes(char)) depth--;
  }
  return undefined;
}

function syntaxProblem(error: unknown): ExpressionProblem {
  if (error instanceof RangeError) return { message: 'it is nested too deeply', hint: 'split it' };
  const text = error instanceof Error ? error.message : String(error);
  const place = /<input>:(\d+):(\d+): (.*)$/s.exec(text);
  if (!place) return { message: `it is not CEL: ${plainWords(text)}` };
  const found = /^found (.*?) but expecting/s.exec(place[3]!);
  return { message: `it is not CEL from character ${place[2]} on: unexpected ${found?.[1] ?? 'text'}` };
}

/** Puts the counter around the range of every macro, so that the cost of nested ones is bounded while they run. */
function countRanges(expr: Expr): void {
  const seen: unknown[] = [expr];
  while (seen.length > 0) {
    const node = seen.pop();
    if (typeof node !== 'object' || node === null) continue;
    const kind = (node as Partial<Expr>).exprKind;
    if (kind?.case === 'comprehensionExpr' && kind.value.iterRange) {
      const wrapper = parse('wrap(range)').expr;
      if (wrapper.exprKind.case === 'callExpr') {
        wrapper.exprKind.value.function = counted;
        wrapper.exprKind.value.args = [kind.value.iterRange];
        seen.push(kind.value.iterRange, kind.value.loopStep, kind.value.loopCondition, kind.value.result);
        kind.value.iterRange = wrapper;
        continue;
      }
    }
    seen.push(...Object.values(node));
  }
}

function instant(value: unknown): CelInput {
  const text = value instanceof Date ? value.toISOString() : String(value);
  const result = toTimestamp({ text } as never);
  if (isCelError(result)) throw new Error(`"${text}" is not an instant`);
  return result as CelInput;
}

/** Integers become BigInt, maps become Map, whatever their prototype: the engine knows neither otherwise. */
function toInside(value: unknown, budget: { left: number }, depth: number): CelInput {
  if (--budget.left < 0) throw new Error('its variables hold too many values');
  if (depth > maxValueDepth) throw new Error('its variables are nested too deeply');
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint')
    return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value instanceof Date) return instant(value);
  if (Array.isArray(value)) return value.map((item) => toInside(item, budget, depth + 1));
  if (typeof value !== 'object') throw new Error(`a ${typeof value} is no value`);
  const map = new Map<string, CelInput>();
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) map.set(key, toInside(item, budget, depth + 1));
  }
  return map;
}

function toOutside(value: CelValue, budget: { left: number }, depth: number): Json {
  if (--budget.left < 0) throw new Error('its result holds too many values');
  if (depth > maxValueDepth) throw new Error('its result is nested too deeply');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (value.length > maxResultText) throw new Error('its result is too long');
    return value;
  }
  if (typeof value === 'bigint') return plainNumber(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('its result is not a number');
    return value;
  }
  if (isCelUint(value)) return plainNumber(value.value);
  if (isCelList(value)) return Array.from(value, (item) => toOutside(item, budget, depth + 1));
  if (isCelMap(value)) {
    const entries = Array.from(value, ([key, item]) => [
      String(isCelUint(key) ? key.value : key),
      toOutside(item, budget, depth + 1),
    ]);
    return Object.fromEntries(entries) as JsonObject;
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isCelType(value)) return value.name;
  const text = toText({ value } as never);
  if (typeof text !== 'string') throw new Error('its result has no plain form');
  return text;
}

function plainNumber(value: bigint): number {
  const plain = Number(value);
  if (!Number.isSafeInteger(plain)) throw new Error(`the number ${value} cannot be kept exactly`);
  return plain;
}

function kindOf(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : typeof value === 'string' ? 'a text' : 'a number';
}

function plainWords(message: string): string {
  const words = message.replace(/^(Error|CelError): /, '').replace(/\s+/g, ' ');
  const overload = /^found no matching overload for '(\S+)' applied to '\((.*)\)'$/.exec(words);
  if (overload) return `${overload[1]!.replace(/_/g, '')} does not work with ${overload[2]!.replace(', ', ' and ')}`;
  if (words === 'unresolved attribute') return 'a name in it has no value here';
  return words.length > 200 ? `${words.slice(0, 197)}...` : words;
}
