import type { parse } from '@bufbuild/cel';
import { didYouMean } from '../documents/nearest';
import { holderProblem, kindProblem, type Side } from './kinds';
import { fieldsOf, type ExpressionProblem, type NameSpace, type Shape } from './names';

/** A node of CEL's syntax tree. */
export type Expr = ReturnType<typeof parse>['expr'];

/** Operators nested in each other; parentheses included. */
const maxNesting = 32;
/** Entries of a list or map that is written out in an expression. */
const maxEntries = 200;
/** Macros (`all`, `exists`, `map`, ...) inside each other. */
const maxMacros = 3;

export interface Checked {
  readonly problems: readonly ExpressionProblem[];
  /** Root names that the expression uses. */
  readonly roots: ReadonlySet<string>;
  /** Dotted paths that the expression reads, longest first found. */
  readonly paths: readonly string[];
  /** Shape of the result, as far as it can be told without values. */
  readonly result: Shape;
}

interface Scope {
  readonly locals: ReadonlyMap<string, Shape>;
  readonly depth: number;
  readonly macros: number;
}

/** Walks a syntax tree and refuses every name, field and function that nothing declares. */
export function check(input: {
  readonly expr: Expr;
  readonly names: NameSpace;
  readonly isFunction: (name: string) => boolean;
  readonly functions: readonly string[];
}): Checked {
  const walker = new Walker(input);
  walker.collectGuards(input.expr);
  const result = walker.shapeOf(input.expr, { locals: new Map(), depth: 0, macros: 0 });
  return { problems: walker.problems, roots: walker.roots, paths: [...walker.paths], result };
}

const comparisons = new Set(['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_']);
const booleans = new Set([
  ...comparisons,
  '_&&_',
  '_||_',
  '!_',
  '@in',
  'startsWith',
  'endsWith',
  'contains',
  'matches',
]);
const special = new Set(['_&&_', '_||_', '_?_:_', '_[_]', '@not_strictly_false', '@in']);
const typeNames = new Set(
  'bool bytes double duration int list map null_type string timestamp type uint dyn'.split(' '),
);

class Walker {
  readonly problems: ExpressionProblem[] = [];
  readonly roots = new Set<string>();
  readonly paths = new Set<string>();
  private readonly guarded = new Set<string>();

  constructor(private readonly input: Parameters<typeof check>[0]) {}

  /** Paths that some `has(a.b)` or `"b" in a` of the expression asks for. */
  collectGuards(expr: Expr): void {
    const select = expr.exprKind.case === 'selectExpr' ? expr.exprKind.value : undefined;
    if (select?.testOnly && select.operand) this.guard(pathOf(select.operand as Expr), select.field);
    const call = expr.exprKind.case === 'callExpr' ? expr.exprKind.value : undefined;
    if (call?.function === '@in' && call.args[1]) {
      const key = constantText(call.args[0] as Expr);
      if (key !== undefined) this.guard(pathOf(call.args[1] as Expr), key);
    }
    for (const child of children(expr)) this.collectGuards(child);
  }

  private guard(path: string | undefined, field: string): void {
    if (path !== undefined) this.guarded.add(`${path}.${field}`);
  }

  shapeOf(expr: Expr, scope: Scope): Shape {
    if (scope.depth > maxNesting) return this.refuse(`it is nested deeper than ${maxNesting} levels`, 'split it');
    switch (expr.exprKind.case) {
      case 'constExpr':
        return constantShape(expr);
      case 'identExpr':
        return this.ident(expr.exprKind.value.name, scope);
      case 'selectExpr': {
        const { operand, field, testOnly } = expr.exprKind.value;
        const shape = this.select({ operand: operand as Expr, field, isTest: testOnly, scope });
        return testOnly ? 'bool' : shape;
      }
      case 'callExpr':
        return this.call(expr, scope);
      case 'listExpr':
        return this.entries(expr.exprKind.value.elements as Expr[], 'list', scope);
      case 'structExpr': {
        const { messageName, entries } = expr.exprKind.value;
        if (messageName) return this.refuse(`the type ${messageName} does not exist here`);
        return this.entries(entries.flatMap(keyAndValue), 'open', scope);
      }
      case 'comprehensionExpr':
        return this.macro(expr, scope);
      default:
        return 'open';
    }
  }

  private ident(name: string, scope: Scope): Shape {
    const local = scope.locals.get(name);
    if (local !== undefined) return local;
    if (Object.hasOwn(this.input.names, name)) {
      this.roots.add(name);
      this.paths.add(name);
      return this.input.names[name]!;
    }
    if (typeNames.has(name)) return 'value';
    const known = [...scope.locals.keys(), ...Object.keys(this.input.names)].filter((known) => !known.startsWith('@'));
    return this.refuse(`"${name}" is not known here`, didYouMean(name, known) ?? `known here: ${known.join(', ')}`);
  }

  private select(input: {
    readonly operand: Expr;
    readonly field: string;
    readonly isTest: boolean;
    readonly scope: Scope;
  }): Shape {
    const { operand, field, isTest, scope } = input;
    const shape = this.shapeOf(operand, scope);
    if (shape === 'open') return this.note(operand, field, 'open');
    const path = pathOf(operand) ?? 'this';
    const fields = fieldsOf(shape);
    if (!fields) return this.refuse(`${path} has no fields, so ${path}.${field} cannot be asked for`);
    const known = fields.get(field);
    if (known !== undefined) return this.note(operand, field, known);
    const meant = didYouMean(field, fields.keys());
    const isClosed = typeof shape === 'object' && 'fields' in shape;
    if (!isClosed && (isTest || this.guarded.has(`${path}.${field}`))) return this.note(operand, field, 'open');
    if (isClosed) {
      const list = [...fields.keys()].join(', ');
      return this.refuse(`${path} has no field "${field}"`, meant ?? `it has: ${list || 'none'}`);
    }
    const guard = `not every document has ${path}.${field}, so ask first: has(${path}.${field}) && ...`;
    return this.refuse(`${path}.${field} may be missing`, meant ? `${meant} If not: ${guard}` : guard);
  }

  private note(operand: Expr, field: string, shape: Shape): Shape {
    const path = pathOf(operand);
    if (path !== undefined) {
      this.paths.delete(path);
      this.paths.add(`${path}.${field}`);
    }
    return shape;
  }

  private call(expr: Expr, scope: Scope): Shape {
    if (expr.exprKind.case !== 'callExpr') return 'open';
    const { function: name, target, args } = expr.exprKind.value;
    const operands = [...(target ? [target as Expr] : []), ...(args as Expr[])];
    if (!special.has(name) && !this.input.isFunction(name))
      return this.refuse(`there is no function "${name}"`, didYouMean(name, this.input.functions));
    if (name === '_[_]') return this.index(args as Expr[], scope);
    // A chain a || b || c leans to the left: only what is nested otherwise counts as nesting.
    const shapes = operands.map((operand, index) =>
      this.shapeOf(operand, index === 0 ? scope : { ...scope, depth: scope.depth + 1 }),
    );
    if (comparisons.has(name)) this.comparison(name, operands, shapes);
    if (name === '@in') this.membership(operands, shapes);
    if (name === '_?_:_') return shapes[1] === shapes[2] ? (shapes[1] ?? 'open') : 'open';
    if (booleans.has(name)) return 'bool';
    if (name === 'timestamp') return 'timestamp';
    if (name === 'string') return 'text';
    if (name === 'size' || name === 'int' || name === 'double') return 'number';
    return 'open';
  }

  private index(args: readonly Expr[], scope: Scope): Shape {
    const [operand, key] = args as [Expr, Expr];
    const field = constantText(key);
    const shape = this.shapeOf(operand, scope);
    if (field !== undefined && fieldsOf(shape)) return this.select({ operand, field, isTest: false, scope });
    this.shapeOf(key, { ...scope, depth: scope.depth + 1 });
    if (shape === 'bool' || shape === 'number' || shape === 'timestamp')
      return this.refuse(`${pathOf(operand) ?? 'this'} is neither a list nor a map`);
    return 'open';
  }

  private comparison(name: string, operands: readonly Expr[], shapes: readonly Shape[]): void {
    const [left, right] = operands.map((operand, index) => sideOf(operand, shapes[index]!, index)) as [Side, Side];
    const problem = kindProblem(name, left, right);
    if (problem) return void this.refuse(problem.message, problem.hint);
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (typeof side.shape !== 'object' || !('oneOf' in side.shape)) continue;
      const values = side.shape.oneOf;
      if (name !== '_==_' && name !== '_!=_')
        this.refuse(`${side.said} is a name and has no order`, `write ${side.said} in [${named(values, quoted)}]`);
      if (other.text !== undefined) this.oneOf(side.said, values, other.text);
    }
  }

  private membership(operands: readonly Expr[], shapes: readonly Shape[]): void {
    const [entry, holder] = operands.map((operand, index) => sideOf(operand, shapes[index]!, index)) as [Side, Side];
    const problem = holderProblem(holder);
    if (problem) return void this.refuse(problem.message, problem.hint);
    const { exprKind } = operands[1]!;
    if (exprKind.case === 'listExpr') {
      const elements = (exprKind.value.elements as readonly Expr[]).map((element) =>
        sideOf(element, element.exprKind.case === 'constExpr' ? constantShape(element) : 'open', 1),
      );
      for (const element of elements) this.among(entry, element);
    } else if (typeof holder.shape === 'object' && 'listOf' in holder.shape) {
      const wrong = kindProblem('_==_', entry, { said: `what ${holder.said} holds`, shape: 'text' });
      if (wrong) this.refuse(wrong.message, wrong.hint);
      if (entry.text !== undefined && !holder.shape.listOf.includes(entry.text))
        this.refuse(`${holder.said} never holds "${entry.text}"`, oneOfHint(entry.text, holder.shape.listOf));
    }
  }

  /** One entry of a list that is written out. */
  private among(entry: Side, element: Side): void {
    const problem = kindProblem('_==_', entry, element);
    if (problem) this.refuse(problem.message, problem.hint);
    else if (typeof entry.shape === 'object' && 'oneOf' in entry.shape && element.text !== undefined)
      this.oneOf(entry.said, entry.shape.oneOf, element.text);
  }

  private oneOf(path: string, values: readonly string[], value: string): void {
    if (!values.includes(value)) this.refuse(`${path} is never "${value}"`, oneOfHint(value, values));
  }

  private entries(values: readonly Expr[], shape: Shape, scope: Scope): Shape {
    if (values.length > (shape === 'list' ? maxEntries : 2 * maxEntries))
      return this.refuse(`a list in it has more than ${maxEntries} entries`);
    for (const value of values) this.shapeOf(value, { ...scope, depth: scope.depth + 1 });
    return shape;
  }

  private macro(expr: Expr, scope: Scope): Shape {
    if (expr.exprKind.case !== 'comprehensionExpr') return 'open';
    const fold = expr.exprKind.value;
    if (scope.macros + 1 > maxMacros) return this.refuse(`more than ${maxMacros} macros inside each other`);
    const range = this.shapeOf(fold.iterRange as Expr, { ...scope, depth: scope.depth + 1, macros: scope.macros + 1 });
    const entry: Shape = typeof range === 'object' && 'listOf' in range ? { oneOf: range.listOf } : 'open';
    const start = this.shapeOf(fold.accuInit as Expr, scope);
    const inner: Scope = {
      locals: new Map([...scope.locals, [fold.iterVar, entry], [fold.accuVar, 'open']]),
      depth: scope.depth + 1,
      macros: scope.macros + 1,
    };
    for (const part of [fold.loopCondition, fold.loopStep, fold.result]) {
      if (part) this.shapeOf(part as Expr, inner);
    }
    // `all` and `exists` start from true or false, `exists_one` from a number, `map` and `filter` from a list.
    return start === 'number' ? 'bool' : start;
  }

  private refuse(message: string, hint?: string): Shape {
    if (!this.problems.some((problem) => problem.message === message)) this.problems.push({ message, hint });
    return 'open';
  }
}

function quoted(text: string): string {
  return `"${text}"`;
}

function oneOfHint(value: string, values: readonly string[]): string {
  return didYouMean(value, values) ?? `it is one of: ${named(values, String) || 'none'}`;
}

/** Without the empty text, which stands for "there is none". */
function named(values: readonly string[], words: (value: string) => string): string {
  return values.filter(Boolean).map(words).join(', ');
}

/** One side of an operator, as it is told of. */
function sideOf(expr: Expr, shape: Shape, index: number): Side {
  const text = constantText(expr);
  if (text !== undefined) return { said: quoted(text), shape, text, isConstant: true };
  const constant = expr.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind.value : undefined;
  const isPlain = ['number', 'bigint', 'boolean'].includes(typeof constant);
  return {
    said: isPlain ? String(constant) : (pathOf(expr) ?? `the ${index === 0 ? 'left' : 'right'} side`),
    shape,
    isConstant: isPlain,
  };
}

function constantText(expr: Expr): string | undefined {
  const kind = expr.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind : undefined;
  return kind?.case === 'stringValue' ? kind.value : undefined;
}

function constantShape(expr: Expr): Shape {
  const kind = expr.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind.case : undefined;
  if (kind === 'boolValue') return 'bool';
  if (kind === 'stringValue') return 'text';
  return kind === 'int64Value' || kind === 'uint64Value' || kind === 'doubleValue' ? 'number' : 'value';
}

/** `a.b["c"]` as `a.b.c`; undefined for anything that is not a path. */
export function pathOf(expr: Expr): string | undefined {
  if (expr.exprKind.case === 'identExpr') return expr.exprKind.value.name;
  if (expr.exprKind.case === 'selectExpr') {
    const { operand, field, testOnly } = expr.exprKind.value;
    const path = operand && !testOnly ? pathOf(operand as Expr) : undefined;
    return path === undefined ? undefined : `${path}.${field}`;
  }
  if (expr.exprKind.case !== 'callExpr' || expr.exprKind.value.function !== '_[_]') return undefined;
  const [operand, key] = expr.exprKind.value.args as [Expr, Expr];
  const path = pathOf(operand);
  const field = constantText(key);
  return path === undefined || field === undefined ? undefined : `${path}.${field}`;
}

type MapEntry = Extract<Expr['exprKind'], { case: 'structExpr' }>['value']['entries'][number];

/** Both are expressions: a key may be looked up like any other value. */
function keyAndValue({ keyKind, value }: MapEntry): readonly Expr[] {
  const key = keyKind.case === 'mapKey' ? keyKind.value : undefined;
  return [key, value].filter((part): part is Expr => part !== undefined);
}

/** What an expression is made of. */
export function children(expr: Expr): readonly Expr[] {
  const { exprKind: kind } = expr;
  const parts: readonly unknown[] =
    kind.case === 'selectExpr'
      ? [kind.value.operand]
      : kind.case === 'callExpr'
        ? [kind.value.target, ...kind.value.args]
        : kind.case === 'listExpr'
          ? kind.value.elements
          : kind.case === 'structExpr'
            ? kind.value.entries.flatMap(keyAndValue)
            : kind.case === 'comprehensionExpr'
              ? [
                  kind.value.iterRange,
                  kind.value.accuInit,
                  kind.value.loopCondition,
                  kind.value.loopStep,
                  kind.value.result,
                ]
              : [];
  return parts.filter((part): part is Expr => part !== undefined);
}
