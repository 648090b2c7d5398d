import type { StepView } from './view';

type Row = Pick<StepView, 'state' | 'depth'>;

/** At most `most` rows in the plan's order: what happens now, what failed, and what stands around what happens now. */
export function tellingSteps<Step extends Row>(steps: readonly Step[], most: number): readonly Step[] {
  if (steps.length <= most) return steps;
  const present = presentStep(steps);
  const indexes = steps.map((_, index) => index);
  const near = indexes.sort((a, b) => Math.abs(a - present) - Math.abs(b - present) || a - b);
  const failed = near.filter((index) => ['failed', 'undo_failed'].includes(steps[index]!.state));
  const kept = [...new Set([present, ...failed, ...near])].slice(0, most);
  return kept.sort((a, b) => a - b).map((index) => steps[index]!);
}

/** What is undone goes before what is done; where nothing happens, the next one is the present one, else the last. */
const presentFirst: readonly Row['state'][] = ['undo_failed', 'undoing', 'running', 'failed', 'waiting'];

function presentStep(steps: readonly Row[]): number {
  for (const state of presentFirst) {
    const index = state === 'waiting' ? steps.findIndex((step) => step.state === state) : innermost(steps, state);
    if (index >= 0) return index;
  }
  return steps.length - 1;
}

/** The first one in this state; a group is in the state of its parts, so the part goes before the group. */
function innermost(steps: readonly Row[], state: Row['state']): number {
  let found = steps.findIndex((step) => step.state === state);
  for (let index = found + 1; found >= 0 && index < steps.length; index += 1) {
    if ((steps[index]!.depth ?? 0) <= (steps[found]!.depth ?? 0)) break;
    if (steps[index]!.state === state) found = index;
  }
  return found;
}
