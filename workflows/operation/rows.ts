import type { StepOutline } from '../../src/operation/plan';
import type { StepView } from '../../src/operation/view';

/** A step as the card shows it, with what finds it again. */
export interface StepRow extends StepView {
  readonly path: string;
  readonly skippable?: true;
}

/** One row a step: none for the targets of a list, which its own row counts, and none for what only undoes. */
export function rowsOf(steps: readonly StepOutline[]): StepRow[] {
  const depths = new Map<string, number>();
  const rows: StepRow[] = [];
  for (const step of steps) {
    const depth = step.inside === undefined ? 0 : depths.get(step.inside);
    if (depth === undefined || step.phase === 'undo') continue;
    if (step.control !== 'foreach') depths.set(step.path, depth + 1);
    rows.push({
      path: step.path,
      name: step.name,
      state: 'waiting',
      ...(depth === 0 ? {} : { depth }),
      ...(canPassOver(step) ? { skippable: true } : {}),
    });
  }
  return rows;
}

/** What cleans up is not stopped by anybody, and of a group only its steps are called off. */
function canPassOver({ skippable, phase, control }: StepOutline): boolean {
  return skippable === true && phase !== 'finally' && !['sequence', 'parallel', 'foreach'].includes(control);
}
