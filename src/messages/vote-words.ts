import type { VoteAnswer } from '../approvals/ballot';
import { refusalSentence } from '../approvals/refusals';
import { listed } from './text';

/** What the voter is told, as plain text: whoever shows it escapes it. */
export function voteAnswerSentence(answer: VoteAnswer): string {
  if (answer.kind === 'refused') return refusalSentence(answer.code, { detail: answer.detail });
  const needed = [...new Set(answer.stillNeeded)];
  const rest = needed.length > 0 ? ` Still needed: ${listed(needed)}.` : ' Nobody else is needed.';
  if (answer.kind === 'already')
    return `Your vote was counted before and still stands.${rest} To change it, press Reject on the card: there an approval can be withdrawn too.`;
  if (answer.decision === 'reject') return 'Your rejection is counted, and the request has ended.';
  if (answer.decision === 'withdraw') return `Your approval is withdrawn, and you may decide again.${rest}`;
  return `Your approval is counted${answer.seat ? ` for ${teamOf(answer.seat)}` : ''}.${rest}`;
}

/** `security_team#1` is a seat of `security_team`. */
export function teamOf(seat: string): string {
  return seat.replace(/#\d+$/, '');
}
