import { readable } from './readable.mjs';

/**
 * Web API methods that local-slack lacks, or answers differently from Slack. Each takes the call's arguments and
 * `company` (people with their flags, groups, channels), `memory` (what this proxy keeps) and `upstream(method, args)`.
 */

export function newMemory() {
  return { metadata: new Map(), pins: new Map(), channels: new Map(), bookmarks: new Map(), next: 1 };
}

const ok = (more = {}) => ({ ok: true, ...more });
const no = (error) => ({ ok: false, error });
const list = (value) =>
  (Array.isArray(value) ? value : String(value ?? '').split(',')).map((each) => each.trim()).filter(Boolean);
const yes = (value) => value === true || value === 'true' || value === 1 || value === '1';

export const methods = {
  'users.info': async (args, world) => {
    const answer = await world.upstream('users.info', args);
    return answer.ok ? { ...answer, user: flagged(answer.user, world) } : answer;
  },
  'users.list': async (args, world) => {
    const answer = await world.upstream('users.list', args);
    return answer.ok ? { ...answer, members: answer.members.map((user) => flagged(user, world)) } : answer;
  },
  'users.lookupByEmail': async (args, world) => {
    const answer = await world.upstream('users.lookupByEmail', args);
    return answer.ok ? { ...answer, user: flagged(answer.user, world) } : answer;
  },
  'users.getPresence': () => ok({ presence: 'active' }),
  'usergroups.list': (args, { company }) =>
    ok({
      usergroups: company.groups.map((group) => ({
        id: group.id,
        team_id: company.workspace.teamId,
        is_usergroup: true,
        handle: group.handle,
        name: group.name,
        date_delete: 0,
        user_count: group.users.length,
        ...(yes(args.include_users) ? { users: group.users } : {}),
      })),
    }),
  'usergroups.users.list': (args, { company }) => {
    const group = company.groups.find(({ id }) => id === args.usergroup);
    return group ? ok({ users: group.users }) : no('no_such_subteam');
  },

  'chat.postMessage': post,
  'chat.postEphemeral': post,
  'chat.update': async (args, world) => {
    const answer = await world.upstream('chat.update', shown(args, world));
    if (answer.ok) remember(answer.channel, answer.ts, args.metadata, world);
    return answer;
  },
  'views.open': (args, world) => world.upstream('views.open', shown(args, world)),
  'views.push': (args, world) => world.upstream('views.push', shown(args, world)),
  'views.update': (args, world) => world.upstream('views.update', shown(args, world)),
  'views.publish': (args, world) => world.upstream('views.publish', shown(args, world)),
  'conversations.history': history,
  'conversations.replies': history,

  'pins.add': async (args, { memory }) => {
    const pins = memory.pins.get(args.channel) ?? new Set();
    if (pins.has(args.timestamp)) return no('already_pinned');
    memory.pins.set(args.channel, pins.add(args.timestamp));
    return ok();
  },
  'pins.remove': async (args, { memory }) =>
    memory.pins.get(args.channel)?.delete(args.timestamp) ? ok() : no('no_pin'),
  'pins.list': async (args, { memory }) =>
    ok({
      items: [...(memory.pins.get(args.channel) ?? [])].map((ts) => ({
        type: 'message',
        channel: args.channel,
        message: { ts },
      })),
    }),
  'bookmarks.add': async (args, { memory }) => {
    const bookmark = {
      id: `Bk${memory.next++}`,
      channel_id: args.channel_id,
      title: args.title,
      type: args.type,
      link: args.link,
    };
    memory.bookmarks.set(bookmark.id, bookmark);
    return ok({ bookmark });
  },
  'bookmarks.list': async (args, { memory }) =>
    ok({ bookmarks: [...memory.bookmarks.values()].filter((each) => each.channel_id === args.channel_id) }),

  'conversations.create': async (args, world) => {
    if (!/^[a-z0-9_-]{1,80}$/.test(args.name ?? '')) return no('invalid_name_specials');
    const { channels } = await world.upstream('conversations.list', {});
    if (channels.some((channel) => channel.name === args.name)) return no('name_taken');
    const answer = await world.upstream('conversations.create', args);
    if (answer.ok) extra(answer.channel.id, world).members.add(world.company.app.botUserId);
    return answer;
  },
  'conversations.list': async (args, world) => {
    const answer = await world.upstream('conversations.list', args);
    return answer.ok ? { ...answer, channels: answer.channels.map((channel) => dressed(channel, world)) } : answer;
  },
  'conversations.info': async (args, world) => {
    const answer = await world.upstream('conversations.info', args);
    return answer.ok ? { ...answer, channel: dressed(answer.channel, world) } : answer;
  },
  'conversations.members': async (args, world) => {
    const answer = await world.upstream('conversations.members', args);
    return answer.ok
      ? { ...answer, members: [...new Set([...answer.members, ...extra(args.channel, world).members])] }
      : answer;
  },
  'conversations.invite': inChannel((args, world, channel) => {
    const unknown = list(args.users).find((id) => !world.company.users.some((user) => user.id === id));
    if (unknown) return no('user_not_found');
    for (const id of list(args.users)) extra(channel.id, world).members.add(id);
    return ok({ channel: dressed(channel, world) });
  }),
  'conversations.join': inChannel((_args, world, channel) => {
    extra(channel.id, world).members.add(world.company.app.botUserId);
    return ok({ channel: dressed(channel, world) });
  }),
  'conversations.kick': inChannel((args, world, channel) => {
    extra(channel.id, world).members.delete(args.user);
    return ok();
  }),
  'conversations.leave': inChannel(() => ok()),
  'conversations.mark': inChannel(() => ok()),
  'conversations.setTopic': inChannel((args, world, channel) => {
    extra(channel.id, world).topic = args.topic;
    return ok({ channel: dressed(channel, world) });
  }),
  'conversations.setPurpose': inChannel((args, world, channel) => {
    extra(channel.id, world).purpose = args.purpose;
    return ok({ channel: dressed(channel, world) });
  }),
  'conversations.rename': inChannel((args, world, channel) => {
    extra(channel.id, world).name = args.name;
    return ok({ channel: dressed(channel, world) });
  }),
  'conversations.archive': inChannel((_args, world, channel) => {
    if (extra(channel.id, world).archived) return no('already_archived');
    extra(channel.id, world).archived = true;
    return ok();
  }),
  'conversations.unarchive': inChannel((_args, world, channel) => {
    extra(channel.id, world).archived = false;
    return ok();
  }),
};

async function post(args, world, method) {
  const absent = world.company.channels.find(({ id, name }) =>
    [id, name, `#${name}`].includes(args.channel),
  )?.withoutBot;
  if (absent && !extra(absent, world).members.has(world.company.app.botUserId)) return no('not_in_channel');
  const answer = await world.upstream(method, shown(args, world));
  if (answer.ok) remember(answer.channel ?? args.channel, answer.ts ?? answer.message_ts, args.metadata, world);
  return answer;
}

async function history(args, world, method) {
  const answer = await world.upstream(method, args);
  if (!answer.ok) return answer;
  const channel = args.channel;
  const [oldest, latest] = [Number(args.oldest ?? 0), Number(args.latest ?? Infinity)];
  const inside = (ts) => (yes(args.inclusive) ? ts >= oldest && ts <= latest : ts > oldest && ts < latest);
  const messages = answer.messages
    .filter((message) => message.ts === args.ts || inside(Number(message.ts)))
    .slice(0, Number(args.limit ?? 100))
    .map((message) => {
      const metadata = yes(args.include_all_metadata)
        ? world.memory.metadata.get(`${channel} ${message.ts}`)
        : undefined;
      return metadata ? { ...message, metadata } : message;
    });
  return { ...answer, messages };
}

/** What local-slack gets: readable texts, and no metadata, which it would not keep. */
function shown({ metadata: _kept, ...args }, { company }) {
  return readable(args, company);
}

function remember(channel, ts, metadata, { memory }) {
  if (metadata) memory.metadata.set(`${channel} ${ts}`, metadata);
}

function flagged(user, { company }) {
  const flags = company.users.find(({ id }) => id === user.id)?.flags ?? {};
  return {
    is_restricted: false,
    is_ultra_restricted: false,
    is_stranger: false,
    is_app_user: false,
    updated: 0,
    ...user,
    ...flags,
  };
}

function extra(channel, { memory }) {
  if (!memory.channels.has(channel)) memory.channels.set(channel, { members: new Set() });
  return memory.channels.get(channel);
}

function dressed(channel, world) {
  const { topic, purpose, name, archived } = extra(channel.id, world);
  return {
    ...channel,
    ...(name ? { name } : {}),
    ...(topic === undefined ? {} : { topic: { ...channel.topic, value: topic } }),
    ...(purpose === undefined ? {} : { purpose: { ...channel.purpose, value: purpose } }),
    is_archived: archived === true,
    is_shared: false,
    is_ext_shared: false,
  };
}

function inChannel(method) {
  return async (args, world) => {
    const answer = await world.upstream('conversations.info', { channel: args.channel });
    return answer.ok ? method(args, world, answer.channel) : answer;
  };
}
