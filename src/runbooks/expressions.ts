import { compileCondition, compileExpression, evaluate, type Compiled } from '../expressions/cel';
import type { NameSpace } from '../expressions/names';
import type { Json } from '../json';

/** Values that expressions may name: `inputs`, `steps`, `resolve`, `operation`, `service`, `environment`. */
export type Variables = { readonly [root: string]: Json };

export type Filled<T = Json> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** A text cut at its `${{ }}`. */
export type TemplatePart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'expression'; readonly source: string };

/** Cuts a text at its templates. A `${{` that is never closed is a problem. */
export function templateParts(
  text: string,
): { readonly ok: true; readonly parts: readonly TemplatePart[] } | { readonly ok: false; readonly message: string } {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('${{', at);
    if (open < 0) break;
    const close = closingOf(text, open + 3);
    if (close < 0) return { ok: false, message: `"${cut(text)}" opens \${{ and never closes it with }}` };
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) });
    parts.push({ kind: 'expression', source: text.slice(open + 3, close).trim() });
    at = close + 2;
  }
  if (at < text.length || parts.length === 0) parts.push({ kind: 'text', text: text.slice(at) });
  return { ok: true, parts };
}

/** Place of the `}}` that closes a template: not one in quotes, and not the end of a map written out. */
function closingOf(text: string, from: number): number {
  let quote = '';
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at]!;
    if (quote) {
      if (char === '\\') at += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '{') depth += 1;
    else if (char === '}' && depth > 0) depth -= 1;
    else if (char === '}' && text[at + 1] === '}') return at;
  }
  return -1;
}

/** Whether a value has a template anywhere inside. */
export function hasTemplate(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('${{');
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasTemplate);
}

/**
 * Fills in every `${{ }}` of a value. What is only an expression keeps the type of its result; inside text the result
 * is inserted as text, after `encode`, and is never looked at again.
 */
export function fillTemplates(
  value: Json,
  variables: Variables,
  options: { readonly encode?: (text: string) => string } = {},
): Filled {
  if (typeof value === 'string') return fillText(value, variables, options.encode ?? ((text) => text));
  if (typeof value !== 'object' || value === null) return { ok: true, value };
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value as readonly Json[]) {
      const filled = fillTemplates(item, variables, options);
      if (!filled.ok) return filled;
      items.push(filled.value);
    }
    return { ok: true, value: items };
  }
  const entries: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    const filled = fillTemplates(item, variables, options);
    if (!filled.ok) return filled;
    entries.push([key, filled.value]);
  }
  return { ok: true, value: Object.fromEntries(entries) };
}

function fillText(text: string, variables: Variables, encode: (text: string) => string): Filled {
  if (!text.includes('${{')) return { ok: true, value: text };
  const cutUp = templateParts(text);
  if (!cutUp.ok) return cutUp;
  const [first] = cutUp.parts;
  if (cutUp.parts.length === 1 && first!.kind === 'expression') return evaluateSource(first!.source, variables);
  let filled = '';
  for (const part of cutUp.parts) {
    if (part.kind === 'text') {
      filled += part.text;
      continue;
    }
    const result = evaluateSource(part.source, variables);
    if (!result.ok) return result;
    if (typeof result.value === 'object')
      return { ok: false, message: `\${{ ${cut(part.source)} }} stands inside a text and is ${kindOf(result.value)}` };
    filled += encode(String(result.value));
  }
  return { ok: true, value: filled };
}

/** Value of one expression. The message of a failure names the expression and never a value. */
export function evaluateSource(source: string, variables: Variables): Filled {
  return run(compileExpression({ source, names: openNames(variables) }), source, variables);
}

/** Truth of one condition; anything but true or false is a failure. */
export function evaluateCondition(source: string, variables: Variables): Filled<boolean> {
  const bare = bareCondition(source);
  const result = run(compileCondition({ source: bare, names: openNames(variables) }), bare, variables);
  return result.ok ? { ok: true, value: result.value === true } : result;
}

/** A condition may be written with or without `${{ }}` around it. */
export function bareCondition(source: string): string {
  const cutUp = templateParts(source);
  const [only] = cutUp.ok ? cutUp.parts : [];
  return cutUp.ok && cutUp.parts.length === 1 && only?.kind === 'expression' ? only.source : source;
}

function run(compiled: Compiled, source: string, variables: Variables): Filled {
  if (!compiled.ok) {
    const [problem] = compiled.problems;
    return { ok: false, message: `${cut(source)}: ${problem?.message ?? 'it cannot be read'}` };
  }
  const result = evaluate(compiled, variables);
  return result.ok ? result : { ok: false, message: `${cut(source)}: ${result.message}` };
}

function openNames(variables: Variables): NameSpace {
  return Object.fromEntries(Object.keys(variables).map((name) => [name, 'open' as const]));
}

function kindOf(value: Json): string {
  if (value === null) return 'empty';
  return Array.isArray(value) ? 'a list' : 'a map';
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
