import type { App } from '@slack/bolt';
import type { Register } from './listener';

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

/** Somebody was deactivated, left a group, a channel was shared: the next vote asks Slack afresh. */
export const register: Register = (app: App, deps) => {
  for (const name of changeEvents)
    app.event(name, async () => {
      deps.workspaceChanged?.();
    });
};
