import type { WebClient } from '@slack/web-api';
import type { RenderContext } from '../../src/messages/blocks';
import type { KnownPerson } from '../../src/operation/asker';
import type { SlackActivities } from '../../src/operation/ports';
import type { Pacer } from '../adapters/pacer';
import { createSlackApi } from '../adapters/slack-api';
import { createLocalSlotMemory, type SlotMemory } from '../adapters/slot-memory';
import { ChannelBook } from './channels';
import { checkAct } from './check-act';
import { checkVote, freshestMs } from './check-vote';
import { Deliverer } from './deliver';
import { Directory } from './directory';
import { IncidentRooms } from './incident-room';
import { Notifier } from './notify';
import { recheckVoters } from './recheck-voters';
import { whoIs } from './who-is';

export interface SlackActivityDeps {
  readonly client: WebClient;
  readonly pacer: Pacer;
  /** RELAY_KEY */
  readonly relayKey: string;
  /** Workspace whose members count; asked of Slack (`auth.test`) when absent. */
  readonly homeTeamId?: string;
  /** Enterprise Grid: members of sister workspaces count too. */
  readonly homeEnterpriseId?: string;
  readonly ui?: RenderContext;
  /** Least time between two edits of one message that only show progress. Default 1 s. */
  readonly minGapMs?: number;
  /** Newest versions across processes; this process alone when absent. */
  readonly slots?: SlotMemory;
  readonly now?: () => number;
}

export interface SlackSide {
  readonly activities: SlackActivities;
  /** A member as Slack's recent answers describe them; asks nothing and waits for nothing. */
  known(user: string): KnownPerson | undefined;
  /** For events about people, groups and channels (`user_change`, `subteam_*`, `channel_*`): what was known is dropped. */
  forget(): void;
}

/** Everything that needs a Slack token, to be registered on the Slack queue. */
export function createSlackSide(deps: SlackActivityDeps): SlackSide {
  const now = deps.now ?? Date.now;
  const ui = deps.ui ?? {};
  const { relayKey } = deps;
  const api = createSlackApi(deps);
  const channels = new ChannelBook(api, now);
  const directory = new Directory({
    api,
    now,
    ...(deps.homeTeamId && { home: { teamId: deps.homeTeamId, enterpriseId: deps.homeEnterpriseId } }),
  });
  const slots = deps.slots ?? createLocalSlotMemory();
  const deliverer = new Deliverer({ api, channels, slots, ui, now, minGapMs: deps.minGapMs ?? 1_000 });
  const notifier = new Notifier({ api, channels, ui, now });
  const rooms = new IncidentRooms(api);
  return {
    activities: {
      deliver: (delivery) => deliverer.deliver(delivery),
      notify: (notice) => notifier.notify(notice),
      checkVote: (asked) => checkVote({ directory, relayKey }, asked),
      whoIs: (asked) => whoIs(directory, asked),
      recheckVoters: (asked) => recheckVoters(directory, asked),
      checkAct: (asked) => checkAct({ directory, relayKey }, asked),
      openRoom: (asked) => rooms.open(asked),
      invite: (asked) => rooms.invite(asked),
      pin: (asked) => rooms.pin(asked),
    },
    known: (user) => directory.known(user, freshestMs),
    forget: () => {
      directory.forget();
      channels.forget();
    },
  };
}
