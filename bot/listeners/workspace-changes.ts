import type { App } from '@slack/bolt';
import { changeEvents } from '../../src/commands/manifest';
import type { Register } from './listener';

/** Somebody was deactivated, left a group, a channel was shared: the next vote asks Slack afresh. */
export const register: Register = (app: App, deps) => {
  for (const name of changeEvents)
    app.event(name, async () => {
      deps.workspaceChanged?.();
    });
};
