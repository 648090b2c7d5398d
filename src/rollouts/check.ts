import type { Problem } from '../documents/problem';
import { compileRollout, type Metrics } from './compile';
import type { Rollout } from './schema';

/** What is wrong with the meaning of a rollout; its shape has been read already. */
export function checkRollout(input: {
  readonly file: string;
  readonly rollout: Rollout;
  readonly metrics: Metrics;
  readonly lineOf: (path: readonly (string | number)[]) => number;
  /** Column of the same; absent: problems stand at the beginning of the line. */
  readonly columnOf?: (path: readonly (string | number)[]) => number;
}): readonly Problem[] {
  const compiled = compileRollout({ rollout: input.rollout, metrics: input.metrics });
  if (compiled.ok) return [];
  return compiled.problems.map((problem) => {
    const path = ['deployment', ...problem.path];
    return {
      file: input.file,
      line: input.lineOf(path),
      column: input.columnOf?.(path) ?? 1,
      key: path.join('.'),
      message: problem.message,
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    };
  });
}
