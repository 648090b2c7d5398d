import type { Workspace } from './state';
import type { Json, SlackChannel, SlackUser, StoredMessage } from './types';
import { presentMessage } from './web-api/present';

/** What every payload says about its app and workspace. */
export class Payloads {
  constructor(private readonly workspace: Workspace) {}

  command(request: {
    command: string;
    text: string;
    user: SlackUser;
    channel: SlackChannel;
    triggerId: string;
    responseUrl: string;
  }): Json {
    const { bot } = this.workspace;
    return {
      token: 'verification-token',
      team_id: bot.teamId,
      team_domain: bot.teamDomain,
      channel_id: request.channel.id,
      channel_name: this.channelName(request.channel),
      user_id: request.user.id,
      user_name: request.user.name,
      command: request.command,
      text: request.text,
      api_app_id: bot.appId,
      is_enterprise_install: 'false',
      response_url: request.responseUrl,
      trigger_id: request.triggerId,
    };
  }

  /** The part that all interactive payloads share. */
  interaction(type: string, user: SlackUser): Json {
    const { bot } = this.workspace;
    return {
      type,
      team: { id: bot.teamId, domain: bot.teamDomain },
      user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
      api_app_id: bot.appId,
      token: 'verification-token',
      enterprise: null,
      is_enterprise_install: false,
    };
  }

  channel(channel: SlackChannel): Json {
    return { id: channel.id, name: this.channelName(channel) };
  }

  message(message: StoredMessage): Json {
    return presentMessage(this.workspace, message, { metadata: true });
  }

  event(event: Json, eventId: string): Json {
    const { bot } = this.workspace;
    const channel = typeof event.channel === 'string' ? this.workspace.channels.get(event.channel) : undefined;
    return {
      token: 'verification-token',
      team_id: bot.teamId,
      context_team_id: bot.teamId,
      context_enterprise_id: null,
      api_app_id: bot.appId,
      event,
      type: 'event_callback',
      event_id: eventId,
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [
        { enterprise_id: null, team_id: bot.teamId, user_id: bot.userId, is_bot: true, is_enterprise_install: false },
      ],
      is_ext_shared_channel: channel?.is_ext_shared ?? false,
      event_context: `4-${eventId}`,
    };
  }

  private channelName(channel: SlackChannel): string {
    if (channel.kind === 'im') return 'directmessage';
    return channel.kind === 'private' ? 'privategroup' : channel.name;
  }
}

/** The value part of an action payload or view state, by element type (docs.slack.dev/reference/interaction-payloads). */
export function elementValue(element: Json, value: unknown): Json {
  const type = String(element.type);
  const chosen = (one: unknown): Json => findOption(element, String(one));
  switch (type) {
    case 'button':
    case 'icon_button':
      return { value: value ?? element.value };
    case 'static_select':
    case 'external_select':
    case 'overflow':
    case 'radio_buttons':
      return { selected_option: value === undefined || value === null ? null : chosen(value) };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { selected_options: asArray(value).map(chosen) };
    case 'users_select':
      return { selected_user: value ?? null };
    case 'multi_users_select':
      return { selected_users: asArray(value) };
    case 'channels_select':
      return { selected_channel: value ?? null };
    case 'multi_channels_select':
      return { selected_channels: asArray(value) };
    case 'conversations_select':
      return { selected_conversation: value ?? null };
    case 'multi_conversations_select':
      return { selected_conversations: asArray(value) };
    case 'datepicker':
      return { selected_date: value ?? null };
    case 'timepicker':
      return { selected_time: value ?? null };
    case 'datetimepicker':
      return { selected_date_time: value ?? null };
    default:
      return { value: value ?? null };
  }
}

/** What an element holds before anybody touches it. */
export function initialValue(element: Json): unknown {
  const options = element.initial_options as Json[] | undefined;
  const option = element.initial_option as Json | undefined;
  return (
    options?.map((one) => one.value) ??
    option?.value ??
    element.initial_value ??
    element.initial_user ??
    element.initial_users ??
    element.initial_channel ??
    element.initial_conversation ??
    element.initial_date ??
    element.initial_time ??
    element.initial_date_time
  );
}

function findOption(element: Json, value: string): Json {
  const groups = (element.option_groups as Json[] | undefined) ?? [];
  const offered = [
    ...((element.options as Json[] | undefined) ?? []),
    ...groups.flatMap((group) => group.options as Json[]),
  ];
  const found = offered.find((option) => option.value === value);
  if (found) return found;
  if (!String(element.type).includes('external')) {
    throw new Error(
      `The menu ${String(element.action_id)} has no option ${value}; it has ${offered.map((one) => String(one.value)).join(', ')}.`,
    );
  }
  return { text: { type: 'plain_text', text: value }, value };
}

function asArray(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
