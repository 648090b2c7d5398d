import type { SlackApi } from '../adapters/slack-api';
import { lacking, troubleIn } from '../adapters/slack-errors';
import { slackFailure, slotLost } from './failures';

/** How long an answer about a channel is believed. A share with another organisation is noticed within this time. */
const infoMs = 60_000;
const nameMs = 600_000;
const pagesMax = 20;

interface ChannelInfo {
  readonly is_ext_shared?: boolean;
  readonly is_pending_ext_shared?: boolean;
}

/** Which channel a name means, and whether it is ours alone. */
export class ChannelBook {
  private readonly ids = new Map<string, { readonly id: string; readonly at: number }>();
  private readonly checked = new Map<string, { readonly internal: boolean; readonly at: number }>();

  constructor(
    private readonly api: SlackApi,
    private readonly now: () => number,
  ) {}

  /**
   * The id of a channel named by id, `#name` or name, if it is not shared with another organisation. Throws `SlotLost`
   * when it is shared, when that cannot be told, or when there is no such channel.
   */
  async internal(channel: string): Promise<string> {
    const id = await this.idOf(channel);
    if (id.startsWith('D')) return id;
    if (!(await this.isInternal(id, channel))) throw slotLost('ext_shared', channel);
    return id;
  }

  /** Forgets what is known of one channel, or of all: Slack says that it changed. */
  forget(channel?: string): void {
    if (channel === undefined) this.checked.clear();
    else this.checked.delete(channel);
    this.ids.clear();
  }

  async idOf(channel: string): Promise<string> {
    if (/^[CGD][A-Z0-9]{5,}$/.test(channel)) return channel;
    const name = channel.replace(/^#/, '');
    const known = this.ids.get(name);
    if (known && known.at > this.now() - nameMs) return known.id;
    await this.readNames();
    const found = this.ids.get(name);
    if (found && found.at > this.now() - nameMs) return found.id;
    // Ids of stand-ins can be short; a real name is never in capitals.
    if (/^[CGD][A-Z0-9]+$/.test(channel)) return channel;
    throw slotLost('channel_not_found', channel);
  }

  private async readNames(): Promise<void> {
    let cursor = '';
    for (let page = 0; page < pagesMax; page += 1) {
      const answer = await this.ask<{
        channels?: readonly { id: string; name?: string }[];
        response_metadata?: { next_cursor?: string };
      }>('conversations.list', {
        types: 'public_channel,private_channel',
        exclude_archived: false,
        limit: 1000,
        ...(cursor && { cursor }),
      });
      for (const { id, name } of answer.channels ?? []) if (name) this.ids.set(name, { id, at: this.now() });
      cursor = answer.response_metadata?.next_cursor ?? '';
      if (!cursor) return;
    }
  }

  private async isInternal(id: string, shownAs: string): Promise<boolean> {
    const known = this.checked.get(id);
    if (known && known.at > this.now() - infoMs) return known.internal;
    const internal = await this.askInternal(id, shownAs);
    this.checked.set(id, { internal, at: this.now() });
    return internal;
  }

  private async askInternal(id: string, shownAs: string): Promise<boolean> {
    try {
      const answer = await this.api.call<{ channel?: ChannelInfo }>({
        method: 'conversations.info',
        args: () => ({ channel: id }),
        priority: 'decision',
      });
      return !answer.channel?.is_ext_shared && !answer.channel?.is_pending_ext_shared;
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind === 'refused' && trouble.error === 'channel_not_found')
        throw slotLost('channel_not_found', shownAs);
      // Only a stand-in does not know the method, and a stand-in has no other organisations.
      if (trouble.kind === 'refused' && trouble.error === 'unknown_method') return true;
      if (trouble.kind === 'refused' && lacking.has(trouble.error)) throw slotLost('not_sure_internal', shownAs);
      throw slackFailure(error, 'conversations.info');
    }
  }

  private async ask<Answer extends object>(method: string, args: Record<string, unknown>): Promise<Answer> {
    try {
      return await this.api.call<Answer>({ method, args: () => args, priority: 'decision' });
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind === 'refused' && lacking.has(trouble.error)) return {} as Answer;
      throw slackFailure(error, method);
    }
  }
}
