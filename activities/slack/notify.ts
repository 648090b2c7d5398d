import { renderNotice } from '../../src/messages/notices';
import type { Message, RenderContext } from '../../src/messages/blocks';
import type { Address, Notice } from '../../src/messages/notice';
import { clip } from '../../src/messages/text';
import type { SlackApi } from '../adapters/slack-api';
import { troubleIn } from '../adapters/slack-errors';
import { presentAttempt, type Attempt } from './attempt';
import type { ChannelBook } from './channels';
import { meansLost, slackFailure, slotLost } from './failures';
import { findMessages, NOTICE_EVENT } from './find-message';

interface NotifierSpec {
  readonly api: SlackApi;
  readonly channels: ChannelBook;
  readonly ui: RenderContext;
  readonly now: () => number;
}

interface NoticeInput {
  readonly key: string;
  readonly to: Address;
  readonly notice: Notice;
}

interface Posted {
  readonly channel?: string;
  readonly ts?: string;
}

/** Where a message goes once names are resolved. */
interface Place {
  readonly channel: string;
  readonly thread?: string;
  readonly broadcast?: boolean;
}

/** How far back a lost notice is looked for: longer than any delivery tries. */
const windowMs = 2 * 3_600_000;
const keysMost = 5_000;
const textMost = 3_900;
/** The person is not where the answer could be shown. */
const notThere = new Set([
  'user_not_in_channel',
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'messages_tab_disabled',
]);

/** Posts each notice once; `key` makes a repeat harmless. */
export class Notifier {
  private readonly posted = new Map<string, Promise<Posted>>();
  private readonly doubtful = new Set<string>();

  constructor(private readonly spec: NotifierSpec) {}

  notify(input: NoticeInput): Promise<Posted> {
    const known = this.posted.get(input.key);
    if (known) return known;
    const posting = this.deliver(input, presentAttempt());
    this.posted.set(input.key, posting);
    posting.catch(() => this.posted.delete(input.key));
    if (this.posted.size > keysMost) this.posted.delete(this.posted.keys().next().value!);
    return posting;
  }

  private async deliver(input: NoticeInput, attempt: Attempt): Promise<Posted> {
    const { to } = input;
    const message = renderNotice(input.notice, { ...this.spec.ui, permalink: await this.permalinkOf(input.notice) });
    if (to.kind === 'private' && to.channel && (await this.whisper({ channel: to.channel, user: to.user }, message)))
      return { channel: to.channel };
    return await this.post({ key: input.key, message, place: await this.placeOf(to), attempt });
  }

  private async placeOf(to: Address): Promise<Place> {
    switch (to.kind) {
      case 'thread':
        return { channel: await this.spec.channels.internal(to.channel), thread: to.ts, broadcast: to.broadcast };
      case 'channel':
        return { channel: await this.spec.channels.internal(to.channel) };
      case 'person':
      case 'private':
        return { channel: await this.directMessages(to.user) };
    }
  }

  private async post(what: {
    readonly key: string;
    readonly message: Message;
    readonly place: Place;
    readonly attempt: Attempt;
  }): Promise<Posted> {
    const { key, message, place, attempt } = what;
    const { channel, thread } = place;
    if (attempt.number > 1 || this.doubtful.has(key)) {
      const since = this.spec.now() - windowMs;
      const matches = (payload: Readonly<Record<string, unknown>>): boolean => payload.key === key;
      const found = await findMessages(this.spec.api, { channel, thread, since, event: NOTICE_EVENT, matches });
      if (found?.[0]) return { channel, ts: found[0].ts };
    }
    const args = {
      channel,
      text: clip(message.text, textMost),
      blocks: message.blocks,
      ...(thread && { thread_ts: thread, reply_broadcast: place.broadcast ?? false }),
      metadata: { event_type: NOTICE_EVENT, event_payload: { key } },
      unfurl_links: false,
      unfurl_media: false,
      link_names: false,
    };
    try {
      const { ts } = await this.spec.api.call<{ ts?: string }>({
        method: 'chat.postMessage',
        args: () => args,
        channel,
        priority: 'notice',
        waitMs: attempt.waitMs,
      });
      this.doubtful.delete(key);
      return { channel, ts };
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind === 'unknown') this.doubtful.add(key);
      if (trouble.kind === 'refused' && meansLost(trouble.error)) throw slotLost(trouble.error, channel);
      throw slackFailure(error, 'chat.postMessage');
    }
  }

  /** Only for their eyes, where they asked. False when they are not there to see it. */
  private async whisper(to: { readonly channel: string; readonly user: string }, message: Message): Promise<boolean> {
    const args = { ...to, text: clip(message.text, textMost), blocks: message.blocks, link_names: false };
    try {
      await this.spec.api.call({ method: 'chat.postEphemeral', args: () => args, priority: 'decision' });
      return true;
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind === 'refused' && notThere.has(trouble.error)) return false;
      throw slackFailure(error, 'chat.postEphemeral');
    }
  }

  private async directMessages(user: string): Promise<string> {
    try {
      const { channel } = await this.spec.api.call<{ channel?: { id?: string } }>({
        method: 'conversations.open',
        args: () => ({ users: user }),
        priority: 'decision',
      });
      // `chat.postMessage` takes a person's id too; only the look-up of a lost message then finds nothing.
      return channel?.id ?? user;
    } catch (error) {
      if (troubleIn(error).kind === 'refused') return user;
      throw slackFailure(error, 'conversations.open');
    }
  }

  private async permalinkOf(notice: Notice): Promise<string | undefined> {
    if (!linked(notice) || !notice.link) return undefined;
    const { channel, ts } = notice.link;
    try {
      const { permalink } = await this.spec.api.call<{ permalink?: string }>({
        method: 'chat.getPermalink',
        args: () => ({ channel, message_ts: ts }),
        priority: 'notice',
      });
      return permalink;
    } catch {
      // Without a link it still says what waits.
      return undefined;
    }
  }
}

function linked(notice: Notice): notice is Extract<Notice, { kind: 'reminder' | 'ballot_opened' | 'escalated' }> {
  return notice.kind === 'reminder' || notice.kind === 'ballot_opened' || notice.kind === 'escalated';
}
