import { didYouMean } from '../documents/nearest';
import { valueAt } from '../documents/value-at';
import { compileCondition, compileExpression, type Compiled } from '../expressions/cel';
import type { NameSpace } from '../expressions/names';
import type { JsonObject } from '../json';
import { controlProblems } from './check-control';
import { inheritedWith, repeatOf } from './compile-step';
import { parseDuration } from './duration';
import { bareCondition, hasTemplate, templateParts } from './expressions';
import { insideOf, stepsOf } from './circle';
import { shapeProblems, type DeclaredInputs } from './input-shapes';
import { nestedIn, type Library } from './library';
import type { Action, Runbook, RunbookStep } from './schema';
import { boundInput, connectionProblem, type ConnectionNames } from './connection-inputs';
import { withSecrets, type BoundSecrets } from './secret-inputs';
import { stepKindOf, stepKinds, type StepKindSpec } from './step-kinds';
import { isToolFolder } from './tool-folders';

export interface Found {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** What a step is checked against. */
export interface StepPlace {
  readonly step: RunbookStep;
  readonly id: string;
  /** Names for templates and conditions; `tells` are the further names of the step's own result. */
  readonly names: (tells: readonly string[]) => NameSpace;
  /** Ids of steps that come later: declared, so that naming them is told from naming nothing. */
  readonly later: ReadonlySet<string>;
  readonly library: Library;
  /** Inputs that stand for a connection: name -> kind. */
  readonly connectionInputs: ConnectionNames;
  readonly inputs: DeclaredInputs;
  /** Inputs that stand for a secret. */
  readonly secretInputs: BoundSecrets;
  /** Whether it is done for the targets of a list. */
  readonly isForTargets: boolean;
  /** `resolve` steps have to be read-only. */
  readonly part: 'resolve' | 'steps' | 'finally';
}

/** Everything that is wrong with the meaning of one step; paths are relative to it. */
export function checkStep(place: StepPlace): readonly Found[] {
  const checker = new StepChecker(place);
  checker.check();
  return checker.found;
}

class StepChecker {
  readonly found: Found[] = [];

  constructor(private readonly place: StepPlace) {}

  check(): void {
    const { step, part, library } = this.place;
    if (step.if !== undefined) this.condition(step.if, ['if'], []);
    if (step.recheck && part !== 'resolve')
      this.add(['recheck'], 'only a resolve step looks at something that could be another thing later', 'leave it out');
    this.asking();
    if (part === 'finally' && step.undo !== undefined && step.undo !== 'none')
      this.add(['undo'], 'what comes last is not undone', 'leave the undo out');
    if (nestedIn(step, library)) {
      this.found.push(...controlProblems(this.place, stepKindOf(step.uses)));
      this.templates(step.with ?? {}, ['with']);
      return;
    }
    const kind = this.kind(step.uses, ['uses']);
    if (!kind) return;
    this.found.push(...controlProblems(this.place, kind));
    const given = (step.with ?? {}) as JsonObject;
    this.call(kind, given, ['with']);
    if (part === 'resolve' && !kind.control && !kind.readOnly(given))
      this.add(['uses'], 'a resolve step runs before anybody has approved, so it may only read');
    if (part === 'resolve' && step.undo !== undefined) this.add(['undo'], 'a resolve step has nothing to undo');
    this.results(kind);
    if (!kind.control) {
      this.polling(kind, given);
      this.repeats(kind, given);
      this.undo();
    }
    for (const key of ['timeout', 'every', 'for'] as const) this.duration(step[key], [key]);
    this.duration(step.retry?.first, ['retry', 'first']);
  }

  /** Whether somebody could answer what it, or a step inside of what it uses, asks people. */
  private asking(): void {
    const { step, part, library, isForTargets } = this.place;
    if (!isForTargets && part !== 'finally') return;
    const why = isForTargets
      ? 'nobody can be asked about each of many targets'
      : 'nobody is asked about what comes last, because the operation is over by then';
    const hint = isForTargets ? 'write on-failure: ask at the foreach' : 'write on-failure: continue';
    if (step['on-failure'] === 'ask') return this.add(['on-failure'], why, hint);
    const inner = nestedIn(step, library);
    const asker = inner?.kind === 'found' ? askingIn(inner.document, library) : undefined;
    if (asker !== undefined) this.add(['uses'], `a step of ${asker} asks people when it fails, and ${why}`);
  }

  private add(path: Found['path'], message: string, hint?: string): void {
    this.found.push({ path, message, ...(hint === undefined ? {} : { hint }) });
  }

  private kind(name: string, path: Found['path']): StepKindSpec | undefined {
    const kind = stepKindOf(name);
    if (kind) return kind;
    const names = stepKinds.map((known) => known.name);
    this.add(path, `there is no step kind "${name}"`, didYouMean(name, names) ?? `step kinds: ${names.join(', ')}`);
    return undefined;
  }

  /** `with` of a call: its shape as far as templates let it be seen, its templates, its connections. */
  private call(kind: StepKindSpec, written: JsonObject, path: Found['path'], own = false): void {
    const given = withSecrets(kind.name, written, this.place.secretInputs);
    const parsed = kind.with.safeParse(given);
    for (const issue of parsed.error?.issues ?? []) {
      const at = issue.path as (string | number)[];
      // What a template will give is not known yet; the runner checks the whole again once it is filled in.
      if (issue.code !== 'unrecognized_keys' && hasTemplate(valueAt(given, at))) continue;
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) this.unknownKey(kind, key, [...path, ...at, key]);
      } else if (valueAt(given, at) === undefined) this.add([...path, ...at], `"${at.join('.')}" is missing`);
      else this.add([...path, ...at], `"${at.join('.') || 'with'}" ${plain(issue.message)}`);
    }
    const { inputs } = this.place;
    for (const problem of shapeProblems({ schema: kind.with, given, inputs }))
      // Which inputs may stand for a connection is told below.
      if (problem.path[0] !== 'connection') this.add([...path, ...problem.path], problem.message);
    for (const [key, value] of Object.entries(given)) {
      if (kind.literal?.includes(key)) {
        if (hasTemplate(value)) this.add([...path, key], `"${key}" is taken as it is written, without templates`);
      } else if (kind.expressions?.includes(key) && typeof value === 'string')
        this.condition(value, [...path, key], []);
      else this.templates(value, [...path, key], own);
    }
    for (const folder of kind.folders?.(given) ?? []) this.folder(folder, path);
    for (const name of kind.connections?.(given) ?? []) this.connection(kind, name, [...path, 'connection']);
  }

  private unknownKey(kind: StepKindSpec, key: string, path: Found['path']): void {
    const known = keysOf(kind);
    this.add(path, `${kind.name} has no "${key}"`, didYouMean(key, known) ?? `it takes: ${known.join(', ')}`);
  }

  private connection(kind: StepKindSpec, name: string, path: Found['path']): void {
    const input = boundInput(name);
    const [known, asked] =
      input === undefined ? [this.place.library.connections, name] : [this.place.connectionInputs, input];
    if (hasTemplate(asked) || (input !== undefined && !known.has(asked)))
      this.add(
        path,
        'a connection is written out, so that it can be approved',
        'or let it be an input of the type connection',
      );
    else if (name !== '') {
      const problem = connectionProblem({ kind, name: asked, known });
      if (problem) this.add(path, problem.message, problem.hint);
    }
  }

  private folder(name: string, path: Found['path']): void {
    if (hasTemplate(name)) this.add(path, 'a folder of the repository is written out, so that it can be approved');
    else if (!isToolFolder(name))
      this.add(path, `"${name}" cannot be a folder of the policy repository`, 'write it as in playbooks or k8s/node');
  }

  private templates(value: unknown, path: Found['path'], own = false, tells: readonly string[] = []): void {
    if (typeof value === 'string') {
      const cut = templateParts(value);
      if (!cut.ok) this.add(path, cut.message);
      for (const part of cut.ok ? cut.parts : [])
        if (part.kind === 'expression') this.expression({ source: part.source, path, own, tells });
    } else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value))
        this.templates(item, [...path, Array.isArray(value) ? Number(key) : key], own, tells);
  }

  private condition(source: string, path: Found['path'], tells: readonly string[]): void {
    this.compiled(compileCondition({ source: bareCondition(source), names: this.place.names(tells) }), path, false);
  }

  private expression(input: {
    readonly source: string;
    readonly path: Found['path'];
    readonly own?: boolean;
    readonly tells: readonly string[];
  }): void {
    const names = this.place.names(input.tells);
    this.compiled(compileExpression({ source: input.source, names }), input.path, input.own ?? false);
  }

  private compiled(compiled: Compiled, path: Found['path'], own: boolean): void {
    if (!compiled.ok) {
      for (const problem of compiled.problems) this.add(path, problem.message, problem.hint);
      return;
    }
    // An input has the number of entries that it declares.
    for (const list of compiled.emptyTruths.filter((path) => !path.startsWith('inputs.')))
      this.add(
        path,
        `all() over ${list} holds of an empty list, too`,
        `ask for its size as well: size(${list}) > 0 && …, or size(${list}) >= 0 where an empty one will do`,
      );
    for (const id of stepsIn(compiled.paths)) {
      if (this.place.later.has(id)) this.add(path, `the step "${id}" comes later, so it has no outputs here yet`);
      else if (id === this.place.id && !own) this.add(path, `the step "${id}" cannot look at its own outputs here`);
    }
  }

  private results(kind: StepKindSpec): void {
    const { step } = this.place;
    for (const [name, source] of Object.entries(step.outputs ?? {}))
      this.expression({ source: bareCondition(source), path: ['outputs', name], tells: kind.tells });
    if (step.expect !== undefined) this.condition(step.expect, ['expect'], kind.tells);
    if (step.else !== undefined && step.expect === undefined) this.add(['else'], '"else" belongs to an "expect"');
    if (step.else !== undefined) this.templates(step.else, ['else'], false, kind.tells);
    if (step.summary !== undefined) this.templates(step.summary, ['summary'], true, kind.tells);
    if (!step.find) return;
    const { find } = step;
    const inherited = inheritedWith(kind, (step.with ?? {}) as JsonObject);
    const look = { ...inherited, ...find.with } as JsonObject;
    this.call(kind, look, ['find', 'with']);
    if (!kind.readOnly(look)) this.add(['find', 'with'], 'a find only looks, and this one would change something');
    this.condition(find.found, ['find', 'found'], kind.tells);
    for (const [name, source] of Object.entries(find.outputs ?? {}))
      this.expression({ source: bareCondition(source), path: ['find', 'outputs', name], tells: kind.tells });
    const missing = Object.keys(step.outputs ?? {}).filter((name) => !Object.hasOwn(find.outputs ?? {}, name));
    if (missing.length > 0)
      this.add(['find'], `find does not tell ${missing.join(', ')}, which the step gives when it acts itself`);
  }

  private polling(kind: StepKindSpec, given: JsonObject): void {
    const { step } = this.place;
    if (step.until === undefined) {
      for (const key of ['every', 'for'] as const)
        if (step[key] !== undefined) this.add([key], `"${key}" belongs to an "until"`);
      return;
    }
    if (!kind.readOnly(given)) this.add(['until'], 'only a step that reads may be repeated until something holds');
    if (kind.pollForMs) this.add(['until'], `${kind.name} waits by itself and takes no "until"`);
    if (step.for === undefined) this.add(['until'], 'say how long at most', 'add for: 10m');
    this.condition(step.until, ['until'], kind.tells);
  }

  private repeats(kind: StepKindSpec, given: JsonObject): void {
    const { step } = this.place;
    const repeat = repeatOf(kind, given, step);
    if (repeat === 'find' && !step.find) this.add(['repeat'], '"repeat: find" needs a "find" that tells what was done');
    if (repeat === 'never' && step.retry && step.retry.attempts > 1) {
      const hint = 'add a find, or repeat: safe if the other side knows the Idempotency-Key';
      this.add(['retry'], 'a step that may not be done twice cannot be tried again', hint);
    }
  }

  private undo(): void {
    const { step, id } = this.place;
    if (step.undo === undefined || step.undo === 'none') return;
    if (step.undo === 'rollback') return this.add(['undo'], 'only a deploy is undone by a rollback');
    if (nestedIn(step.undo, this.place.library)) return this.undoBySteps(step.undo);
    this.duration(step.undo.timeout, ['undo', 'timeout']);
    const kind = this.kind(step.undo.uses, ['undo', 'uses']);
    if (!kind) return;
    if (kind.control) {
      this.add(
        ['undo', 'uses'],
        `${kind.name} is no undo of one call`,
        'put it into an action and let that be the undo',
      );
      return;
    }
    const given = (step.undo.with ?? {}) as JsonObject;
    this.call(kind, given, ['undo', 'with'], true);
    // That find tells everything the step tells is checked with find itself.
    const own = step.find ? [] : ownOutputsIn(given, id, this.place.names([]));
    if (own.length > 0) {
      const message = `the undo needs ${own.join(', ')} of its own step, which nobody knows after a time-out`;
      this.add(['undo'], message, 'add a find that tells it');
    }
  }

  /** An action that puts back: it sees what the step was told, not what the step made. */
  private undoBySteps(undo: Extract<NonNullable<RunbookStep['undo']>, object>): void {
    const { id } = this.place;
    const call: RunbookStep = { uses: undo.uses, with: undo.with };
    const problems = controlProblems({ ...this.place, step: call }, stepKindOf(undo.uses));
    this.found.push(...problems.map((problem) => ({ ...problem, path: ['undo', ...problem.path] })));
    for (const key of ['timeout', 'runs-on'] as const)
      if (undo[key] !== undefined)
        this.add(['undo', key], `an undo of several steps has no "${key}"`, 'say it at its steps');
    this.templates(undo.with ?? {}, ['undo', 'with'], true);
    const own = ownOutputsIn(undo.with ?? {}, id, this.place.names([]));
    if (own.length > 0)
      this.add(['undo'], `an undo of several steps cannot look at ${own.join(', ')} of the step that it undoes`);
  }

  private duration(text: string | undefined, path: Found['path']): void {
    if (text !== undefined && !parseDuration(text))
      this.add(path, `"${text}" is not a duration; write it as in 30s, 10m or 2h`);
  }
}

/** Name of the document, it or one inside of it, in which a step asks people. */
function askingIn(document: Runbook | Action, library: Library): string | undefined {
  const all = [document, ...insideOf(document, library).map((inner) => inner.document)];
  return all.find((each) => stepsOf(each).some((step) => step['on-failure'] === 'ask'))?.name;
}

function stepsIn(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => /^steps\.([^.]+)/.exec(path)?.[1] ?? []);
}

/** Names of its own step's outputs that a call's templates use. */
function ownOutputsIn(value: unknown, id: string, names: NameSpace): readonly string[] {
  if (typeof value === 'string') {
    const cut = templateParts(value);
    const sources = (cut.ok ? cut.parts : []).flatMap((part) => (part.kind === 'expression' ? [part.source] : []));
    return sources.flatMap((source) => {
      const compiled = compileExpression({ source, names });
      const prefix = `steps.${id}.outputs.`;
      return (compiled.ok ? compiled.paths : []).flatMap((path) =>
        path.startsWith(prefix) ? [path.slice(prefix.length).split('.')[0]!] : [],
      );
    });
  }
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap((item) => ownOutputsIn(item, id, names)))];
}

function keysOf(kind: StepKindSpec): readonly string[] {
  const shape = (kind.with as { readonly shape?: object }).shape;
  return shape ? Object.keys(shape) : [];
}

function plain(message: string): string {
  return message.replace(/^Invalid (input|option): /, 'is wrong: ').replace(/^Too (big|small): /, 'is out of range: ');
}
