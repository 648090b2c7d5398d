import { isInstant } from '../documents/instant';
import { didYouMean } from '../documents/nearest';
import { compileExpression } from '../expressions/cel';
import type { Json } from '../json';
import type { Found, StepPlace } from './check-step';
import { bareCondition, hasTemplate } from './expressions';
import { inputProblem, wanted } from './inputs';
import { nestedIn, type Library, type Nested } from './library';
import type { RunbookStep } from './schema';
import { itemNameOf } from './scope';
import type { StepKindSpec } from './step-kind';

/** Keys that say how a runner does a step; what the run carries out itself has no use for them. */
const runnerKeys = ['find', 'repeat', 'retry', 'until', 'every', 'for', 'timeout'] as const;

/** Everything that is wrong with a step in what only steps like it have: its own steps, what it runs, whom it names. */
export function controlProblems(place: StepPlace, kind: StepKindSpec | undefined): readonly Found[] {
  const { step, library, part } = place;
  const inner = nestedIn(step, library);
  const control = inner ? 'sequence' : kind?.control;
  const found: Found[] = [...skipProblems(place, control)];
  if (step.steps && !kind?.group) found.push({ path: ['steps'], message: `${step.uses} has no steps of its own` });
  if (!control) return found;
  if (part === 'resolve')
    found.push({ path: ['uses'], message: `a resolve step only looks, and ${step.uses} is no look` });
  if (control === 'approval' && step['on-failure'] !== undefined && step['on-failure'] !== 'stop')
    found.push({ path: ['on-failure'], message: 'what people did not approve does not go on' });
  if (kind?.group && !step.steps) found.push({ path: ['uses'], message: `${step.uses} needs "steps"` });
  for (const key of runnerKeys)
    if (step[key] !== undefined) found.push({ path: [key], message: `${step.uses} has no "${key}"` });
  found.push(...undoProblems(step, control), ...(inner ? nestedProblems(step, inner, library) : []));
  return [...found, ...namedProblems(place, kind)];
}

/** Only what the card shows as one step of the work can be passed over. */
function skipProblems({ step, part, isForTargets }: StepPlace, control: string | undefined): readonly Found[] {
  if (!step.skippable) return [];
  const path = ['skippable'];
  if (control === 'approval') return [{ path, message: 'an approval that anybody may pass over is none' }];
  if (part !== 'steps') return [{ path, message: 'only steps of the work can be passed over' }];
  if (isForTargets || control === 'foreach')
    return [{ path, message: 'nobody can say which of many targets is to be passed over' }];
  if (control === 'sequence' || control === 'parallel')
    return [
      { path, message: `${step.uses} is not passed over as a whole`, hint: 'write skippable at the steps in it' },
    ];
  return [];
}

function undoProblems({ undo, uses }: RunbookStep, control: string): readonly Found[] {
  if (undo === undefined || (control === 'operation' && typeof undo === 'string')) return [];
  if (control === 'operation')
    return [{ path: ['undo'], message: `${uses} is undone by "rollback" or not at all`, hint: 'write undo: rollback' }];
  if (undo === 'none' && (control === 'workflow' || control === 'notify')) return [];
  return [{ path: ['undo'], message: `${uses} has no undo of its own; what it did is undone by its steps` }];
}

function nestedProblems(step: RunbookStep, inner: Nested, library: Library): readonly Found[] {
  if (inner.kind === 'missing') {
    const { what, name, known } = inner;
    if (library.unread?.has(`${what} ${name}`)) return [];
    const hint = didYouMean(name, known) ?? `${what}s: ${known.join(', ') || 'none yet'}`;
    return [
      { path: what === 'action' ? ['uses'] : ['with', 'runbook'], message: `there is no ${what} "${name}"`, hint },
    ];
  }
  const found: Found[] = [];
  const { document, what } = inner;
  if (step.outputs)
    found.push({
      path: ['outputs'],
      message: `the outputs of ${what} ${document.name} are told by itself, by their names`,
    });
  if ('resolve' in document && (document.resolve ?? []).length > 0)
    found.push({
      path: ['uses'],
      message: `${document.name} has "resolve" steps, which run only before people are asked; move them into its steps`,
    });
  if ('finally' in document && (document.finally ?? []).length > 0)
    found.push({
      path: ['uses'],
      message: `${document.name} has "finally" steps, which come only when it runs by itself; move them to this runbook`,
    });
  return [...found, ...inputProblems(inner, what === 'action' ? ['with'] : ['with', 'inputs'])];
}

/** Inputs that another runbook does not take, lacks, or cannot take as they are written. */
function inputProblems(
  { document, inputs, what }: Extract<Nested, { kind: 'found' }>,
  path: Found['path'],
): readonly Found[] {
  const declared = document.inputs ?? {};
  const given = inputs as { readonly [name: string]: Json };
  const names = Object.keys(declared);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  return [
    ...unknown.map((name) => ({
      path: [...path, name],
      message: `the ${what} ${document.name} has no input "${name}"`,
      hint: didYouMean(name, names) ?? `it takes: ${names.join(', ') || 'nothing'}`,
    })),
    ...Object.entries(declared).flatMap(([name, spec]): Found[] => {
      const value = given[name];
      if (value === undefined)
        return spec.default === undefined
          ? [{ path, message: `the ${what} ${document.name} needs the input "${name}": ${wanted(spec)}` }]
          : [];
      const wrong = hasTemplate(value) ? undefined : inputProblem(spec, value);
      return wrong === undefined ? [] : [{ path: [...path, name], message: `"${name}" ${wrong}` }];
    }),
  ];
}

function namedProblems(place: StepPlace, kind: StepKindSpec | undefined): readonly Found[] {
  const { step, library } = place;
  const given = (step.with ?? {}) as { readonly [key: string]: unknown };
  switch (kind?.control) {
    case 'foreach':
      return keyProblems(place);
    case 'approval':
      return teamsIn(given.from).flatMap(([at, team]) => unknownName(library, 'teams', team, ['with', 'from', at]));
    case 'wait':
      return [...unknownName(library, 'windows', given.window, ['with', 'window']), ...instantProblems(given.until)];
    case 'operation':
      return [
        ...unknownName(library, 'services', given.service, ['with', 'service']),
        ...unknownName(library, 'environments', given.environment, ['with', 'environment']),
        ...unknownRollout(library, given.rollout),
      ];
    default:
      return [];
  }
}

function keyProblems({ step, names }: StepPlace): readonly Found[] {
  const key = step.with?.key;
  if (typeof key !== 'string') return [];
  const compiled = compileExpression({ source: bareCondition(key), names: names([itemNameOf(step)]) });
  return compiled.ok ? [] : compiled.problems.map(({ message, hint }) => ({ path: ['with', 'key'], message, hint }));
}

function teamsIn(from: unknown): readonly (readonly [number, unknown])[] {
  if (!Array.isArray(from)) return [];
  return from.map((entry: unknown, at) => [
    at,
    typeof entry === 'object' && entry !== null ? (entry as { team?: unknown }).team : entry,
  ]);
}

function instantProblems(until: unknown): readonly Found[] {
  if (typeof until !== 'string' || hasTemplate(until) || isInstant(until)) return [];
  return [
    {
      path: ['with', 'until'],
      message: `"${until}" is not an instant`,
      hint: 'write it as in 2026-12-01T22:00:00+01:00',
    },
  ];
}

function unknownRollout({ rollouts }: Library, name: unknown): readonly Found[] {
  if (!rollouts || typeof name !== 'string' || hasTemplate(name) || rollouts.includes(name)) return [];
  const hint = didYouMean(name, rollouts) ?? `add deployments/${name}.yaml`;
  return [{ path: ['with', 'rollout'], message: `there is no rollout "${name}"`, hint }];
}

function unknownName(
  { policy }: Library,
  what: keyof NonNullable<Library['policy']>,
  name: unknown,
  path: Found['path'],
): readonly Found[] {
  if (!policy || typeof name !== 'string' || hasTemplate(name) || policy[what].includes(name)) return [];
  const hint = didYouMean(name, policy[what]) ?? `${what}: ${policy[what].join(', ') || 'none'}`;
  return [{ path, message: `the policy has no ${what.slice(0, -1)} "${name}"`, hint }];
}
