import type { Workspace } from '../state';
import type { Json, SlackChannel, SlackGroup, SlackUser, StoredMessage, StoredView } from '../types';

/** How Slack shows its objects to an app. */
export function presentUser(user: SlackUser, options: { withEmail: boolean }): Json {
  return {
    id: user.id,
    team_id: user.team_id,
    name: user.name,
    real_name: user.real_name,
    deleted: user.deleted,
    tz: user.tz,
    tz_label: user.tz,
    is_bot: user.is_bot,
    is_app_user: false,
    is_admin: user.is_admin,
    is_owner: false,
    is_restricted: user.is_restricted,
    is_ultra_restricted: user.is_ultra_restricted,
    // Slack leaves `is_stranger` out for the workspace's own people.
    ...(user.is_stranger ? { is_stranger: true } : {}),
    updated: 1_700_000_000,
    profile: {
      real_name: user.real_name,
      display_name: user.name,
      ...(options.withEmail && user.email !== undefined ? { email: user.email } : {}),
      team: user.team_id,
    },
  };
}

export function presentGroup(group: SlackGroup, teamId: string): Json {
  return {
    id: group.id,
    team_id: teamId,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    handle: group.handle,
    description: '',
    is_external: false,
    date_delete: group.disabled ? 1_700_000_000 : 0,
    user_count: group.users.length,
  };
}

export function presentChannel(channel: SlackChannel, botUserId: string): Json {
  const person = [...channel.members].find((member) => member !== botUserId);
  return {
    id: channel.id,
    ...(channel.kind === 'im' ? { user: person } : { name: channel.name, name_normalized: channel.name }),
    is_channel: channel.kind === 'public',
    is_group: false,
    is_im: channel.kind === 'im',
    is_mpim: false,
    is_private: channel.kind !== 'public',
    is_archived: channel.is_archived,
    is_general: false,
    is_member: channel.members.has(botUserId),
    is_shared: channel.is_ext_shared,
    is_ext_shared: channel.is_ext_shared,
    is_org_shared: false,
    is_pending_ext_shared: channel.is_pending_ext_shared,
    creator: channel.creator,
    topic: { value: channel.topic, creator: channel.topic ? botUserId : '', last_set: 0 },
    purpose: { value: channel.purpose, creator: channel.purpose ? botUserId : '', last_set: 0 },
    num_members: channel.members.size,
  };
}

export function presentMessage(workspace: Workspace, message: StoredMessage, options: { metadata: boolean }): Json {
  const replies = workspace
    .messages(message.channel)
    .filter((other) => other.thread_ts === message.ts && other.ts !== message.ts && !other.deleted);
  const fromBot = message.bot_id !== undefined;
  return {
    type: 'message',
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: workspace.bot.teamId,
    ...(fromBot ? { bot_id: message.bot_id, app_id: workspace.bot.appId } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.edited ? { edited: message.edited } : {}),
    ...(options.metadata && message.metadata ? { metadata: message.metadata } : {}),
    ...(message.reactions.length > 0
      ? { reactions: message.reactions.map((one) => ({ ...one, count: one.users.length })) }
      : {}),
    ...(message.thread_ts !== undefined ? { thread_ts: message.thread_ts } : {}),
    ...(replies.length > 0
      ? {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          latest_reply: replies.at(-1)?.ts,
        }
      : {}),
  };
}

export function presentView(workspace: Workspace, view: StoredView): Json {
  return {
    id: view.id,
    team_id: workspace.bot.teamId,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.private_metadata,
    callback_id: view.callback_id,
    external_id: view.external_id,
    state: { values: view.values },
    hash: view.hash,
    title: view.title ?? { type: 'plain_text', text: 'View Title', emoji: true },
    close: view.close ?? null,
    submit: view.submit ?? null,
    clear_on_close: view.clear_on_close,
    notify_on_close: view.notify_on_close,
    previous_view_id: view.previous_view_id,
    root_view_id: view.root_view_id,
    app_id: workspace.bot.appId,
    app_installed_team_id: workspace.bot.teamId,
    bot_id: workspace.bot.botId,
  };
}
