import type { OperationAct } from '../../src/operation/ports';
import type { Question } from '../../src/operation/view';
import type { Facts } from './state';

/** What an operation knows of the questions that people may decide. */
export type Asked = Pick<Facts, 'state' | 'steps' | 'asked' | 'decided'>;

/** What people may decide about now: what failed and asks, or else the steps under way that may be passed over. */
export function openQuestions({ state, steps, asked }: Asked): readonly Question[] {
  if (state === 'needs_hands' || state === 'needs_decision') return asked ? [asked] : [];
  if (state !== 'running') return [];
  const skippable = steps.filter((step) => step.state === 'running' && step.skippable);
  return skippable.map(({ path, name }) => ({ id: path, step: name }));
}

/** What an act decides about: what it names, or what is asked first. Undefined where it decides about nothing that is asked. */
export function questionOf(act: OperationAct, asked: Asked): Question | undefined {
  if (!isAnswer(act)) return undefined;
  const open = openQuestions(asked);
  return act.question === undefined ? open[0] : open.find(({ id }) => id === act.question);
}

/** The act with the name of what it decides about, so that it reaches nothing else on its way to the run. */
export function naming(act: OperationAct, about: Question | undefined): OperationAct {
  return about && isAnswer(act) ? { ...act, question: about.id } : act;
}

type Answer = Extract<OperationAct, { kind: 'retry_step' | 'skip_step' | 'retry_undo' | 'done_by_hand' | 'leave_it' }>;

function isAnswer(act: OperationAct): act is Answer {
  return ['retry_step', 'skip_step', 'retry_undo', 'done_by_hand', 'leave_it'].includes(act.kind);
}

/** Why an act decides about nothing that is asked now; the sentence is for the person who tried. */
export function objectionToAnswer(act: Answer, asked: Asked): string | undefined {
  const meant = questionOf(act, asked);
  if (meant && asked.decided?.includes(meant.id))
    return `Somebody has just decided about “${meant.step}”, so nothing was done; the card shows what comes of it.`;
  if (meant) return undefined;
  const [now] = openQuestions(asked);
  if (act.question !== undefined) {
    const next = now
      ? `now it is about “${now.step}”: look at the card and decide there`
      : 'the card shows how it goes on';
    return `That was decided already or is over, so nothing was done; ${next}.`;
  }
  if (asked.state !== 'running') return undefined;
  return 'No step runs now that may be passed over, so nothing was done; abort it if it has to stop.';
}
