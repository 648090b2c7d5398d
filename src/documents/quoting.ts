import { parseDocument } from 'yaml';

/**
 * A line that YAML misreads, written so that it says what its author meant: `if: !x` gives `if: "!x"`. Undefined when
 * no quoting of its value mends it.
 */
export function quotedLine(line: string): string | undefined {
  const parts = /^(\s*(?:- +)*)([A-Za-z_][\w.-]*)(: +)(.+?)\s*$/.exec(line);
  if (!parts) {
    const item = /^(\s*(?:- +)+)(.+?)\s*$/.exec(line);
    return item ? firstSound([item[1]! + inside(item[2]!), item[1]! + quote(item[2]!)]) : undefined;
  }
  const [, indent = '', key = '', colon = '', value = ''] = parts;
  const before = `${indent}${key}${colon}`;
  return firstSound([before + inside(value), before + quote(value)]);
}

/** A text as YAML's flow style takes it back unchanged. */
export function quote(text: string): string {
  if (!/["\\]/.test(text)) return `"${text}"`;
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

function firstSound(candidates: readonly string[]): string | undefined {
  return candidates.map((candidate) => candidate.trim()).find(isSound);
}

function isSound(line: string): boolean {
  const document = parseDocument(line, { schema: 'core', logLevel: 'silent', prettyErrors: false });
  return document.errors.length === 0 && document.warnings.length === 0;
}

/** `{x: rows[0].y}` as `{x: "rows[0].y"}`: quotes the entries of a flow map that are not sound by themselves. */
function inside(value: string): string {
  const braces = /^\{(.*)\}$/.exec(value);
  if (!braces) return value;
  const entries = splitEntries(braces[1]!).map((entry) => {
    const pair = /^(\s*[A-Za-z_][\w.-]*: *)(.*?)(\s*)$/.exec(entry);
    if (!pair) return entry;
    const [, key = '', text = '', rest = ''] = pair;
    const nested = inside(text);
    const isMended = nested !== text || !/\s#|^#/.test(text);
    if (isMended && isSound(`{k: ${nested}}`)) return `${key}${nested}${rest}`;
    return `${key}${quote(text)}${rest}`;
  });
  return `{${entries.join(',')}}`;
}

/** Splits at commas that are in no bracket and in no quotes. */
function splitEntries(text: string): readonly string[] {
  const entries: string[] = [];
  let depth = 0;
  let quoted = '';
  let current = '';
  for (const char of text) {
    if (quoted) quoted = char === quoted ? '' : quoted;
    else if (char === '"' || char === "'") quoted = char;
    else if ('[{('.includes(char)) depth++;
    else if (']})'.includes(char)) depth--;
    if (char === ',' && depth === 0 && !quoted) {
      entries.push(current);
      current = '';
    } else current += char;
  }
  return [...entries, current];
}
