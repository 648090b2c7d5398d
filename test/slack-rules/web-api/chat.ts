import type { SlackChannel, Json, StoredMessage } from '../types';
import { readContent, UPDATE_TEXT_MAX, type Content } from '../message-content';
import { presentMessage } from './present';
import { flag, required, SlackError, text, visibleChannel, type Method, type MethodCall, type Methods } from './method';

/** Undocumented (`metadata_too_large`); one generous bound so that the error path exists. */
const METADATA_MAX_BYTES = 8_000;

const postMessage: Method = {
  tier: 'post',
  run(call) {
    const { workspace, args } = call;
    const channel = postingChannel(call);
    const { content, warning } = contentOf(call, 'chat.postMessage');
    const thread = threadParent(call, channel);
    const message = workspace.addMessage({
      channel: channel.id,
      user: workspace.bot.userId,
      bot_id: workspace.bot.botId,
      ...content,
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...(args.metadata === undefined ? {} : { metadata: readMetadata(args.metadata) }),
      broadcast: thread !== undefined && flag(args, 'reply_broadcast'),
    });
    return {
      channel: channel.id,
      ts: message.ts,
      message: presentMessage(workspace, message, { metadata: true }),
      ...(warning ? { warning, response_metadata: { warnings: [warning] } } : {}),
    };
  },
};

const update: Method = {
  tier: 'T3',
  run(call) {
    const { workspace, args } = call;
    const channel = visibleChannel(call);
    const message = ownMessage(call, channel, 'cant_update_message');
    if ([...(text(args, 'text') ?? '')].length > UPDATE_TEXT_MAX) throw new SlackError('msg_too_long');
    const { content } = contentOf(call, 'chat.update');
    const hadRichText = message.blocks.some((block) => block.type === 'rich_text');
    if (hadRichText && content.blocks.length > 0 && !content.blocks.some((block) => block.type === 'rich_text')) {
      throw new SlackError('block_mismatch');
    }
    if (flag(args, 'reply_broadcast')) {
      if (message.thread_ts === undefined) throw new SlackError('cant_broadcast_message');
      message.broadcast = true;
    }
    const metadata = args.metadata === undefined ? {} : { metadata: readMetadata(args.metadata) };
    workspace.editMessage(message, { ...content, ...metadata });
    return {
      channel: channel.id,
      ts: message.ts,
      text: message.text,
      message: presentMessage(workspace, message, { metadata: true }),
    };
  },
};

const remove: Method = {
  tier: 'T3',
  run(call) {
    const channel = visibleChannel(call);
    const message = ownMessage(call, channel, 'cant_delete_message');
    message.deleted = true;
    call.workspace.changed();
    return { channel: channel.id, ts: message.ts };
  },
};

const postEphemeral: Method = {
  tier: 'T4',
  run(call) {
    const { workspace, args } = call;
    const channel = postingChannel(call);
    const user = required(args, 'user');
    if (!channel.members.has(user)) throw new SlackError('user_not_in_channel');
    const { content } = contentOf(call, 'chat.postEphemeral');
    const thread = threadParent(call, channel);
    const ts = workspace.nextTs();
    workspace.ephemerals.push({
      channel: channel.id,
      user,
      ts,
      text: content.text,
      blocks: content.blocks,
      ...(thread === undefined ? {} : { thread_ts: thread }),
      replaced: 0,
      deleted: false,
      from: 'chat.postEphemeral',
    });
    workspace.changed();
    return { message_ts: ts };
  },
};

const getPermalink: Method = {
  tier: 'none',
  run(call) {
    const channel = visibleChannel(call);
    const message = call.workspace.message(channel.id, required(call.args, 'message_ts'));
    if (!message || message.deleted) throw new SlackError('message_not_found');
    const base = `https://${call.workspace.bot.teamDomain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`;
    const thread = message.thread_ts === undefined ? '' : `?thread_ts=${message.thread_ts}&cid=${channel.id}`;
    return { channel: channel.id, permalink: base + thread };
  },
};

export const chatMethods: Methods = {
  'chat.postMessage': postMessage,
  'chat.update': update,
  'chat.delete': remove,
  'chat.postEphemeral': postEphemeral,
  'chat.getPermalink': getPermalink,
};

/** An id, `#name`, name, or a person's id, which means their direct messages. */
function postingChannel({ workspace, args }: MethodCall): SlackChannel {
  const wanted = required(args, 'channel');
  const person = workspace.users.get(wanted);
  if (person) {
    if (person.deleted || !workspace.capabilities.directMessages) throw new SlackError('channel_not_found');
    if (person.is_bot) throw new SlackError('cannot_dm_bot');
    return workspace.directMessages(person.id);
  }
  const channel = workspace.findChannel(wanted);
  const isMember = channel?.members.has(workspace.bot.userId) ?? false;
  if (!channel || (channel.kind !== 'public' && !isMember)) throw new SlackError('channel_not_found');
  if (channel.is_archived) throw new SlackError('is_archived');
  if (!isMember && !workspace.capabilities.postAnywhere) throw new SlackError('not_in_channel');
  return channel;
}

function contentOf({ workspace, args }: MethodCall, where: string): { content: Content; warning?: string } {
  const answer = readContent(workspace, args, where);
  if (answer.kind === 'refused') throw new SlackError(answer.error, answer.extra);
  return answer;
}

function threadParent({ workspace, args }: MethodCall, channel: SlackChannel): string | undefined {
  const wanted = text(args, 'thread_ts');
  if (wanted === undefined || wanted === '') return undefined;
  const parent = workspace.message(channel.id, wanted);
  if (!parent || parent.deleted) throw new SlackError('thread_not_found');
  if (parent.thread_ts !== undefined && parent.thread_ts !== parent.ts) {
    workspace.violate(
      'reply_to_a_reply',
      `thread_ts ${wanted} names a reply; the thread's first message is ${parent.thread_ts}`,
    );
    return parent.thread_ts;
  }
  return parent.ts;
}

function ownMessage({ workspace, args }: MethodCall, channel: SlackChannel, error: string): StoredMessage {
  const message = workspace.message(channel.id, required(args, 'ts'));
  if (!message || message.deleted) throw new SlackError('message_not_found');
  if (message.bot_id !== workspace.bot.botId) throw new SlackError(error);
  if (channel.is_archived) throw new SlackError('is_archived');
  return message;
}

// docs.slack.dev/messaging/message-metadata: an event_type and an object; both are required.
function readMetadata(value: unknown): Json {
  const metadata = value as Json;
  const wellFormed = typeof metadata === 'object' && metadata !== null && typeof metadata.event_type === 'string';
  if (!wellFormed || typeof metadata.event_payload !== 'object' || metadata.event_payload === null) {
    throw new SlackError('invalid_metadata_format');
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_MAX_BYTES) throw new SlackError('metadata_too_large');
  return { event_type: metadata.event_type, event_payload: metadata.event_payload };
}
