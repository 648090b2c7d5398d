import type { z } from 'zod';
import { didYouMean } from './nearest';
import { alternatives, below, knownKeys } from './shapes';
import { valueAt } from './value-at';

/** A complaint of a schema in words, with the path it is about. */
export interface Complaint {
  readonly path: readonly (string | number)[];
  /** `key`: it is about the last key of `path` itself and not about its value; `unknown key`: and without it nothing is wrong. */
  readonly about: 'key' | 'unknown key' | 'value' | 'missing';
  readonly message: string;
  readonly hint?: string;
  /** Of what is missing: what it would have to be. */
  readonly wanted?: string;
}

type Issue = z.core.$ZodIssue;

/** Everything a schema has against a value, in words. */
export function complaints(schema: z.core.$ZodType, value: unknown, issues: readonly Issue[]): readonly Complaint[] {
  return issues.flatMap((issue) => complain(schema, value, issue, []));
}

function complain(
  schema: z.core.$ZodType,
  value: unknown,
  issue: Issue,
  prefix: readonly (string | number)[],
): readonly Complaint[] {
  const path = [...prefix, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    // What another form of the same map knows is no hint here.
    const known = knownKeys(pathShapes(schema, path)).filter((name) => !issue.keys.includes(name));
    return issue.keys.map((key) => ({
      path: [...path, key],
      about: 'unknown key',
      message: `unknown key "${key}"`,
      hint: isTornOff(key, valueAt(value, [...path, key])) ? tornHint : (didYouMean(key, known) ?? listOf(known)),
    }));
  }
  if (issue.code === 'invalid_union') {
    const option = likeliest(issue.errors);
    if (option) return option.flatMap((inner) => complain(schema, value, inner, path));
  }
  if (issue.code === 'invalid_key') {
    const why = issue.issues[0]?.message;
    return [{ path, about: 'key', message: `"${String(path.at(-1))}" cannot be a name here${why ? `: ${why}` : ''}` }];
  }
  const got = valueAt(value, path);
  if (got === undefined)
    return [{ path, about: 'missing', message: `"${String(path.at(-1))}" is missing`, wanted: wantedOf(issue) }];
  if (got === null)
    return [{ path, about: 'value', message: `${nameOf(path)} has no value`, hint: 'give it one or remove the key' }];
  return [{ path, about: 'value', message: `${nameOf(path)} ${wordsOf(issue, got)}` }];
}

const tornHint = 'inside { } a comma ends a value, so write the whole value in quotes';

/** `{when: a.exists(p, p > 1)}` reads as the keys `when` and `p > 1)`. */
function isTornOff(key: string, value: unknown): boolean {
  return value === null && !/^[\w.-]+$/.test(key);
}

function listOf(known: readonly string[]): string | undefined {
  return known.length > 0 ? `known here: ${[...new Set(known)].join(', ')}` : undefined;
}

/** The option of a union whose complaints are about something inside it: the one its author meant. */
function likeliest(options: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = options.filter((issues) => !issues.some((issue) => issue.path.length === 0 && isWrongKind(issue)));
  return [...meant].sort((left, right) => left.length - right.length)[0];
}

function isWrongKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' || (issue.code === 'invalid_union' && likeliest(issue.errors) === undefined);
}

function wordsOf(issue: Issue, got: unknown): string {
  if (issue.code === 'invalid_type') return `has to be ${kindName(issue.expected)} and is ${kindOf(got)}`;
  if (issue.code === 'invalid_value') return `has to be ${list(issue.values.map((value) => JSON.stringify(value)))}`;
  if (issue.code === 'invalid_union') {
    const kinds = [...new Set(expectedKinds(issue))];
    return kinds.length > 0 ? `has to be ${list(kinds)} and is ${kindOf(got)}` : 'has a form that is not known';
  }
  if (issue.code === 'too_small' && issue.origin === 'array') return `needs at least ${String(issue.minimum)} entries`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'is empty';
  if (issue.code === 'too_small') return `has to be at least ${String(issue.minimum)}`;
  if (issue.code === 'too_big' && issue.origin === 'string')
    return `is longer than ${String(issue.maximum)} characters`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `has more than ${String(issue.maximum)} entries`;
  if (issue.code === 'too_big') return `has to be at most ${String(issue.maximum)}`;
  return issue.message;
}

function wantedOf(issue: Issue): string | undefined {
  if (issue.code === 'invalid_type') return kindName(issue.expected);
  if (issue.code === 'invalid_value') return list(issue.values.map((value) => JSON.stringify(value)));
  if (issue.code !== 'invalid_union') return undefined;
  return list([...new Set(expectedKinds(issue))]) || undefined;
}

function expectedKinds(issue: Extract<Issue, { code: 'invalid_union' }>): readonly string[] {
  return issue.errors.flatMap((option) =>
    option.flatMap((inner) => {
      if (inner.code === 'invalid_type') return [kindName(inner.expected)];
      if (inner.code === 'invalid_value') return inner.values.map((value) => JSON.stringify(value));
      return inner.code === 'invalid_union' ? expectedKinds(inner) : [];
    }),
  );
}

const kindNames: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a map'],
  ['record', 'a map'],
  ['null', 'empty'],
]);

function kindName(expected: string): string {
  return kindNames.get(expected) ?? expected;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return value.length > 40 ? 'a text' : `the text "${value}"`;
  return String(value);
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function nameOf(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'the file';
  const last = path.at(-1)!;
  return typeof last === 'number' ? `entry ${last + 1} of "${String(path.at(-2) ?? 'the list')}"` : `"${last}"`;
}

function pathShapes(schema: z.core.$ZodType, path: readonly (string | number)[]): readonly z.core.$ZodType[] {
  return path.reduce<readonly z.core.$ZodType[]>((schemas, key) => below(schemas, key), alternatives(schema));
}
