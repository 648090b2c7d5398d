import type { Found } from './check-step';
import { inputTextProblems } from './check-input-text';
import { insideOf } from './circle';
import { parseDuration } from './duration';
import { templateParts } from './expressions';
import { nestedIn, type Library } from './library';
import type { Action, Runbook, RunbookStep } from './schema';
import { byUndo } from './teardown';

const provisionFolder = 'runbooks/provision/';
/** Words of `/provision` itself: a runbook of that name could never be asked for. */
const ownWords = ['list', 'extend', 'destroy', 'servers'];

/** What is wrong with what a runbook says of the thing that it makes. */
export function resourceProblems(file: string, runbook: Runbook, library: Library): readonly Found[] {
  const isProvision = file.startsWith(provisionFolder);
  const found: Found[] = [];
  if (isProvision && ownWords.includes(runbook.name))
    found.push({
      path: ['name'],
      message: `"/provision ${runbook.name}" means something else already`,
      hint: 'give it another name',
    });
  const { resource } = runbook;
  if (!resource) return found;
  if (!isProvision)
    found.push({
      path: ['resource'],
      message: 'only a runbook under runbooks/provision/ makes a resource',
      hint: `move it to runbooks/provision/${runbook.name}.yaml`,
    });
  const own = [...nameProblems(runbook, library), ...leaseProblems(resource), ...destroyProblems(runbook, library)];
  return [...found, ...own.map((problem) => ({ ...problem, path: ['resource', ...problem.path] }))];
}

/**
 * Runbooks whose undo would take away what they make, and that people start by `/provision`, but that say nothing of it:
 * nothing of what they make is ever listed, extended or destroyed. What runs inside another is recorded with that one.
 */
export function unrecordedIn(
  runbooks: ReadonlyMap<string, Filed>,
  library: Library,
  handlers: readonly { readonly runbook: string }[],
): readonly Filed[] {
  const inside = [...runbooks.values()]
    .flatMap(({ document }) => insideOf(document, library))
    .flatMap(({ what, name }) => (what === 'runbook' ? [name] : []));
  const isCalled = new Set([...inside, ...handlers.map(({ runbook }) => runbook)]);
  return [...runbooks.values()].filter(
    ({ file, document }) =>
      file.startsWith(provisionFolder) &&
      !document.resource &&
      !isCalled.has(document.name) &&
      undosIn(document, library).length > 0,
  );
}

interface Filed {
  readonly file: string;
  readonly document: Runbook;
}

/** The name is known before anybody approves, so it looks at nothing but the inputs. */
function nameProblems(runbook: Runbook, library: Library): readonly Found[] {
  return inputTextProblems({ text: runbook.resource!.name, inputs: runbook.inputs, library }).map((problem) => ({
    ...problem,
    path: ['name'],
  }));
}

function leaseProblems({ lease }: NonNullable<Runbook['resource']>): readonly Found[] {
  if (!lease) return [];
  const found: Found[] = [];
  for (const key of ['default', 'max', 'remind'] as const) {
    const text = lease[key];
    if (text === undefined || (parseDuration(text) ?? 0) > 0) continue;
    found.push({ path: ['lease', key], message: `"${text}" is not a length of time`, hint: 'write 12h or 3d' });
  }
  const [usual = 0, max = Infinity] = [parseDuration(lease.default), lease.max && parseDuration(lease.max)].map(
    (ms) => ms || undefined,
  );
  if (usual > max) found.push({ path: ['lease', 'default'], message: '"default" is longer than "max"' });
  return found;
}

function destroyProblems(runbook: Runbook, library: Library): readonly Found[] {
  const how = runbook.resource!.destroy ?? byUndo;
  if (how !== byUndo) return runbookProblems(runbook, how, library);
  const undos = undosIn(runbook, library);
  const problem =
    undos.length === 0
      ? 'none of its steps has an undo, so nothing would take it away'
      : undos.find((each) => each.problem)?.problem;
  if (problem === undefined) return [];
  return [{ path: ['destroy'], message: problem, hint: 'name a runbook that takes it away: destroy: <runbook>' }];
}

/** A runbook that takes it away gets, of its inputs, what was recorded under their names. */
function runbookProblems(runbook: Runbook, name: string, library: Library): readonly Found[] {
  const other = library.runbooks.get(name);
  if (!other) {
    if (library.unread?.has(`runbook ${name}`)) return [];
    return [
      {
        path: ['destroy'],
        message: `there is no runbook "${name}"`,
        hint: 'write undo for its own, or the name of a runbook',
      },
    ];
  }
  const recorded = new Set([
    ...Object.keys(runbook.inputs ?? {}),
    ...Object.keys(runbook.outputs ?? {}),
    'service',
    'environment',
  ]);
  const missing = Object.entries(other.inputs ?? {}).filter(
    ([input, { default: usual }]) => usual === undefined && !recorded.has(input),
  );
  if (missing.length === 0) return [];
  const names = missing.map(([input]) => input).join(', ');
  return [
    {
      path: ['destroy'],
      message: `the runbook ${name} needs ${names}, and neither an input nor an output of this one is called that`,
      hint: 'add it under outputs, or give it a default there',
    },
  ];
}

interface Undo {
  readonly problem?: string;
}

/** Every undo of a runbook and of what runs inside it, with what keeps it from being done by itself later. */
function undosIn(document: Runbook | Action, library: Library): readonly Undo[] {
  const search = (steps: readonly RunbookStep[], inList: boolean): readonly Undo[] =>
    steps.flatMap((step) => {
      const inner = nestedIn(step, library);
      const own = step.undo === undefined || step.undo === 'none' ? [] : [undoOf(step, inList)];
      const parts = search(step.steps ?? [], inList || step.uses === 'foreach');
      return [...own, ...parts, ...(inner?.kind === 'found' ? search(inner.document.steps, inList) : [])];
    });
  return search(document.steps, false);
}

function undoOf(step: RunbookStep, inList: boolean): Undo {
  const called = `the undo of "${step.name ?? step.id ?? step.uses}"`;
  if (inList) return { problem: `${called} is that of one target of many, which is not recorded` };
  if (step.undo === 'rollback') return { problem: `${called} is a rollback, which has a command of its own` };
  const looks = expressionsIn(step.undo).join(' ');
  for (const root of ['resolve', 'operation'])
    if (new RegExp(`\\b${root}\\.`).test(looks))
      return { problem: `${called} looks at ${root}, which is another one when it is taken away later` };
  return {};
}

function expressionsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') {
    const cut = templateParts(value);
    return cut.ok ? cut.parts.flatMap((part) => (part.kind === 'expression' ? [part.source] : [])) : [];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(expressionsIn) : [];
}
