/**
 * What an expression may name, declared before it is read. `open` is taken as it comes; a document with `known`
 * fields may hold more, but unknown ones have to be guarded by `has()`; `fields` is closed.
 */
export type Shape =
  | 'open'
  | 'value'
  | 'bool'
  | 'number'
  | 'text'
  | 'list'
  | 'timestamp'
  /** A text out of a declared list: comparisons with anything else are refused. */
  | { readonly oneOf: readonly string[] }
  /** A list of texts out of a declared list: whether it holds anything else is refused. */
  | { readonly listOf: readonly string[] }
  | { readonly fields: readonly string[] | { readonly [field: string]: Shape } }
  | { readonly known: { readonly [field: string]: Shape } };

/** Root names of an expression and what lies below them. */
export type NameSpace = { readonly [root: string]: Shape };

/** Why an expression is refused when it is read. */
export interface ExpressionProblem {
  readonly message: string;
  readonly hint?: string;
}

/** Fields that a shape declares, or undefined when it declares none. */
export function fieldsOf(shape: Shape): ReadonlyMap<string, Shape> | undefined {
  if (typeof shape === 'string' || 'oneOf' in shape || 'listOf' in shape) return undefined;
  const fields = 'known' in shape ? shape.known : shape.fields;
  return Array.isArray(fields)
    ? new Map((fields as readonly string[]).map((field) => [field, 'open']))
    : new Map(Object.entries(fields as { readonly [field: string]: Shape }));
}
