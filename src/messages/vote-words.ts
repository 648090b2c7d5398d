import type { VoteAnswer, VoteRefusal } from '../approvals/ballot';
import { listed, safe } from './text';

/** Why a vote or a press does not count, who can change that, and what to do next. One sentence each. */
const refusals: { readonly [code in VoteRefusal]: string } = {
  requester:
    'You asked for this yourself, and four eyes means that somebody else decides; ask a colleague on the team that is still needed.',
  author:
    'You wrote a part of this change, and its authors do not vote on it; ask a colleague on the team that is still needed.',
  not_in_team:
    'You are in none of the teams whose seat is free here; the card names them, and policy.yaml says who is in them.',
  not_your_turn: 'The seats of this approval are filled in order and your team is not next; you are told when it is.',
  guest: 'Guests of the workspace do not decide; ask a full member of the team that is still needed.',
  bot: 'Only people vote; ask a person on the team that is still needed.',
  stranger: 'People from other organisations do not decide here; ask a colleague on the team that is still needed.',
  deactivated: 'This Slack account is deactivated, so its vote does not count; a workspace admin can reactivate it.',
  unknown_person:
    'Slack does not know this account, so the vote does not count; ask whoever administers the workspace.',
  lookup_failed: 'Slack could not say who you are just now, and without that nothing counts; press again in a minute.',
  bad_signature:
    'This decision did not come through the bot, so it does not count; press the button on the card in Slack.',
  other_ballot: 'This button belongs to another approval; use the newest card of this operation.',
  other_digest: 'The plan has changed since this button was shown, so nothing was counted; look at the fresh card.',
  expired: 'The time for this approval is over; whoever asked can ask again.',
  closed: 'This approval is already decided; nothing is left to vote on.',
  finished: 'This operation has ended; ask again if it is still wanted.',
  checking: 'The last check before the start is running; press again in a moment if the card still asks.',
  reason_missing: 'A rejection needs a reason, so that whoever asked knows what to change; press Reject and type one.',
};

/** The sentence for a refusal; `detail` is added where the look-up had more to say. */
export function refusalSentence(code: VoteRefusal, detail?: string): string {
  const sentence = refusals[code] ?? 'This did not count.';
  return detail ? `${sentence} ${safe(detail, 400)}` : sentence;
}

/** What the voter is told. */
export function voteAnswerSentence(answer: VoteAnswer): string {
  if (answer.kind === 'refused') return refusalSentence(answer.code, answer.detail);
  const needed = [...new Set(answer.stillNeeded)].map((team) => safe(team, 60));
  const rest = needed.length > 0 ? ` Still needed: ${listed(needed)}.` : ' Nobody else is needed.';
  if (answer.kind === 'already') return `Your vote was counted before and still stands.${rest}`;
  if (answer.decision === 'reject') return 'Your rejection is counted, and the request has ended.';
  const seat = answer.seat ? ` for ${safe(teamOf(answer.seat), 80)}` : '';
  return `Your approval is counted${seat}.${rest}`;
}

/** `security_team#1` is a seat of `security_team`. */
export function teamOf(seat: string): string {
  return seat.replace(/#\d+$/, '');
}
