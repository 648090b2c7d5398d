/** A statement cut at its placeholders: `:name` is a parameter, `{name}` an identifier or a list of them, `{{name}}` a secret. */
export type SqlPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param' | 'name' | 'secret'; readonly name: string };

export type SqlText =
  | { readonly ok: true; readonly parts: readonly SqlPart[] }
  /** The end of a sentence that begins with what the statement is called. */
  | { readonly ok: false; readonly message: string };

const word = '[A-Za-z_][A-Za-z0-9_]*';
const placeholder = new RegExp(`^(?:::|:=|:(${word})|\\{\\{ *(${word}) *\\}\\}|\\{(${word})\\})`);
/** What PostgreSQL takes as it stands: nothing inside is a placeholder. */
const opaque: readonly RegExp[] = [
  /^--[^\n]*/,
  /^[eE]'(?:[^'\\]|\\[^]|'')*'/,
  /^'(?:[^']|'')*'/,
  /^"(?:[^"]|"")*"/,
  /^\$([A-Za-z_]\w*)?\$[^]*?\$\1\$/,
  // A name is taken whole, so that an e at its end begins no text and a $ in it no quote.
  /^(?![eE]')[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/,
];

/**
 * Cuts a statement at its placeholders, as PostgreSQL with `standard_conforming_strings` would read it: what stands in
 * texts, quoted names and comments stays as it is.
 */
export function cutSql(statement: string): SqlText {
  const parts: SqlPart[] = [];
  let text = '';
  for (let rest = statement; rest !== '';) {
    const taken = rest.startsWith('/*') ? comment(rest) : opaqueAt(rest);
    if (taken === undefined && /^(?:[eE]?'|"|\/\*)/.test(rest))
      return { ok: false, message: `has no end to what begins with ${rest.slice(0, 20)}` };
    const [mark, param, secret, name] = (taken === undefined && placeholder.exec(rest)) || [];
    const part: SqlPart | undefined =
      param !== undefined
        ? { kind: 'param', name: param }
        : secret !== undefined
          ? { kind: 'secret', name: secret }
          : name !== undefined
            ? { kind: 'name', name }
            : undefined;
    if (part) {
      if (text !== '') parts.push({ kind: 'text', text });
      parts.push(part);
      text = '';
    }
    const length = (taken ?? mark ?? rest[0]!).length;
    if (!part) text += rest.slice(0, length);
    rest = rest.slice(length);
  }
  if (text !== '') parts.push({ kind: 'text', text });
  return { ok: true, parts };
}

function opaqueAt(text: string): string | undefined {
  for (const pattern of opaque) {
    const found = pattern.exec(text)?.[0];
    if (found) return found;
  }
  return undefined;
}

/** A comment at the start of a text, those inside it included; undefined when it does not end. */
function comment(text: string): string | undefined {
  let depth = 0;
  for (const mark of text.matchAll(/\/\*|\*\//g)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return text.slice(0, mark.index + 2);
  }
  return undefined;
}

/** What is wrong between a statement and what is given for its placeholders, as the end of a sentence. */
export function sqlProblem(
  statement: string,
  given: { readonly params?: object; readonly names?: object; readonly secrets?: object },
): string | undefined {
  const cut = cutSql(statement);
  if (!cut.ok) return cut.message;
  for (const [kind, values, shown] of [
    ['param', given.params, (name: string) => `:${name}`],
    ['name', given.names, (name: string) => `{${name}}`],
    ['secret', given.secrets, (name: string) => `{{${name}}}`],
  ] as const) {
    const asked = cut.parts.flatMap((part) => (part.kind === kind ? [part.name] : []));
    const missing = asked.find((name) => !Object.hasOwn(values ?? {}, name));
    if (missing !== undefined) return `has ${shown(missing)}, and "${kind}s" does not give ${missing}`;
    const unused = Object.keys(values ?? {}).find((name) => !asked.includes(name));
    if (unused !== undefined) return `never uses ${shown(unused)}, which "${kind}s" gives`;
  }
  return undefined;
}
