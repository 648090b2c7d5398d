import { digestOf } from '../canonical';
import type { Json, JsonObject } from '../json';
import { inputsKey, type Plan, type PlanStep, type Scope, type StepCall } from '../operation/plan';
import type { Undoing } from '../resources/resource';
import { insideOf } from './circle';
import { TreeBuilder } from './compile-tree';
import type { Library } from './library';
import type { Runbook } from './schema';

/** `destroy:` of a runbook whose own undo takes away what it made. */
export const byUndo = 'undo';

type Documents = Pick<Library, 'runbooks' | 'actions'>;

/** The steps of a runbook as they are laid out in its plan, whatever its inputs are. */
function laidOut(runbook: Runbook, library: Documents): readonly PlanStep[] {
  const tree = new TreeBuilder(library, {});
  tree.add(runbook.steps, { prefix: '', scope: runbook.name, phase: 'work' });
  return tree.steps;
}

/**
 * Hash of the steps that would take away what a runbook makes. Whoever approved the making approved them: as long as it
 * stays the same, the end of a lease needs nobody. Undefined where the runbook that is to do it is not there.
 */
export function teardownDigest(runbook: Runbook, library: Documents): string | undefined {
  const how = runbook.resource?.destroy ?? byUndo;
  if (how !== byUndo) return runbookDigest(how, library);
  const steps = laidOut(runbook, library);
  const undos = steps
    .filter(hasUndo)
    .map(({ path, undo, pool }) => ({ path, ...whatOf(undo), pool: poolOf(undo, pool) }));
  const parts = steps
    .filter(({ phase }) => phase === 'undo')
    .map(({ path, uses, with: given, pool }) => ({ path, uses, given, pool }));
  return digestOf({ undos, parts } as unknown as Json);
}

/** What an undo does; how often and how long it is tried changes nothing of it. */
function whatOf(undo: PlanStep['undo']): { readonly undo: PlanStep['undo'] | StepCall } {
  return { undo: typeof undo === 'object' && 'uses' in undo ? { uses: undo.uses, with: undo.with } : undo };
}

function poolOf(undo: PlanStep['undo'], pool: string): string {
  return typeof undo === 'object' && 'uses' in undo ? undo.pool : pool;
}

/** Hash of a runbook with everything that runs inside of it; undefined where there is none of that name. */
export function runbookDigest(runbook: string, library: Documents): string | undefined {
  const document = library.runbooks.get(runbook);
  if (!document) return undefined;
  const inside = insideOf(document, library).map((inner) => inner.document);
  return digestOf([document, ...inside] as unknown as Json);
}

/** What of a run has to be kept so that it can be undone in an operation of its own, long after. */
export function keptForUndo(
  steps: readonly PlanStep[],
  scopes: { readonly [scope: string]: Scope },
  begun: Undoing,
): Undoing {
  const undone = steps.filter((step) => hasUndo(step) && begun.paths.includes(step.path));
  const wanted = new Set(undone.flatMap((step) => lookedAt(step, { steps, scopes })));
  const outputs = Object.entries(begun.outputs).filter(([path]) => wanted.has(path));
  return { paths: begun.paths, outputs: Object.fromEntries(outputs) };
}

/** Keys of the outputs that the undo of a step looks at, with the inputs of the runbook inside which it stands. */
function lookedAt(
  step: PlanStep,
  { steps, scopes }: { readonly steps: readonly PlanStep[]; readonly scopes: { readonly [scope: string]: Scope } },
): readonly string[] {
  const call = undoCall(step, steps);
  const ids = new Set([...JSON.stringify(call ?? {}).matchAll(/\bsteps\.([a-z][a-z0-9_]*)/g)].map(([, id]) => id));
  const beside = steps.filter(({ scope, id, phase }) => scope === step.scope && phase !== 'undo' && ids.has(id));
  const from = scopes[step.scope]?.from;
  return [...beside.map(({ path }) => path), ...(from === undefined ? [] : [inputsKey(from)])];
}

function undoCall(step: PlanStep, steps: readonly PlanStep[]): JsonObject | undefined {
  const { undo } = step;
  if (typeof undo !== 'object') return undefined;
  if ('uses' in undo) return undo.with;
  return steps.find(({ path }) => path === undo.group)?.with;
}

function hasUndo({ undo }: PlanStep): boolean {
  return typeof undo === 'object';
}

/** The undo of a run as steps of their own, in reverse, and what their expressions need besides. */
export function teardownSteps(
  steps: readonly PlanStep[],
  { scopes, undoing }: { readonly scopes: { readonly [scope: string]: Scope }; readonly undoing: Undoing },
): {
  readonly steps: readonly PlanStep[];
  readonly scopes: { readonly [scope: string]: Scope };
  readonly given: NonNullable<Plan['given']>;
  /** Steps that were begun and that the runbook no longer knows, or no longer undoes. */
  readonly lost: readonly string[];
} {
  const byPath = new Map(steps.map((step) => [step.path, step]));
  const newestFirst = [...undoing.paths].reverse();
  const lost = newestFirst.filter((path) => typeof byPath.get(path)?.undo !== 'object');
  const laid = newestFirst.flatMap((path) => {
    const step = byPath.get(path);
    return step ? undoneBy(step, steps) : [];
  });
  const kept = new Set(laid.map(({ path }) => path));
  const settled = Object.entries(scopes).map(([name, scope]): [string, Scope] => {
    const isDone = scope.from !== undefined && !kept.has(scope.from);
    return [name, isDone ? { inputs: undoing.outputs[inputsKey(scope.from!)] ?? {} } : scope];
  });
  return { steps: laid, scopes: Object.fromEntries(settled), given: givenOf(steps, undoing), lost };
}

function givenOf(steps: readonly PlanStep[], { outputs }: Undoing): NonNullable<Plan['given']> {
  const given: { [scope: string]: { [id: string]: JsonObject } } = {};
  for (const { path, scope, id, phase } of steps) {
    const told = outputs[path];
    if (told && phase !== 'undo') (given[scope] ??= {})[id] = told;
  }
  return given;
}

/** What undoes one step: a step that is nothing but the call, or the group of steps with its parts. */
function undoneBy(step: PlanStep, steps: readonly PlanStep[]): readonly PlanStep[] {
  const { undo } = step;
  if (typeof undo !== 'object') return [];
  if ('uses' in undo) {
    const {
      id: _id,
      if: _if,
      find: _find,
      outputs: _outputs,
      until: _until,
      expect: _expect,
      summary: _summary,
      ...rest
    } = step;
    const { inside: _inside, skippable: _skippable, stage: _stage, ...bare } = rest;
    return [
      {
        ...bare,
        control: 'step',
        path: `${step.path}/undo`,
        id: 'undo',
        name: `Undo of “${step.name}”`,
        ...undo,
        repeat: 'safe',
        undo: 'none',
        onFailure: 'stop',
        phase: 'work',
      },
    ];
  }
  const prefix = `${undo.group}/`;
  return steps
    .filter(({ path }) => path === undo.group || path.startsWith(prefix))
    .map((part) => ({ ...part, phase: 'work' as const }));
}
