import type { App } from '@slack/bolt';
import { register as actButtons } from './act-buttons';
import { register as commands } from './commands';
import { register as home } from './home';
import { register as incidentButtons } from './incident-buttons';
import { register as links } from './links';
import { register as logButtons } from './log-buttons';
import type { ListenerDeps, Register } from './listener';
import { register as mentions } from './mentions';
import { register as requestForms } from './request-forms';
import { register as runbookButtons } from './runbook-buttons';
import { register as resourceButtons } from './resource-buttons';
import { register as serverButtons } from './server-buttons';
import { register as startButtons } from './start-buttons';
import { register as voteButtons } from './vote-buttons';
import { register as voteModals } from './vote-modals';
import { register as workspaceChanges } from './workspace-changes';

/** Everything that people can type, press, submit or open. */
const all: readonly Register[] = [
  commands,
  requestForms,
  voteButtons,
  voteModals,
  actButtons,
  startButtons,
  runbookButtons,
  resourceButtons,
  logButtons,
  serverButtons,
  incidentButtons,
  home,
  mentions,
  links,
  workspaceChanges,
];

export function registerListeners(app: App, deps: ListenerDeps): void {
  for (const register of all) register(app, deps);
}
