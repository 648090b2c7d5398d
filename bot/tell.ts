import { safeLines } from '../src/messages/text';
import type { Message } from '../src/messages/blocks';
import type { BotDeps } from './deps';

/** A plain sentence as a message; everything in it is escaped. */
export function plainMessage(sentence: string): Message {
  const text = safeLines(sentence, { max: 2_800, lines: 60 });
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }] };
}

/**
 * Tells one person: only visible to them in the channel they are in, else as a direct message. Never throws; Slack
 * being away is logged.
 */
export async function tellPrivately(
  deps: Pick<BotDeps, 'web' | 'log'>,
  to: { readonly user: string; readonly channel?: string },
  message: Message,
): Promise<void> {
  const content = { ...message, unfurl_links: false, unfurl_media: false };
  if (to.channel !== undefined && !to.channel.startsWith('D')) {
    try {
      await deps.web.chat.postEphemeral({ channel: to.channel, user: to.user, ...message });
      return;
    } catch (error) {
      deps.log.debug({ err: error, channel: to.channel }, 'not a member there: telling by direct message');
    }
  }
  try {
    await deps.web.chat.postMessage({ channel: to.user, ...content });
  } catch (error) {
    deps.log.warn({ err: error, user: to.user }, 'a private answer could not be delivered');
  }
}
