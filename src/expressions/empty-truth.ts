import { children, pathOf, type Expr } from './check';

/**
 * Paths over which an expression asks `all()` without ever asking `size()` or `exists()` of the same path: of an empty
 * list everything is true. Lists that are no path, such as those that are written out, are passed over.
 */
export function emptyTruths(expr: Expr): readonly string[] {
  const asked = new Set<string>();
  const held = new Set<string>();
  const look = (at: Expr): void => {
    const { exprKind: kind } = at;
    if (kind.case === 'callExpr' && kind.value.function === 'size') note(held, kind.value.target ?? kind.value.args[0]);
    if (kind.case === 'comprehensionExpr') note(isAll(at) ? asked : held, kind.value.iterRange);
    for (const child of children(at)) look(child);
  };
  look(expr);
  return [...asked].filter((path) => !held.has(path));
}

function note(paths: Set<string>, expr: unknown): void {
  const path = expr === undefined ? undefined : pathOf(expr as Expr);
  if (path !== undefined) paths.add(path);
}

/** The fold that begins with true. */
function isAll({ exprKind: kind }: Expr): boolean {
  const start = kind.case === 'comprehensionExpr' ? kind.value.accuInit?.exprKind : undefined;
  const constant = start?.case === 'constExpr' ? start.value.constantKind : undefined;
  return constant?.case === 'boolValue' && constant.value;
}
