import { didYouMean } from '../documents/nearest';
import type { Problem } from '../documents/problem';
import { compileExpression } from '../expressions/cel';
import type { Json } from '../json';
import { isOwnSetting } from '../connections/check';
import { triggerProblems } from '../triggers/check-triggers';
import { resourceProblems } from './check-resource';
import { checkStep, type Found } from './check-step';
import { circleFrom } from './circle';
import type { ConnectionNames } from './connection-inputs';
import { inputProblem, isPattern, isPlainPath } from './inputs';
import { secretsIn } from './secret-inputs';
import { outputNames, type Library } from './library';
import { laneProblems } from './own-lane';
import { stepIdOf, type Action, type Runbook, type RunbookInput, type RunbookStep } from './schema';
import { itemNameOf, namesFor, rootNames } from './scope';

/**
 * What is wrong with the meaning of a runbook or an action; its shape has been read already. All problems are told at
 * once.
 */
export function checkRunbook(input: {
  readonly file: string;
  readonly runbook: Runbook | Action;
  readonly library: Library;
  readonly lineOf: (path: readonly (string | number)[]) => number;
  /** 1 everywhere when absent. */
  readonly columnOf?: (path: readonly (string | number)[]) => number;
}): readonly Problem[] {
  const { file, runbook, lineOf, columnOf = () => 1 } = input;
  const found = [
    ...nameProblems(file, runbook),
    ...Object.entries(runbook.inputs ?? {}).flatMap(([name, spec]) =>
      declarationProblems(spec).map((problem) => below(['inputs', name], problem)),
    ),
    ...circleProblems(file, runbook, input.library),
    ...(file.startsWith('runbooks/') ? resourceProblems(file, runbook, input.library) : []),
    ...('lane' in runbook ? laneProblems(runbook, input.library) : []),
    ...('on' in runbook ? triggerProblems(runbook, input.library) : []),
    ...('steps' in runbook ? demandProblems(runbook, input.library) : []),
    ...new PartsChecker(runbook, input.library).problems(),
  ];
  return found.map(({ path, message, hint }) => ({
    file,
    line: lineOf(path),
    column: columnOf(path),
    key: path.join('.'),
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
}

function below(path: Found['path'], problem: Found): Found {
  return { ...problem, path: [...path, ...problem.path] };
}

function nameProblems(file: string, runbook: Runbook | Action): readonly Found[] {
  const stem = /([^/]+)\.ya?ml$/.exec(file)?.[1];
  if (stem === undefined || stem === runbook.name) return [];
  const message = `"name" is ${runbook.name}, but the file is called ${stem}.yaml; commands find a runbook by both`;
  return [{ path: ['name'], message }];
}

function circleProblems(file: string, runbook: Runbook | Action, library: Library): readonly Found[] {
  const circle = circleFrom(file.startsWith('actions/') ? 'action' : 'runbook', runbook, library);
  if (!circle) return [];
  return [{ path: ['steps'], message: `it comes back to itself: ${circle.join(' → ')}`, hint: 'break the circle' }];
}

function declarationProblems(spec: RunbookInput): readonly Found[] {
  const found: Found[] = [];
  if ('min' in spec && spec.min !== undefined && spec.max !== undefined && spec.min > spec.max)
    found.push({ path: ['min'], message: `"min" is greater than "max"` });
  if (spec.type === 'string' && spec.pattern !== undefined && !isPattern(spec.pattern))
    found.push({ path: ['pattern'], message: `${spec.pattern} is not a pattern (RE2)` });
  if (spec.type === 'path' && !isPlainPath(spec.under))
    found.push({ path: ['under'], message: `"under" is no plain folder`, hint: 'write it as in configs/production' });
  if (spec.type === 'secret') found.push(...secretProblems(spec.options));
  if (spec.default !== undefined && spec.default !== '') {
    const wrong = inputProblem(spec, spec.default as Json);
    if (wrong !== undefined) found.push({ path: ['default'], message: `"default" ${wrong}` });
  }
  return found;
}

/** What it asks of policy has to be there; where the policy itself cannot be read, nobody can say. */
function demandProblems({ approvals = [], windows = [] }: Runbook, { policy }: Library): readonly Found[] {
  if (!policy) return [];
  const unknown = (what: string, name: string, known: readonly string[], path: Found['path']): readonly Found[] =>
    known.includes(name)
      ? []
      : [
          {
            path,
            message: `the policy has no ${what} "${name}"`,
            hint: didYouMean(name, known) ?? `there are: ${known.join(', ') || 'none'}`,
          },
        ];
  return [
    ...approvals.flatMap((asked, index) => {
      const team = typeof asked === 'string' ? asked : asked.team;
      return unknown('team', team, policy.teams, ['approvals', index]);
    }),
    ...windows.flatMap((name, index) => unknown('window', name, policy.windows, ['windows', index])),
  ];
}

function secretProblems(options: Extract<RunbookInput, { type: 'secret' }>['options']): readonly Found[] {
  if (Object.keys(options).length === 0) return [{ path: ['options'], message: '"options" names no secret' }];
  return Object.entries(options).flatMap(([name, reference]) =>
    'env' in reference && isOwnSetting(reference.env)
      ? [
          {
            path: ['options', name],
            message: `${reference.env} is a setting of Signalbox itself and is never sent to anybody`,
          },
        ]
      : [],
  );
}

type Outputs = { readonly [id: string]: readonly string[] };
type Part = 'resolve' | 'steps' | 'finally';

/** What the steps of a list may look at: those before it, and the targets of the lists they are done for. */
interface Sight {
  readonly part: Part;
  readonly before: Outputs;
  readonly items: readonly string[];
  /** What steps without an id are called, before their number. */
  readonly stem?: string;
}

class PartsChecker {
  private readonly ids = new Set<string>();

  constructor(
    private readonly document: Runbook | Action,
    private readonly library: Library,
  ) {}

  problems(): readonly Found[] {
    const { document } = this;
    const { resolve = [], finally: last = [] } = 'resolve' in document || 'finally' in document ? document : {};
    const resolving = this.list(resolve, ['resolve'], { part: 'resolve', before: {}, items: [] });
    this.ids.clear();
    const working = this.list(document.steps, ['steps'], { part: 'steps', before: {}, items: [] });
    const before = this.after(document.steps);
    return [
      ...resolving,
      ...working,
      ...this.list(last, ['finally'], { part: 'finally', before, items: [], stem: 'finally' }),
      ...this.outputs(before),
    ];
  }

  private outputs(before: Outputs): readonly Found[] {
    const told = Object.entries(this.document.outputs ?? {});
    if (told.length === 0) return [];
    const step: RunbookStep = { uses: 'expect', with: { that: 'true' }, outputs: this.document.outputs };
    return checkStep({
      step,
      id: '@outputs',
      names: () => this.names({ part: 'steps', before, items: [] }, {}, []),
      later: new Set(),
      library: this.library,
      inputs: {},
      connectionInputs: new Map(),
      secretInputs: {},
      isForTargets: false,
      part: 'steps',
    });
  }

  private list(steps: readonly RunbookStep[], path: Found['path'], sight: Sight, atOnce = false): readonly Found[] {
    const ids = steps.map((step, index) => stepIdOf(step, index, sight.stem));
    return steps.flatMap((step, index) => {
      const id = ids[index]!;
      const twice: Found[] = this.ids.has(id) ? [{ path: ['id'], message: `two steps have the id "${id}"` }] : [];
      this.ids.add(id);
      const earlier = atOnce ? [] : steps.slice(0, index);
      const own: Sight = { ...sight, before: { ...sight.before, ...this.after(earlier, sight.stem) } };
      const others = Object.fromEntries(steps.map((other, at) => [ids[at]!, outputNames(other, this.library)]));
      const problems = checkStep({
        step,
        id,
        names: (tells) => this.names(own, others, tells),
        later: new Set(ids.filter((other) => other !== id && !Object.hasOwn(own.before, other))),
        library: this.library,
        inputs: this.document.inputs ?? {},
        connectionInputs: connectionInputsOf(this.document),
        secretInputs: secretsIn(this.document.inputs ?? {}),
        isForTargets: sight.items.length > 0,
        part: sight.part,
      });
      const inner = this.inner(step, id, own);
      return [...twice, ...problems, ...inner].map((problem) => below([...path, index], problem));
    });
  }

  private inner(step: RunbookStep, id: string, sight: Sight): readonly Found[] {
    if (!step.steps) return [];
    const inside: Sight = { ...sight, stem: id };
    if (step.uses === 'parallel') return this.list(step.steps, ['steps'], inside, true);
    const item = itemNameOf(step);
    const taken = rootNames.includes(item) || sight.items.includes(item);
    const isKept = !compileExpression({ source: item, names: { [item]: 'open' } }).ok;
    const why = taken ? 'means something else already' : isKept ? 'is a word that CEL keeps for itself' : undefined;
    const clash: Found[] = why
      ? [{ path: ['with', 'as'], message: `"${item}" ${why}; give the target another name` }]
      : [];
    return [...clash, ...this.list(step.steps, ['steps'], { ...inside, items: [...sight.items, item] })];
  }

  /** Outputs that steps after these may look at: what was done for each target of a list stays with the target. */
  private after(steps: readonly RunbookStep[], stem = 'step'): Outputs {
    return Object.assign(
      {},
      ...steps.map((step, index) => ({
        [stepIdOf(step, index, stem)]: outputNames(step, this.library),
        ...(step.uses === 'parallel' ? this.after(step.steps ?? [], stepIdOf(step, index, stem)) : {}),
      })),
    ) as Outputs;
  }

  private names(sight: Sight, others: Outputs, tells: readonly string[]) {
    const { document } = this;
    const resolve = 'resolve' in document ? (document.resolve ?? []) : [];
    const isResolving = sight.part === 'resolve';
    return namesFor({
      inputs: document.inputs ?? {},
      // A resolve step sees what the ones before it found; everything else sees all of it.
      resolve: isResolving ? { ...others, ...sight.before } : this.after(resolve),
      steps: isResolving ? {} : { ...others, ...sight.before },
      tells,
      items: sight.items,
    });
  }
}

function connectionInputsOf({ inputs = {} }: Runbook | Action): ConnectionNames {
  return new Map(
    Object.entries(inputs).flatMap(([name, spec]) => (spec.type === 'connection' ? [[name, spec.kind] as const] : [])),
  );
}
