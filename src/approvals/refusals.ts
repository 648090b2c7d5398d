import type { VoteRefusal } from './ballot';

/** What a sentence about a refused vote can name. */
export interface RefusalContext {
  /** Slack user id of whoever asked for the operation. */
  readonly requester?: string;
  /** Name of the approval rule. */
  readonly rule?: string;
  /** Teams of the ballot. */
  readonly teams?: readonly string[];
  readonly detail?: string;
}

/** Why a vote does not count, who can do something about it and what to do next, in one sentence for the voter. */
export function refusalSentence(code: VoteRefusal, context: RefusalContext = {}): string {
  return sentences[code](context);
}

const team = ({ teams = [] }: RefusalContext): string =>
  teams.length === 0 ? 'the team that policy names' : [...new Set(teams)].join(' or ');
const rule = (context: RefusalContext): string => (context.rule ? ` (rule "${context.rule}")` : '');
const because = (context: RefusalContext): string => (context.detail ? ` (${context.detail})` : '');

const sentences: { readonly [code in VoteRefusal]: (context: RefusalContext) => string } = {
  requester: (context) =>
    `Your vote does not count because you asked for this yourself and four eyes are two people${rule(context)}; ask somebody of ${team(context)} to decide.`,
  author: (context) =>
    `Your vote does not count because you wrote part of this change and authors do not approve their own work${rule(context)}; ask somebody else of ${team(context)}.`,
  not_in_team: (context) =>
    `Your vote does not count because you are not in ${team(context)}, who decide here${rule(context)}; ask one of them, or have the owner of the policy repository change who is in the team${because(context)}.`,
  not_your_turn: (context) =>
    `Your vote does not count yet because this ballot is filled in order and another team comes first${rule(context)}; press Approve again when the card says it is your turn.`,
  guest: () =>
    'Your vote does not count because guests of this workspace never approve; ask a full member of the team that decides.',
  bot: () => 'This vote does not count because apps and bots never approve; a person of the team that decides has to.',
  stranger: () =>
    'Your vote does not count because you belong to another organisation; ask a member of this workspace who is in the team that decides.',
  deactivated: () =>
    'This vote does not count because the account is deactivated; somebody else of the team that decides has to vote.',
  unknown_person: () =>
    'Your vote does not count because Slack does not know who you are here; ask somebody of the team that decides, or have an administrator look at your account.',
  lookup_failed: (context) =>
    `Your vote was not counted because Slack did not say who you are${because(context)}, and unknown means no; press the button again in a minute.`,
  bad_signature: () =>
    'This vote was not counted because it did not come through the bot; press the button on the card instead.',
  other_ballot: () =>
    'This vote was not counted because that button belongs to an approval that has been replaced; use the buttons on the newest card.',
  other_digest: (context) =>
    `Your vote was not counted because the plan has changed since that card was shown${because(context)}; look at the card as it is now and decide again.`,
  expired: () =>
    'Your vote was not counted because the time for this approval has run out; whoever asked can ask again.',
  closed: () => 'Your vote was not counted because this approval is already decided; nothing more is needed from you.',
  begun: () =>
    'Your rejection was not counted because the work has begun, and what has begun is aborted instead; press Abort on the card, or ask somebody who has a say in it.',
  finished: () =>
    'Your vote was not counted because this operation has already ended; ask for it again if it is still wanted.',
  checking: () =>
    'This vote changed nothing because your click before it is still being checked; look at the card in a moment, and press again if something is missing.',
  no_rejection: () =>
    'Your rejection was not counted because a soft rule is overridden or not, and a review is closed or not; to stop the operation, reject its approval or have it cancelled.',
  reason_missing: () =>
    'Your vote was not counted because it has no reason; press the button again and say in a few words why.',
  nothing_to_withdraw: () =>
    'Your approval was not withdrawn because there is none of yours on this ballot; press Approve or Reject on the card to decide.',
  withdrawn_late: () =>
    'Your approval was not withdrawn because the work is about to begin; press Reject on the card, with a reason, if it must not.',
  second_factor: (context) =>
    `Your approval was not counted because policy asks for a fresh code from your authenticator with it${rule(context)}, and there was none; press Approve on the newest card and type the code, or have whoever runs Signalbox enroll you.`,
};
