import { tellingSteps } from '../operation/telling-steps';
import type { OperationView, StepView } from '../operation/view';
import { parseDuration } from '../runbooks/duration';
import { stepLook } from './states';
import { duration, safe } from './text';

/** A card is read on a phone: more steps than this are counted, not listed. */
const stepsShown = 12;

/**
 * One line a step: mark, name, how long, what came of it. The interesting ones when there are too many. What `said`
 * says, which stands above them, is not said once more.
 */
export function progressLines(view: OperationView, said = ''): string[] {
  if (view.steps.length === 0) return [];
  const shown = tellingSteps(view.steps, stepsShown);
  const hidden = view.steps.length - shown.length + view.moreSteps;
  return [
    `*Steps* (${view.stepsDone} of ${view.steps.length + view.moreSteps} done)`,
    ...shown.map((step) => stepLine(step, said)),
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
  ];
}

function stepLine(step: StepView, said: string): string {
  const { mark, words } = stepLook(step.state);
  const took = lasted(step);
  // What an undo answered is for the thread; that it is undone is enough here.
  const isSaid = step.state === 'failed' && said.includes(step.summary?.replace(/[.\s]+$/, '') ?? '');
  const summary = step.summary && step.state !== 'undone' && !isSaid ? `: ${safe(step.summary, 160)}` : '';
  const state = step.state === 'waiting' || step.state === 'done' ? '' : `, ${words}`;
  const indent = '\u2003'.repeat(Math.min(step.depth ?? 0, 3));
  return `${indent}${mark} ${safe(step.name, 100)}${state}${summary}${took ? ` _${took}_` : ''}`;
}

/** How long a step took; nothing when nobody would have noticed, or when its name says it: `Watch error_rate for 8s`. */
function lasted(step: StepView): string {
  const [start, end] = [Date.parse(step.startedAt ?? ''), Date.parse(step.endedAt ?? '')];
  const ms = end - start;
  if (Number.isNaN(ms) || ms < 1_000) return '';
  const named = parseDuration(/ for (\S+)$/.exec(step.name)?.[1] ?? '');
  return step.state === 'done' && named !== undefined && ms >= named ? '' : duration(ms);
}
