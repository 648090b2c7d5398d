import type { StoredMessage } from '../types';
import {
  joinedChannel,
  required,
  SlackError,
  text,
  visibleChannel,
  type Method,
  type MethodCall,
  type Methods,
} from './method';

const pinsAdd: Method = {
  tier: 'T2',
  needs: { capability: 'pins', scope: 'pins:write' },
  run(call) {
    const channel = joinedChannel(call);
    const message = namedMessage(call);
    if (channel.pins.includes(message.ts)) throw new SlackError('already_pinned');
    channel.pins.push(message.ts);
    call.workspace.changed();
    return {};
  },
};

const pinsRemove: Method = {
  tier: 'T2',
  needs: { capability: 'pins', scope: 'pins:write' },
  run(call) {
    const channel = joinedChannel(call);
    const message = namedMessage(call);
    if (!channel.pins.includes(message.ts)) throw new SlackError('no_pin');
    channel.pins = channel.pins.filter((ts) => ts !== message.ts);
    call.workspace.changed();
    return {};
  },
};

const pinsList: Method = {
  tier: 'T2',
  needs: { capability: 'pins', scope: 'pins:read' },
  run(call) {
    const channel = joinedChannel(call);
    return { items: channel.pins.map((ts) => ({ type: 'message', channel: channel.id, message: { ts } })) };
  },
};

const bookmarksAdd: Method = {
  tier: 'T2',
  needs: { capability: 'bookmarks', scope: 'bookmarks:write' },
  run(call) {
    const { workspace, args } = call;
    const channel = joinedChannel(call, 'channel_id');
    if (required(args, 'type') !== 'link') throw new SlackError('invalid_bookmark_type');
    const link = text(args, 'link');
    if (link === undefined || !/^https?:\/\//.test(link)) throw new SlackError('invalid_link');
    const bookmark = {
      id: workspace.nextId('Bk'),
      channel_id: channel.id,
      title: required(args, 'title'),
      link,
      emoji: text(args, 'emoji') ?? '',
      type: 'link',
      app_id: workspace.bot.appId,
    };
    channel.bookmarks.push(bookmark);
    workspace.changed();
    return { bookmark };
  },
};

const bookmarksList: Method = {
  tier: 'T3',
  needs: { capability: 'bookmarks', scope: 'bookmarks:read' },
  run: (call) => ({ bookmarks: visibleChannel(call, 'channel_id').bookmarks }),
};

const reactionsAdd: Method = {
  tier: 'T3',
  needs: { capability: 'reactions', scope: 'reactions:write' },
  run(call) {
    const message = namedMessage(call);
    const name = reactionName(call);
    const bot = call.workspace.bot.userId;
    const reaction = message.reactions.find((one) => one.name === name);
    if (reaction?.users.includes(bot)) throw new SlackError('already_reacted');
    if (reaction) reaction.users.push(bot);
    else message.reactions.push({ name, users: [bot] });
    call.workspace.changed();
    return {};
  },
};

const reactionsRemove: Method = {
  tier: 'T2',
  needs: { capability: 'reactions', scope: 'reactions:write' },
  run(call) {
    const message = namedMessage(call);
    const bot = call.workspace.bot.userId;
    const reaction = message.reactions.find((one) => one.name === reactionName(call) && one.users.includes(bot));
    if (!reaction) throw new SlackError('no_reaction');
    reaction.users = reaction.users.filter((user) => user !== bot);
    message.reactions = message.reactions.filter((one) => one.users.length > 0);
    call.workspace.changed();
    return {};
  },
};

/** What an app hangs on messages and channels: pins, bookmarks, reactions. */
export const markMethods: Methods = {
  'pins.add': pinsAdd,
  'pins.remove': pinsRemove,
  'pins.list': pinsList,
  'bookmarks.add': bookmarksAdd,
  'bookmarks.list': bookmarksList,
  'reactions.add': reactionsAdd,
  'reactions.remove': reactionsRemove,
};

function namedMessage(call: MethodCall): StoredMessage {
  const channel = joinedChannel(call);
  const message = call.workspace.message(channel.id, required(call.args, 'timestamp'));
  if (!message || message.deleted) throw new SlackError('message_not_found');
  return message;
}

function reactionName({ args }: MethodCall): string {
  const name = text(args, 'name') ?? '';
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new SlackError('invalid_name');
  return name;
}
