import { ApplicationFailure } from '@temporalio/activity';
import { PacerBusy } from '../adapters/pacer';
import { troubleIn } from '../adapters/slack-errors';

/** Why a message cannot stand where policy wants it; words for each of Slack's errors that a person can act on. */
const lostSentences: { readonly [error: string]: (channel: string) => string } = {
  message_not_found: () => 'The message was deleted in Slack, so it is posted anew.',
  cant_update_message: () => 'Slack does not let Signalbox change that message any more, so it is posted anew.',
  edit_window_closed: () => 'The workspace no longer allows changes to that message, so it is posted anew.',
  channel_not_found: (channel) =>
    `Signalbox cannot see the channel ${channel}: it does not exist, or it is private and the bot is not in it; invite the bot or name another channel in policy.yaml.`,
  is_archived: (channel) => `The channel ${channel} is archived; unarchive it or name another channel in policy.yaml.`,
  not_in_channel: (channel) =>
    `The bot is not in the channel ${channel}; invite it there with /invite, or name another channel in policy.yaml.`,
  restricted_action: (channel) =>
    `The workspace does not let the bot post in ${channel}; an administrator can allow it, or policy.yaml can name another channel.`,
  thread_not_found: () => 'The message this belongs under was deleted in Slack.',
  ext_shared: (channel) =>
    `The channel ${channel} is shared with another organisation, and Signalbox shows nothing there; name another channel in policy.yaml.`,
  not_sure_internal: (channel) =>
    `Slack does not tell whether ${channel} is shared with another organisation because the scope channels:read (for private channels groups:read) is missing; add the scope to the app.`,
};

/** The message cannot be there: the caller posts elsewhere or does without. */
export function slotLost(error: string, channel: string): ApplicationFailure {
  const sentence = lostSentences[error]?.(channel) ?? `Slack refused the message in ${channel} (${error}).`;
  return ApplicationFailure.create({ message: sentence, type: 'SlotLost', nonRetryable: true, details: [error] });
}

export function meansLost(error: string): boolean {
  return error in lostSentences;
}

/** Slack said no, or said nothing: tried again for as long as the caller allows. */
export function slackFailure(error: unknown, method: string): Error {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof PacerBusy) return ApplicationFailure.retryable(error.message, 'SlackBusy');
  const trouble = troubleIn(error);
  if (trouble.kind === 'refused') {
    const scope = trouble.needed ? ` (scope ${trouble.needed})` : '';
    return ApplicationFailure.retryable(`Slack refused ${method}: ${trouble.error}${scope}.`, 'SlackRefused');
  }
  const why = trouble.kind === 'unknown' ? trouble.why : 'rate limited';
  return ApplicationFailure.retryable(`Slack did not answer ${method}: ${why}.`, 'SlackAway');
}
