import type { z } from 'zod';
import { valueAt } from '../documents/value-at';
import type { Json, JsonObject } from '../json';
import { boundInput } from './connection-inputs';
import type { RunbookInput } from './schema';

/** What the value of an input is, once it has been read. */
type Shape = 'text' | 'number' | 'boolean' | 'list';

/** Declared inputs, by name. */
export type DeclaredInputs = { readonly [name: string]: RunbookInput };

const samples: { readonly [shape in Shape]: Json } = { text: 'x', number: 1, boolean: true, list: [] };
const shapeWords: { readonly [shape in Shape]: string } = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list',
};
const expectedWords: { readonly [expected: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Where a value that is nothing but an input can never be what a schema takes, whatever is given for the input. */
export function shapeProblems(about: {
  readonly schema: z.ZodType;
  readonly given: JsonObject;
  readonly inputs: DeclaredInputs;
}): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const { schema, given, inputs } = about;
  const issues = schema.safeParse(filled(given, inputs)).error?.issues ?? [];
  return issues.flatMap((issue) => {
    const path = issue.path as (string | number)[];
    const input = inputAt(given, path, inputs);
    const wanted = wantedBy(issue);
    if (input === undefined || wanted.length === 0) return [];
    const is = shapeWords[shapeOf(inputs[input]!)];
    return [{ path, message: `"${path.join('.')}" takes ${wanted.join(' or ')}, and the input "${input}" is ${is}` }];
  });
}

function shapeOf({ type }: RunbookInput): Shape {
  if (type === 'integer' || type === 'percent') return 'number';
  if (type === 'boolean') return 'boolean';
  return type === 'list' || type === 'hosts' ? 'list' : 'text';
}

function filled(value: Json, inputs: DeclaredInputs): Json {
  if (typeof value === 'string') {
    const input = boundInput(value);
    return input !== undefined && Object.hasOwn(inputs, input) ? samples[shapeOf(inputs[input]!)] : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => filled(item, inputs));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, inputs)]));
}

function inputAt(given: Json, path: readonly (string | number)[], inputs: DeclaredInputs): string | undefined {
  const value = valueAt(given, path);
  const input = typeof value === 'string' ? boundInput(value) : undefined;
  return input !== undefined && Object.hasOwn(inputs, input) ? input : undefined;
}

/** What was wanted in its place, in words; none where something else than the kind of the value is wrong. */
function wantedBy(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_type') return expectedWords[issue.expected] ? [expectedWords[issue.expected]!] : [];
  if (issue.code !== 'invalid_union') return [];
  const branches = issue.errors.map((errors) => errors.filter(({ path }) => path.length === 0).flatMap(wantedBy));
  return branches.every((words) => words.length > 0) ? [...new Set(branches.flat())] : [];
}
