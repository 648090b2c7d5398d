import type { ActAnswer, OperationAct } from '../../src/operation/ports';
import type { OperationState } from '../../src/operation/view';

const beforeEffects: readonly OperationState[] = ['preparing', 'waiting', 'queued', 'checking'];

/** Whether an act makes sense in this state; the sentence is for the person who tried. */
export function objectionToAct(act: OperationAct, state: OperationState, mayCancel: boolean): string | undefined {
  switch (act.kind) {
    case 'resync':
      return undefined;
    case 'cancel':
      if (!beforeEffects.includes(state))
        return `It is ${inWords(state)}, so it cannot be cancelled any more; abort it instead if it still runs.`;
      return mayCancel
        ? undefined
        : 'Only the person who asked, and those who approved it, may cancel a waiting request; an approver who has not voted yet can reject it.';
    case 'abort':
      if (state === 'undoing')
        return 'It is already being undone, so there is nothing to abort; wait for the outcome on the card.';
      return state === 'running' || state === 'watching'
        ? undefined
        : `It is ${inWords(state)}, so there is nothing to abort.`;
    case 'finish_watch':
      return state === 'watching' ? undefined : `It is ${inWords(state)}, so there is no watch to end.`;
    case 'retry_undo':
    case 'done_by_hand':
    case 'leave_it':
      if (state !== 'needs_hands') return `It is ${inWords(state)}; no hands are needed now.`;
      return act.reason.trim() ? undefined : 'Please say why in a few words; the reason goes into the record.';
  }
}

export function isAct(value: unknown): value is OperationAct {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

export function answer(objection: string | undefined, done: string): ActAnswer {
  return objection === undefined ? { kind: 'done', sentence: done } : { kind: 'refused', sentence: objection };
}

function inWords(state: OperationState): string {
  return state.replace('_', ' ');
}
