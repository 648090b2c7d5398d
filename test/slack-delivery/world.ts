import { MockActivityEnvironment } from '@temporalio/testing';
import { createLocalPacer } from '../../activities/adapters/pacer-local';
import { defaultLimits } from '../../activities/adapters/pacer';
import { createSlackClient } from '../../activities/adapters/slack-client';
import { createSlackSide, type SlackActivityDeps, type SlackSide } from '../../activities/slack';
import type { Delivery, SlackActivities } from '../../src/operation/ports';
import type { OperationView } from '../../src/operation/view';
import { startSlackRules, type SlackRules, type SlackRulesOptions } from '../slack-rules';
import { operationView } from '../messages/views';

export const relayKey = 'k'.repeat(32);

/** People whose word does not count, whatever teams they are in. */
export const unwelcome = {
  U0GUEST: { is_restricted: true },
  U0ULTRA: { is_ultra_restricted: true },
  U0BOT: { is_bot: true },
  U0GONE: { deleted: true },
  U0STRANGER: { is_stranger: true },
  U0ELSEWHERE: { team_id: 'T0OTHER' },
};

/** Brings them in, and a group of everybody, with the second account U0SECOND. */
export function addUnwelcome({ slack }: Pick<World, 'slack'>): void {
  for (const [id, change] of Object.entries(unwelcome)) slack.addUser({ id, ...change });
  slack.setGroup('S0EVERYBODY', [...Object.keys(unwelcome), 'U0MIA', 'U0SECOND', 'U0LEE']);
  slack.addUser({ id: 'U0SECOND' });
}

export interface World {
  readonly slack: SlackRules;
  readonly activities: SlackActivities;
  /** The side that these activities are of. */
  readonly side: SlackSide;
  /** Another bot process: the same workspace, nothing remembered. */
  another(): SlackSide;
  stop(): Promise<void>;
}

const scale = 50;

/** A strict Slack with two channels and four people, and the activities as a bot runs them, fifty times as fast. */
export async function startWorld(
  options: SlackRulesOptions & { readonly deps?: Partial<SlackActivityDeps> } = {},
): Promise<World> {
  const { deps, ...rules } = options;
  const slack = await startSlackRules({
    users: ['U0LEE', 'U0MIA', 'U0KIM', 'U0DIRECTOR'],
    groups: [{ id: 'S0SECURITY', users: ['U0MIA'] }],
    channels: [
      { id: 'C0DEPLOYS', name: 'deploys' },
      { id: 'C0OTHER', name: 'other' },
    ],
    limits: { scale },
    ...rules,
  });
  const pacers = [createLocalPacer({ ...defaultLimits, scale })];
  const side = (): SlackSide => {
    const pacer = createLocalPacer({ ...defaultLimits, scale });
    pacers.push(pacer);
    return createSlackSide({
      client: createSlackClient({ token: slack.botToken, apiUrl: slack.apiUrl, timeoutMs: 2_000 }),
      pacer,
      relayKey,
      minGapMs: 20,
      ...deps,
    });
  };
  const first = side();
  return {
    slack,
    side: first,
    activities: first.activities,
    another: side,
    stop: async () => {
      await Promise.all(pacers.map((pacer) => pacer.close()));
      await slack.stop();
    },
  };
}

export function delivery(version: number, change: Partial<OperationView> = {}, more: Partial<Delivery> = {}): Delivery {
  return {
    slot: 'deploy-x/card',
    version,
    channel: '#deploys',
    final: false,
    card: 'operation',
    view: operationView({ title: `Version ${version}`, requestedAt: new Date().toISOString(), ...change }),
    ...more,
  } as Delivery;
}

/** Runs as the given attempt of an activity. */
export function asAttempt<Result>(attempt: number, work: () => Promise<Result>): Promise<Result> {
  return new MockActivityEnvironment({ attempt }).run(work) as Promise<Result>;
}
