import { commands } from './registry';

/** How Slack reaches the bot. */
export type Transport =
  | { readonly mode: 'socket' }
  | {
      readonly mode: 'http';
      /** Public https address of the bot, without a path. */
      readonly url: string;
    };

/** Callback id of the message shortcut "Open incident". */
export const INCIDENT_SHORTCUT = 'shortcut.incident';

/** What the bot needs, and nothing it does not use (Slack: docs.slack.dev/reference/scopes). */
export const botScopes = [
  'app_mentions:read',
  'channels:history',
  'channels:manage',
  'channels:read',
  'channels:write.invites',
  'channels:write.topic',
  'chat:write',
  'chat:write.public',
  'commands',
  'groups:history',
  'groups:read',
  'groups:write',
  'groups:write.invites',
  'groups:write.topic',
  'im:history',
  'im:write',
  'pins:write',
  'usergroups:read',
  'users:read',
  'users:read.email',
] as const;

/** Events after which what is known of people, groups and channels no longer counts. */
export const changeEvents = [
  'user_change',
  'subteam_updated',
  'subteam_members_changed',
  'channel_archive',
  'channel_unarchive',
  'channel_rename',
  'channel_shared',
  'channel_unshared',
] as const;

export const botEvents = ['app_home_opened', 'app_mention', ...changeEvents] as const;

/** Slack's app manifest, made from the command registry: what `manifest.yml` and `signalbox manifest` say. */
export function slackManifest(transport: Transport) {
  const endpoint = transport.mode === 'http' ? `${transport.url.replace(/\/+$/, '')}/slack/events` : undefined;
  const at = <Key extends string>(key: Key) => (endpoint === undefined ? {} : { [key]: endpoint });
  return {
    display_information: {
      name: 'Signalbox',
      description: 'Deployments, runbooks and incidents with approvals: Slack asks, policy in Git decides.',
      background_color: '#1d2b3a',
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: 'signalbox', always_online: true },
      shortcuts: [
        {
          name: 'Open incident',
          type: 'message',
          callback_id: INCIDENT_SHORTCUT,
          description: 'Declare an incident about this message',
        },
      ],
      slash_commands: commands.map((each) => ({
        command: each.command,
        ...at('url'),
        description: each.summary,
        usage_hint: each.hint,
        should_escape: true,
      })),
    },
    oauth_config: { scopes: { bot: [...botScopes] } },
    settings: {
      event_subscriptions: { ...at('request_url'), bot_events: [...botEvents] },
      interactivity: { is_enabled: true, ...at('request_url') },
      org_deploy_enabled: false,
      socket_mode_enabled: transport.mode === 'socket',
      token_rotation_enabled: false,
    },
  };
}
