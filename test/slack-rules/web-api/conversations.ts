import type { Json, SlackChannel, StoredMessage } from '../types';
import { presentChannel, presentMessage } from './present';
import {
  flag,
  joinedChannel,
  knownUser,
  page,
  required,
  SlackError,
  text,
  visibleChannel,
  type Method,
  type MethodCall,
  type Methods,
} from './method';

/** docs.slack.dev/reference/methods/conversations.create */
const NAME_MAX = 80;
/** docs.slack.dev/reference/methods/conversations.invite */
const INVITE_MAX = 100;
/** Not on the page of conversations.setTopic; Slack's clients stop at 250. */
const TOPIC_MAX = 250;

const create: Method = {
  tier: 'T2',
  needs: { capability: 'createChannels', error: 'restricted_action' },
  run({ workspace, args }) {
    const name = text(args, 'name') ?? '';
    checkName(name);
    if ([...workspace.channels.values()].some((channel) => channel.name === name)) throw new SlackError('name_taken');
    const channel = workspace.addChannel({
      id: workspace.nextId('C'),
      name,
      kind: flag(args, 'is_private') ? 'private' : 'public',
      members: new Set([workspace.bot.userId]),
    });
    return { channel: presentChannel(channel, workspace.bot.userId) };
  },
};

const invite: Method = {
  tier: 'T3',
  needs: { capability: 'invite', scope: 'channels:write.invites' },
  run(call) {
    const { workspace, args } = call;
    const channel = joinedChannel(call);
    if (channel.is_archived) throw new SlackError('is_archived');
    const ids = required(args, 'users')
      .split(',')
      .map((id) => id.trim())
      .filter(Boolean);
    if (ids.length === 0) throw new SlackError('no_user');
    if (ids.length > INVITE_MAX) throw new SlackError('invalid_arguments');
    const errors = ids.flatMap((user) => {
      const error = inviteError(call, channel, user);
      return error === undefined ? [] : [{ ok: false, error, user }];
    });
    const good = ids.filter((id) => !errors.some((error) => error.user === id));
    if (errors.length > 0 && (good.length === 0 || !flag(args, 'force'))) {
      throw new SlackError(errors[0]?.error ?? 'cant_invite', { errors });
    }
    for (const id of good) channel.members.add(id);
    workspace.changed();
    return { channel: presentChannel(channel, workspace.bot.userId), ...(errors.length > 0 ? { errors } : {}) };
  },
};

const open: Method = {
  tier: 'T3',
  needs: { capability: 'directMessages', scope: 'im:write' },
  run({ workspace, args }) {
    const ids = required(args, 'users').split(',');
    if (ids.length !== 1) throw new SlackError('method_not_supported_for_channel_type');
    const user = knownUser(workspace, ids[0] as string);
    if (user.deleted) throw new SlackError('user_disabled');
    if (user.is_bot) throw new SlackError('cannot_dm_bot');
    return { channel: { id: workspace.directMessages(user.id).id } };
  },
};

const setTopic: Method = {
  tier: 'T2',
  needs: { capability: 'setTopic', scope: 'channels:write.topic' },
  run: (call) => describeChannel(call, 'topic'),
};

const setPurpose: Method = {
  tier: 'T2',
  needs: { capability: 'setTopic', scope: 'channels:write.topic' },
  run: (call) => describeChannel(call, 'purpose'),
};

const archive: Method = {
  tier: 'T2',
  run(call) {
    const channel = joinedChannel(call);
    if (channel.is_archived) throw new SlackError('already_archived');
    channel.is_archived = true;
    call.workspace.changed();
    return {};
  },
};

const join: Method = {
  tier: 'T3',
  run(call) {
    const channel = visibleChannel(call);
    if (channel.kind !== 'public') throw new SlackError('method_not_supported_for_channel_type');
    if (channel.is_archived) throw new SlackError('is_archived');
    channel.members.add(call.workspace.bot.userId);
    call.workspace.changed();
    return { channel: presentChannel(channel, call.workspace.bot.userId) };
  },
};

const rename: Method = {
  tier: 'T2',
  run(call) {
    const channel = joinedChannel(call);
    const name = text(call.args, 'name') ?? '';
    checkName(name);
    if ([...call.workspace.channels.values()].some((other) => other !== channel && other.name === name))
      throw new SlackError('name_taken');
    channel.name = name;
    call.workspace.changed();
    return { channel: presentChannel(channel, call.workspace.bot.userId) };
  },
};

const info: Method = {
  tier: 'T3',
  run(call) {
    const shown = presentChannel(visibleChannel(call), call.workspace.bot.userId);
    if (!flag(call.args, 'include_num_members')) delete shown.num_members;
    return { channel: shown };
  },
};

const members: Method = {
  tier: 'T4',
  run(call) {
    const { items, next } = page(call.args, [...visibleChannel(call).members], 100);
    return { members: items, response_metadata: { next_cursor: next } };
  },
};

const list: Method = {
  tier: 'T2',
  run({ workspace, args }) {
    const kinds = (text(args, 'types') ?? 'public_channel')
      .split(',')
      .map((type) => type.trim().replace('_channel', ''));
    const visible = [...workspace.channels.values()].filter(
      (channel) =>
        kinds.includes(channel.kind) &&
        !(flag(args, 'exclude_archived') && channel.is_archived) &&
        (channel.kind === 'public' || channel.members.has(workspace.bot.userId)),
    );
    const { items, next } = page(args, visible, 100);
    return {
      channels: items.map((channel) => presentChannel(channel, workspace.bot.userId)),
      response_metadata: { next_cursor: next },
    };
  },
};

const history: Method = {
  tier: 'T3',
  needs: { capability: 'history', scope: 'channels:history' },
  run(call) {
    const channel = joinedChannel(call);
    const shown = call.workspace
      .messages(channel.id)
      .filter((message) => message.thread_ts === undefined || message.thread_ts === message.ts || message.broadcast)
      .reverse();
    return messagePage(call, shown);
  },
};

const replies: Method = {
  tier: 'T3',
  needs: { capability: 'history', scope: 'channels:history' },
  run(call) {
    const channel = joinedChannel(call);
    const ts = required(call.args, 'ts');
    const asked = call.workspace.message(channel.id, ts);
    if (!asked || asked.deleted) throw new SlackError('thread_not_found');
    const root = asked.thread_ts ?? asked.ts;
    const shown = call.workspace
      .messages(channel.id)
      .filter((message) => message.ts === root || message.thread_ts === root);
    return messagePage(call, shown);
  },
};

export const conversationMethods: Methods = {
  'conversations.create': create,
  'conversations.invite': invite,
  'conversations.open': open,
  'conversations.setTopic': setTopic,
  'conversations.setPurpose': setPurpose,
  'conversations.archive': archive,
  'conversations.join': join,
  'conversations.rename': rename,
  'conversations.info': info,
  'conversations.members': members,
  'conversations.list': list,
  'conversations.history': history,
  'conversations.replies': replies,
};

function messagePage(call: MethodCall, messages: readonly StoredMessage[]): Json {
  const { workspace, args } = call;
  const oldest = text(args, 'oldest') ?? '0';
  const latest = text(args, 'latest') ?? '9999999999.999999';
  const inclusive = flag(args, 'inclusive');
  const inWindow = messages.filter(({ ts, deleted }) => {
    if (deleted) return false;
    if (inclusive) return Number(ts) >= Number(oldest) && Number(ts) <= Number(latest);
    return Number(ts) > Number(oldest) && Number(ts) < Number(latest);
  });
  const { items, next } = page(args, inWindow, 100);
  const metadata = flag(args, 'include_all_metadata');
  return {
    messages: items.map((message) => presentMessage(workspace, message, { metadata })),
    has_more: next !== '',
    response_metadata: { next_cursor: next },
  };
}

function describeChannel(call: MethodCall, field: 'topic' | 'purpose'): Json {
  const channel = joinedChannel(call);
  const value = text(call.args, field) ?? '';
  if ([...value].length > TOPIC_MAX) throw new SlackError('too_long');
  if (channel.is_archived) throw new SlackError('is_archived');
  channel[field] = value;
  call.workspace.changed();
  return { channel: presentChannel(channel, call.workspace.bot.userId) };
}

function inviteError({ workspace }: MethodCall, channel: SlackChannel, id: string): string | undefined {
  const user = workspace.users.get(id);
  if (!user) return 'user_not_found';
  if (user.id === workspace.bot.userId) return 'cant_invite_self';
  if (user.deleted) return 'user_disabled';
  if (channel.members.has(id)) return 'already_in_channel';
  if (user.is_ultra_restricted) return 'ura_max_channels';
  if (user.is_stranger && !channel.is_ext_shared) return 'cant_invite';
  return undefined;
}

function checkName(name: string): void {
  if (name === '') throw new SlackError('invalid_name_required');
  if ([...name].length > NAME_MAX) throw new SlackError('invalid_name_maxlength');
  if (!/^[\p{Ll}\p{Lo}\p{N}_-]+$/u.test(name)) throw new SlackError('invalid_name_specials');
  if (!/[\p{L}\p{N}]/u.test(name)) throw new SlackError('invalid_name_punctuation');
}
