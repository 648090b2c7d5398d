import type { Expr } from './check';

type Variables = { readonly [name: string]: unknown };

/** A plain value, or `unsure`: then only the engine can tell. */
type Part = (variables: Variables) => unknown;

const unsure = Symbol('unsure');
const ask: Part = () => unsure;

/**
 * Answers the plain part of CEL without the engine, on the variables as they are: paths, constants, `has()`, `in`,
 * comparisons of equal kinds, and, or, not, a choice. Its answer is the engine's, or undefined: whatever is missing, of
 * another kind or not known here is the engine's to judge, and so is every error.
 */
export function quickly(expr: Expr, instants: ReadonlySet<string>): (variables: Variables) => boolean | undefined {
  const part = partOf(expr, instants);
  return (variables) => {
    const value = part(variables);
    return typeof value === 'boolean' ? value : undefined;
  };
}

function partOf(expr: Expr, instants: ReadonlySet<string>): Part {
  const { exprKind: kind } = expr;
  switch (kind.case) {
    case 'constExpr':
      return constant(expr);
    case 'identExpr': {
      const { name } = kind.value;
      return instants.has(name) ? ask : (variables) => fieldOf(variables, name);
    }
    case 'selectExpr': {
      const { operand, field, testOnly } = kind.value;
      const of = partOf(operand as Expr, instants);
      return testOnly ? (variables) => hasField(of(variables), field) : (variables) => fieldOf(of(variables), field);
    }
    case 'listExpr': {
      const parts = kind.value.elements.map((element) => constant(element as Expr));
      if (parts.includes(ask)) return ask;
      const values = parts.map((part) => part({}));
      return () => values;
    }
    case 'callExpr': {
      if (kind.value.target) return ask;
      const operation = operations[kind.value.function];
      return operation?.(kind.value.args.map((arg) => partOf(arg as Expr, instants))) ?? ask;
    }
    default:
      return ask;
  }
}

function constant({ exprKind: kind }: Expr): Part {
  const { case: type, value } = (kind.case === 'constExpr' ? kind.value.constantKind : undefined) ?? {};
  if (type === 'stringValue' || type === 'boolValue') return () => value;
  const number = type === 'int64Value' ? Number(value) : NaN;
  return Number.isSafeInteger(number) ? () => number : ask;
}

function isMap(value: unknown): value is Variables {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function fieldOf(map: unknown, field: string): unknown {
  return isMap(map) && Object.hasOwn(map, field) ? (map[field] ?? unsure) : unsure;
}

function hasField(map: unknown, field: string): boolean | typeof unsure {
  if (!isMap(map)) return unsure;
  const value = Object.hasOwn(map, field) ? map[field] : undefined;
  return value === null ? unsure : value !== undefined;
}

const operations: { readonly [name: string]: (parts: readonly Part[]) => Part } = {
  '!_': ([part]) => {
    return (variables) => {
      const value = part!(variables);
      return typeof value === 'boolean' ? !value : unsure;
    };
  },
  '_&&_': (parts) => untilOne(parts, false),
  '_||_': (parts) => untilOne(parts, true),
  '_?_:_': ([condition, yes, no]) => {
    return (variables) => {
      const value = condition!(variables);
      return value === true ? yes!(variables) : value === false ? no!(variables) : unsure;
    };
  },
  '_==_': (parts) => compared(parts, isScalar, (left, right) => left === right),
  '_!=_': (parts) => compared(parts, isScalar, (left, right) => left !== right),
  '_<_': (parts) => compared(parts, isInteger, (left, right) => left < right),
  '_<=_': (parts) => compared(parts, isInteger, (left, right) => left <= right),
  '_>_': (parts) => compared(parts, isInteger, (left, right) => left > right),
  '_>=_': (parts) => compared(parts, isInteger, (left, right) => left >= right),
  '@in': ([item, container]) => {
    return (variables) => isIn(item!(variables), container!(variables));
  },
};

/** One operand that is `end` settles it, whatever the others are, errors included; without one all have to be known. */
function untilOne(parts: readonly Part[], end: boolean): Part {
  return (variables) => {
    let isSure = true;
    for (const part of parts) {
      const value = part(variables);
      if (value === end) return end;
      isSure &&= value === !end;
    }
    return isSure ? !end : unsure;
  };
}

function compared<T>(
  [left, right]: readonly Part[],
  isKind: (value: unknown) => value is T,
  compare: (left: T, right: T) => boolean,
): Part {
  return (variables) => {
    const [a, b] = [left!(variables), right!(variables)];
    return isKind(a) && isKind(b) && typeof a === typeof b ? compare(a, b) : unsure;
  };
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isScalar(value: unknown): value is string | boolean | number {
  return typeof value === 'string' || typeof value === 'boolean' || isInteger(value);
}

function isIn(item: unknown, container: unknown): boolean | typeof unsure {
  if (typeof item !== 'string') return unsure;
  if (!Array.isArray(container)) return hasField(container, item);
  return container.every((entry) => typeof entry === 'string') ? container.includes(item) : unsure;
}
