import type { OperationAct } from '../../src/operation/ports';
import type { OperationState, Question } from '../../src/operation/view';
import { objectionToAnswer, type Asked } from './question';

const beforeEffects: readonly OperationState[] = ['preparing', 'waiting', 'queued', 'checking'];

/** Whether an act makes sense as things are; the sentence is for the person who tried. */
export function objectionToAct(act: OperationAct, asked: Asked): string | undefined {
  const { state } = asked;
  switch (act.kind) {
    case 'resync':
      return undefined;
    case 'cancel':
      return beforeEffects.includes(state)
        ? undefined
        : `It is ${inWords(state)}, so it cannot be cancelled any more; abort it instead if it still runs.`;
    case 'abort':
      if (state === 'undoing')
        return 'It is already being undone, so there is nothing to abort; wait for the outcome on the card.';
      if (state !== 'watching' && !isUnderWay(state)) return `It is ${inWords(state)}, so there is nothing to abort.`;
      return act.undo === 'no' ? objectionToReason(act) : undefined;
    case 'pause':
      return state === 'running' ? undefined : `It is ${inWords(state)}, so there is nothing to pause.`;
    case 'resume':
      return state === 'held' || state === 'running' ? undefined : `It is ${inWords(state)}, so nothing is paused.`;
    case 'retry_step':
      if (state !== 'needs_decision') return `It is ${inWords(state)}; no step asks to be tried again.`;
      return objectionToAnswer(act, asked);
    case 'skip_step':
      if (state !== 'needs_decision' && state !== 'running')
        return `It is ${inWords(state)}, so there is no step to pass over.`;
      return objectionToAnswer(act, asked);
    case 'signal':
      return isUnderWay(state) ? undefined : `It is ${inWords(state)}, so no step waits for a signal.`;
    case 'finish_watch':
      return state === 'watching' ? undefined : `It is ${inWords(state)}, so there is no watch to end.`;
    case 'retry_undo':
    case 'done_by_hand':
    case 'leave_it':
      if (state !== 'needs_hands') return `It is ${inWords(state)}; no hands are needed now.`;
      return objectionToAnswer(act, asked) ?? objectionToReason(act);
  }
}

/** What leaves a trace that nobody can read off the steps has to say why. */
function objectionToReason({ reason }: { readonly reason?: string }): string | undefined {
  return reason?.trim() ? undefined : 'Please say why in a few words; the reason goes into the record.';
}

function isUnderWay(state: OperationState): boolean {
  return state === 'running' || state === 'held' || state === 'needs_decision';
}

const doneSentences: { readonly [kind in OperationAct['kind']]: string } = {
  cancel: 'It is cancelled; nothing was changed.',
  abort: 'It is being stopped; what was done is undone in reverse, and the card shows it.',
  pause: 'It stops before its next step; what runs now runs to its end.',
  resume: 'It goes on.',
  retry_step: 'The step is tried again; of a list, only what failed or was not begun.',
  skip_step: 'The step is passed over.',
  signal: 'The signal is given.',
  retry_undo: 'The undo is tried again.',
  done_by_hand: 'Recorded as put right by hand.',
  leave_it: 'Recorded: it stays as it is.',
  finish_watch: 'The watch is ended.',
  resync: 'The card is drawn again.',
};

/** What is answered to whoever did it; `about` is the step or undo that it decides about. */
export function doneSentence(act: OperationAct, about: Question | undefined): string {
  if (act.kind === 'abort' && act.undo === 'no')
    return 'It is being stopped where it is; nothing is undone, and what was done stays as it is.';
  if (act.kind === 'skip_step' && about) return `“${about.step}” is passed over, unless it has just ended.`;
  return doneSentences[act.kind];
}

/** What comes from outside may be anything, and acts on incidents are relayed by the same way. */
export function isAct(value: unknown): value is OperationAct {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && Object.hasOwn(doneSentences, String(value.kind))
  );
}

const dayMs = 24 * 3_600_000;

/**
 * How old an answer about a person may be while Slack is away: what stops or takes back is as little in need of Slack
 * as a rollback (law 5).
 */
export function maxAgeFor(act: OperationAct['kind'], voterMaxAgeMs: number): number {
  return act === 'cancel' || act === 'abort' || act === 'retry_undo' ? dayMs : voterMaxAgeMs;
}

function inWords(state: OperationState): string {
  return state === 'needs_decision' ? 'waiting for a decision' : state.replace('_', ' ');
}
