import type { Faults } from './faults';
import { readContent, type Content } from './message-content';
import type { Workspace } from './state';
import type { ResponseTarget } from './triggers';
import type { EphemeralMessage, Json, StoredMessage } from './types';
import type { Reply } from './web-api-server';

/** Posts to response_url, and the message an app puts into its acknowledgement. */
export class ResponseUrls {
  constructor(
    private readonly workspace: Workspace,
    private readonly faults: Faults,
  ) {}

  post(key: string, body: Json): Promise<Reply> {
    const fault = this.faults.strike({ on: 'call', name: 'response_url', args: body });
    if (fault?.kind === 'http_500') return Promise.resolve({ kind: 'answer', status: 500, body: { ok: false } });
    if (fault?.kind === 'timeout') return Promise.resolve({ kind: 'silence' });
    const target = this.workspace.triggers.useUrl(key);
    if (!target) {
      this.workspace.violate(
        'response_url_refused',
        'a response_url was used a sixth time, after 30 minutes, or never issued',
      );
      return Promise.resolve({ kind: 'answer', status: 404, body: { ok: false, error: 'used_url' } });
    }
    const error = this.respond(target, body, 'response_url');
    if (fault?.kind === 'lost_reply') return Promise.resolve({ kind: 'break' });
    return Promise.resolve(
      error === undefined
        ? { kind: 'answer', status: 200, body: { ok: true } }
        : { kind: 'answer', status: error === 'invalid_blocks' ? 400 : 404, body: { ok: false, error } },
    );
  }

  /** The message inside an acknowledgement of a slash command; nothing if it has no content. */
  acknowledgement(target: ResponseTarget, body: Json): void {
    if (body.text === undefined && body.blocks === undefined) return;
    this.respond(target, body, 'ack');
  }

  private respond(target: ResponseTarget, body: Json, from: EphemeralMessage['from']): string | undefined {
    const { workspace } = this;
    const origin = this.origin(target);
    if (body.delete_original === true) {
      if (!origin) return 'message_not_found';
      origin.deleted = true;
      workspace.changed();
      return undefined;
    }
    const answer = readContent(workspace, body, from);
    if (answer.kind === 'refused') return answer.error;
    if (body.replace_original === true) {
      if (!origin) return 'message_not_found';
      this.replace(origin, answer.content);
      return undefined;
    }
    if (body.response_type === 'in_channel') this.postPublicly(target, answer.content, body);
    else this.postPrivately(target, answer.content, from);
    return undefined;
  }

  private origin(target: ResponseTarget): StoredMessage | EphemeralMessage | undefined {
    const ts = target.originTs ?? target.lastEphemeralTs;
    if (ts === undefined) return undefined;
    return (
      this.workspace.message(target.channel, ts) ??
      this.workspace.ephemerals.find((one) => one.ts === ts && one.user === target.user)
    );
  }

  private replace(origin: StoredMessage | EphemeralMessage, content: Content): void {
    if ('versions' in origin) {
      this.workspace.editMessage(origin, content);
      return;
    }
    Object.assign(origin, { text: content.text, blocks: content.blocks, replaced: origin.replaced + 1 });
    this.workspace.changed();
  }

  private postPublicly(target: ResponseTarget, content: Content, body: Json): void {
    const thread = typeof body.thread_ts === 'string' ? body.thread_ts : undefined;
    this.workspace.addMessage({
      channel: target.channel,
      user: this.workspace.bot.userId,
      bot_id: this.workspace.bot.botId,
      ...content,
      ...(thread === undefined ? {} : { thread_ts: thread }),
      broadcast: false,
    });
  }

  private postPrivately(target: ResponseTarget, content: Content, from: EphemeralMessage['from']): void {
    const ts = this.workspace.nextTs();
    target.lastEphemeralTs = ts;
    this.workspace.ephemerals.push({
      channel: target.channel,
      user: target.user,
      ts,
      ...(target.thread_ts === undefined ? {} : { thread_ts: target.thread_ts }),
      text: content.text,
      blocks: content.blocks,
      replaced: 0,
      deleted: false,
      from,
    });
    this.workspace.changed();
  }
}
