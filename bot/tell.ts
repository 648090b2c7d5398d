import { safeLines } from '../src/messages/text';
import type { Message } from '../src/messages/blocks';
import type { BotDeps } from './deps';
import { bounded } from './temporal';

/** A plain sentence as a message; everything in it is escaped. */
export function plainMessage(sentence: string): Message {
  return sentenceMessage(safeLines(sentence, { max: 2_800, lines: 60 }));
}

/** The same of a text that is escaped already. */
export function sentenceMessage(text: string): Message {
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }] };
}

/** Slack's `response_url` as Bolt gives it: works in channels where the bot is no member, for thirty minutes. */
export type Respond = (
  message: Message & { response_type: 'ephemeral'; replace_original: boolean },
) => Promise<unknown>;

/** Whom to tell, and where they would see it. */
export interface Listener {
  readonly user: string;
  readonly channel?: string;
  readonly respond?: Respond;
}

/** How long one way may take before the next is tried. Milliseconds. */
const tellMs = 5_000;

/**
 * Tells one person: only visible to them where they pressed or typed, else as a direct message. Never throws; Slack
 * being away is logged.
 */
export async function tellPrivately(deps: Pick<BotDeps, 'web' | 'log'>, to: Listener, message: Message): Promise<void> {
  const { respond, channel, user } = to;
  const quiet = { unfurl_links: false, unfurl_media: false };
  const ways: (() => Promise<unknown>)[] = [];
  if (respond !== undefined)
    ways.push(() => respond({ ...message, response_type: 'ephemeral', replace_original: false }));
  if (channel !== undefined && !channel.startsWith('D'))
    ways.push(() => deps.web.chat.postEphemeral({ channel, user, ...message }));
  ways.push(() => deps.web.chat.postMessage({ channel: user, ...message, ...quiet }));
  for (const [index, way] of ways.entries()) {
    try {
      await bounded(way(), tellMs);
      return;
    } catch (error) {
      const last = index === ways.length - 1;
      deps.log[last ? 'warn' : 'debug']({ err: error, user }, 'a private answer could not be delivered this way');
    }
  }
}
