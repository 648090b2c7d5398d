import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { build } from './build';
import { complaints, type Complaint } from './issues';
import type { Problem } from './problem';
import { quotedLine } from './quoting';
import { screen, type Finding } from './screen';

export { formatProblem, type Problem } from './problem';
export { text } from './text';

/** Problems listed for one file; a file with more is mended from the top. */
const maxProblems = 50;

export type DocumentResult<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** Line (from 1) of the key or list entry at a path; of the nearest one above it that is written out. */
      lineOf(path: readonly (string | number)[]): number;
      /** Column (from 1) of the same. */
      columnOf(path: readonly (string | number)[]): number;
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** The file without its unknown keys, where nothing else is wrong with it: for telling what else it has against it. */
      readonly known?: Extract<DocumentResult<T>, { ok: true }>;
    };

/**
 * Reads one file of the policy repository: one YAML 1.2 document (core schema) against a schema, strictly. The
 * parser's warnings are errors, keys are unique, tags, directives and merge keys are refused, and where the schema
 * wants text the source text is taken. Never throws; all problems are listed at once, each with its place.
 */
export function readDocument<T>(input: {
  /** Path in the repository, for the problems. */
  readonly file: string;
  readonly text: string;
  readonly schema: z.ZodType<T>;
}): DocumentResult<T> {
  const source = new SourceText(input.file, input.text);
  const finding = screen(input.text);
  if (finding) return source.refuse([source.problem(finding)]);
  const document = parse(source);
  if (!document.ok) return source.refuse(document.problems);
  const built = build({ document: document.value, text: input.text, schema: input.schema });
  if (document.value.contents === null)
    return source.refuse([source.problem({ offset: 0, message: 'the file is empty' })]);
  const parsed = input.schema.safeParse(built.value);
  const places = new Places(document.value, source);
  const found = parsed.success ? [] : complaints(input.schema, built.value, parsed.error.issues);
  const problems = [...built.findings.map((finding) => source.problem(finding)), ...found.map(places.problem)];
  const placeOf = (path: readonly (string | number)[]) => source.place(places.offsetOf(path, 'key'));
  const readAs = (value: T) => ({
    ok: true as const,
    value,
    lineOf: (path: readonly (string | number)[]) => placeOf(path).line,
    columnOf: (path: readonly (string | number)[]) => placeOf(path).column,
  });
  if (parsed.success && problems.length === 0) return readAs(parsed.data);
  const refused = source.refuse(problems);
  const rest = built.findings.length === 0 ? withoutUnknown(built.value, found) : undefined;
  const known = rest === undefined ? undefined : input.schema.safeParse(rest);
  return known?.success ? { ...refused, known: readAs(known.data) } : refused;
}

/** A value without its unknown keys; none when there is more against it, or when a whole section may only be misspelt. */
function withoutUnknown(value: unknown, found: readonly Complaint[]): unknown {
  const isAlone = ({ about, path, hint }: Complaint): boolean =>
    about === 'unknown key' && (path.length > 1 || hint?.startsWith('did you mean') !== true);
  if (found.length === 0 || !found.every(isAlone)) return undefined;
  const rest = structuredClone(value);
  for (const { path } of found) {
    const inside = path
      .slice(0, -1)
      .reduce<unknown>((at, key) => (at as Record<string | number, unknown>)?.[key], rest);
    if (typeof inside === 'object' && inside !== null)
      delete (inside as Record<string | number, unknown>)[path.at(-1)!];
  }
  return rest;
}

type Parsed =
  { readonly ok: true; readonly value: Document } | { readonly ok: false; readonly problems: readonly Problem[] };

function parse(source: SourceText): Parsed {
  try {
    const value = parseDocument(source.text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      stringKeys: true,
      // Checked while values are built: the parser's own check takes time that grows with the square of the keys.
      uniqueKeys: false,
      prettyErrors: false,
      // Not `silent`: that would also swallow the error about a second document.
      logLevel: 'error',
    });
    const found = [...value.errors, ...value.warnings];
    if (found.length === 0) return { ok: true, value };
    const seen = new Set<number>();
    const problems = found.flatMap((error) => {
      const { line } = source.place(error.pos[0]);
      if (seen.has(line)) return [];
      seen.add(line);
      const mended = quotedLine(source.lineText(line));
      const hint = mended && mended !== source.lineText(line).trim() ? `write it in quotes: ${mended}` : undefined;
      return [source.problem({ offset: error.pos[0], message: parserWords(error.message), hint })];
    });
    return { ok: false, problems };
  } catch (error) {
    // A RangeError of a stack that ran out is the file's fault, and no other error is known; both end here.
    const why = error instanceof RangeError ? 'it is nested too deeply' : 'the parser gave up';
    return { ok: false, problems: [source.problem({ offset: 0, message: `the file cannot be read: ${why}` })] };
  }
}

function parserWords(message: string): string {
  if (message.startsWith('Source contains multiple documents')) return 'the file has more than one document';
  const words = message.replace(/\s+/g, ' ');
  return words.length > 160 ? `${words.slice(0, 157)}...` : words;
}

class SourceText {
  private readonly starts: number[] = [0];

  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  place(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.starts[low]! + 1 };
  }

  lineText(line: number): string {
    const end = this.starts[line] ?? this.text.length + 1;
    return this.text.slice(this.starts[line - 1], end - 1).replace(/\r$/, '');
  }

  problem(found: Finding & { readonly key?: string }): Problem {
    const { line, column } = this.place(found.offset);
    return {
      file: this.file,
      line,
      column,
      ...(found.key === undefined ? {} : { key: found.key }),
      message: found.message,
      ...(found.hint === undefined ? {} : { hint: found.hint }),
    };
  }

  refuse(problems: readonly Problem[]): { readonly ok: false; readonly problems: readonly Problem[] } {
    const sorted = [...problems].sort((left, right) => left.line - right.line || left.column - right.column);
    return { ok: false, problems: sorted.slice(0, maxProblems) };
  }
}

class Places {
  constructor(
    private readonly document: Document,
    private readonly source: SourceText,
  ) {}

  readonly problem = (complaint: Complaint): Problem => {
    const path = complaint.about === 'missing' ? complaint.path.slice(0, -1) : complaint.path;
    const offset = this.offsetOf(path, complaint.about === 'value' ? 'value' : 'key');
    return this.source.problem({
      offset,
      key: complaint.path.join('.'),
      message: complaint.message,
      hint: this.commentHint(complaint, offset) ?? complaint.hint,
    });
  };

  /** `channel: #deploys` has no value: everything from `#` on is a comment. */
  private commentHint(complaint: Complaint, offset: number): string | undefined {
    if (complaint.about !== 'value') return undefined;
    const line = this.source.lineText(this.source.place(offset).line);
    const found = /^(.*?:|\s*-) +(#\S.*?)\s*$/.exec(line);
    return found ? `# starts a comment, so write it in quotes: ${found[1]!.trim()} "${found[2]!}"` : undefined;
  }

  /** Offset of what stands at a path, or of the nearest thing above it. */
  offsetOf(path: readonly (string | number)[], what: 'key' | 'value'): number {
    let node = this.document.contents as Node | null;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, key] of path.entries()) {
      const target: Node | null | undefined = isAlias(node) ? node.resolve(this.document) : node;
      const isLast = index === path.length - 1;
      if (isMap(target)) {
        const pair = target.items.find((item) => isScalar(item.key) && item.key.value === String(key));
        if (!pair) return offset;
        node = pair.value as Node | null;
        const at = isLast && what === 'value' ? (node?.range?.[0] ?? undefined) : undefined;
        offset = at ?? (pair.key as Node).range?.[0] ?? offset;
      } else if (isSeq(target)) {
        node = (target.items[Number(key)] ?? null) as Node | null;
        offset = node?.range?.[0] ?? offset;
      } else return offset;
    }
    return offset;
  }
}
