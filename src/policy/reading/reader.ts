import { operationKinds } from '../../operation/request';
import { didYouMean } from '../../documents/nearest';
import type { DocumentResult, Problem } from '../../documents/read-yaml';
import { compileCondition, type Expression, type NameSpace } from '../../expressions/cel';
import { parseDuration } from '../../runbooks/duration';
import { isZone } from '../calendar';
import type { PolicyFile } from '../schema';
import type { Source } from '../verdict';

export type Path = readonly (string | number)[];
export type PolicyRead = Extract<DocumentResult<PolicyFile>, { ok: true }>;

/** A file, and where its keys stand. */
interface Place {
  readonly file: string;
  readonly lineOf: (path: Path) => number;
  readonly columnOf: (path: Path) => number;
}

/** Longest time that policy can wait for anything. */
const maxWaitMs = 90 * 86_400_000;

/**
 * What every part of `policy.yaml` is read with: its methods turn a value into what it means, or note a problem at its
 * line and give something harmless, so that all problems are told at once.
 */
export class Reader {
  readonly problems: Problem[];
  readonly warnings: Problem[];
  readonly file: PolicyFile;
  readonly environments: readonly string[];
  /** What conditions may name; set once the facts are read. */
  names: NameSpace = {};

  constructor(
    private readonly document: PolicyRead,
    private readonly place: Place = {
      file: 'policy.yaml',
      lineOf: (path) => document.lineOf(path),
      columnOf: (path) => document.columnOf(path),
    },
    findings: Pick<Reader, 'problems' | 'warnings'> = { problems: [], warnings: [] },
  ) {
    this.problems = findings.problems;
    this.warnings = findings.warnings;
    this.file = document.value;
    this.environments = Object.keys(this.file.environments);
  }

  readonly problem = (path: Path, message: string, hint?: string): void => {
    this.problems.push(this.finding(path, message, hint));
  };

  warn(path: Path, message: string): void {
    this.warnings.push(this.finding(path, message));
  }

  source(path: Path): Source {
    return { file: this.place.file, line: this.place.lineOf(path) };
  }

  /** The same reader about another file: its findings stand there, and are told with these. */
  of(place: Place): Reader {
    const other = new Reader(this.document, place, this);
    other.names = this.names;
    return other;
  }

  condition(source: string | undefined, path: Path): Expression | undefined {
    if (source === undefined) return undefined;
    const compiled = compileCondition({ source, names: this.names });
    if (compiled.ok) return compiled;
    for (const { message, hint } of compiled.problems)
      this.problem(path, `the condition \`${source}\` cannot be used: ${message}`, hint);
    return undefined;
  }

  teams(names: readonly string[] | undefined, path: Path): void {
    const known = Object.keys(this.file.teams ?? {});
    for (const name of names ?? []) {
      if (!known.includes(name))
        this.problem(
          path,
          `there is no team "${name}"`,
          didYouMean(name, known) ?? `teams: ${known.join(', ') || 'none'}`,
        );
    }
  }

  environment(name: string, path: Path): void {
    if (!this.environments.includes(name))
      this.problem(path, `there is no environment "${name}"`, didYouMean(name, this.environments));
  }

  /** What an `except` may name. */
  get passes(): readonly string[] {
    return [...operationKinds, 'break_glass', ...Object.keys(this.file.labels ?? {})];
  }

  kindsAndLabels(names: readonly string[] | undefined, path: Path): void {
    const known = this.passes;
    for (const [index, name] of (names ?? []).entries()) {
      if (!known.includes(name))
        this.problem([...path, index], `"${name}" is neither a kind of work nor a label`, didYouMean(name, known));
      else if (this.isOpen(name)) this.problem([...path, index], ...openLabel(name));
    }
  }

  /** Whether anybody may claim a label. What an `except` names is a door, so it has to be somebody in particular there. */
  isOpen(name: string): boolean {
    const { labels = {} } = this.file;
    return name !== 'break_glass' && Object.hasOwn(labels, name) && labels[name]!.who === undefined;
  }

  zone(zone: string | undefined, path: Path): void {
    if (zone !== undefined && !isZone(zone))
      this.problem(path, `"${zone}" is not a time zone`, 'write its IANA name, such as Europe/Berlin, or UTC');
  }

  /** Milliseconds. */
  duration(text: string, path: Path): number {
    const ms = parseDuration(text) ?? Infinity;
    if (ms <= maxWaitMs) return ms;
    this.problem(path, `${text} is longer than policy can wait`, 'write at most 90d');
    return 0;
  }

  private finding(path: Path, message: string, hint?: string): Problem {
    const { file, line } = this.source(path);
    const column = this.place.columnOf(path);
    return { file, line, column, key: path.join('.'), message, ...(hint ? { hint } : {}) };
  }
}

/** Message and hint about an open label in an `except`. */
export function openLabel(name: string): readonly [message: string, hint: string] {
  return [
    `the label "${name}" lets work pass here and anybody may claim it`,
    `name the teams that may under labels.${name}.who`,
  ];
}
