import type { Problem } from '../documents/problem';
import type { Json } from '../json';
import { checkStep, type Found } from './check-step';
import type { ConnectionNames } from './connection-inputs';
import { inputProblem, isPattern } from './inputs';
import { stepIdOf, type Runbook, type RunbookInput, type RunbookStep } from './schema';
import { namesFor } from './scope';

/** What is wrong with the meaning of a runbook; its shape has been read already. All problems are told at once. */
export function checkRunbook(input: {
  readonly file: string;
  readonly runbook: Runbook;
  /** The connections in the policy repository. */
  readonly connections: ConnectionNames;
  readonly lineOf: (path: readonly (string | number)[]) => number;
}): readonly Problem[] {
  const { file, runbook, lineOf } = input;
  const found = [
    ...nameProblems(file, runbook),
    ...Object.entries(runbook.inputs ?? {}).flatMap(([name, spec]) =>
      declarationProblems(spec).map((problem) => below(['inputs', name], problem)),
    ),
    ...partProblems(runbook, 'resolve', input.connections),
    ...partProblems(runbook, 'steps', input.connections),
  ];
  return found.map(({ path, message, hint }) => ({
    file,
    line: lineOf(path),
    column: 1,
    key: path.join('.'),
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
}

function below(path: Found['path'], problem: Found): Found {
  return { ...problem, path: [...path, ...problem.path] };
}

function nameProblems(file: string, runbook: Runbook): readonly Found[] {
  const stem = /([^/]+)\.ya?ml$/.exec(file)?.[1];
  if (stem === undefined || stem === runbook.name) return [];
  const message = `"name" is ${runbook.name}, but the file is called ${stem}.yaml; commands find a runbook by both`;
  return [{ path: ['name'], message }];
}

function declarationProblems(spec: RunbookInput): readonly Found[] {
  const found: Found[] = [];
  if ('min' in spec && spec.min !== undefined && spec.max !== undefined && spec.min > spec.max)
    found.push({ path: ['min'], message: `"min" is greater than "max"` });
  if (spec.type === 'string' && spec.pattern !== undefined && !isPattern(spec.pattern))
    found.push({ path: ['pattern'], message: `${spec.pattern} is not a pattern (RE2)` });
  if (spec.default !== undefined && spec.default !== '') {
    const wrong = inputProblem(spec, spec.default as Json);
    if (wrong !== undefined) found.push({ path: ['default'], message: `"default" ${wrong}` });
  }
  return found;
}

function partProblems(runbook: Runbook, part: 'resolve' | 'steps', connections: ConnectionNames): readonly Found[] {
  const steps = runbook[part] ?? [];
  const ids = steps.map(stepIdOf);
  return steps.flatMap((step, index) => {
    const later = new Set(ids.slice(index + 1));
    const found = checkStep({
      step,
      id: ids[index]!,
      names: (tells) =>
        namesFor({
          inputs: runbook.inputs ?? {},
          // A resolve step sees what the ones before it found; everything else sees all of it.
          resolve: outputsOf((runbook.resolve ?? []).slice(0, part === 'resolve' ? index : undefined)),
          steps: part === 'resolve' ? {} : outputsOf(steps),
          tells,
        }),
      later,
      connections,
      connectionInputs: connectionInputsOf(runbook),
      part,
    });
    const twice = ids.indexOf(ids[index]!) !== index;
    const again: Found[] = twice ? [{ path: ['id'], message: `two steps have the id "${ids[index]}"` }] : [];
    return [...again, ...found].map((problem) => below([part, index], problem));
  });
}

function connectionInputsOf(runbook: Runbook): ConnectionNames {
  return new Map(
    Object.entries(runbook.inputs ?? {}).flatMap(([name, spec]) =>
      spec.type === 'connection' ? [[name, spec.kind] as const] : [],
    ),
  );
}

function outputsOf(steps: readonly RunbookStep[]): { readonly [id: string]: readonly string[] } {
  return Object.fromEntries(steps.map((step, index) => [stepIdOf(step, index), Object.keys(step.outputs ?? {})]));
}
