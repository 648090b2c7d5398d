import { relay } from '../../src/operation/relay';
import type { Operators } from '../../src/operation/authority';
import type { ActBody } from '../../src/operation/ports';
import { addUnwelcome, relayKey, startWorld, type World } from './world';

let world: World;
let clock: number;
beforeEach(async () => {
  clock = Date.parse('2026-11-21T09:00:00Z');
  world = await startWorld({ deps: { now: () => clock } });
  addUnwelcome(world);
});
afterEach(() => world.stop());

const operators: Operators = {
  teams: [
    { team: 'security_team', may: 'everything', groups: ['S0SECURITY'], users: [] },
    { team: 'everybody', may: 'everything', groups: ['S0EVERYBODY'], users: [] },
    { team: 'director', may: 'abort', groups: ['S0SECURITY'], users: ['U0DIRECTOR'] },
  ],
  persons: { U0SECOND: 'U0DIRECTOR' },
};

const act = (by: string, change: Partial<ActBody> = {}): ActBody => ({
  format: 1,
  workflowId: 'o1',
  act: { kind: 'abort' },
  by,
  actionId: '1',
  at: '2026-11-21T09:00:00Z',
  ...change,
});

const dayMs = 24 * 3_600_000;

const checkAct = (by: string, change: { maxAgeMs?: number; operators?: Operators } = {}) =>
  world.activities.checkAct({ act: relay('act', act(by), relayKey), operators, maxAgeMs: dayMs, ...change });

const sitting = (by: string, ...teams: string[]) => ({
  kind: 'ok',
  actor: { kind: 'person', by, teams, unknown: [] },
});

it.each([
  ['a member of no team', 'U0KIM', sitting('U0KIM')],
  ['a member of groups', 'U0MIA', sitting('U0MIA', 'security_team', 'everybody', 'director')],
  ['somebody listed by id', 'U0DIRECTOR', sitting('U0DIRECTOR', 'director')],
  ['the second account of somebody listed', 'U0SECOND', sitting('U0SECOND', 'director', 'everybody')],
  ['a guest, whatever teams they are in', 'U0GUEST', { kind: 'refused', code: 'guest' }],
  ['a bot', 'U0BOT', { kind: 'refused', code: 'bot' }],
  ['somebody who left', 'U0GONE', { kind: 'refused', code: 'deactivated' }],
  ['a stranger', 'U0STRANGER', { kind: 'refused', code: 'stranger' }],
])('says of an act by %s who presses it and where they sit', async (_who, by, answer) => {
  await expect(checkAct(by)).resolves.toEqual(answer);
});

it('takes no act that was signed as a vote, and asks Slack nothing about it', async () => {
  const forged = relay('vote', act('U0MIA'), relayKey);
  await expect(world.activities.checkAct({ act: forged, operators, maxAgeMs: dayMs })).resolves.toEqual({
    kind: 'refused',
    code: 'bad_signature',
  });
  expect(world.slack.calls).toHaveLength(0);
});

it('asks Slack nothing about a machine, whose token said who it is', async () => {
  const body = act('ci', { byKind: 'machine' });
  await expect(
    world.activities.checkAct({ act: relay('act', body, relayKey), operators, maxAgeMs: dayMs }),
  ).resolves.toEqual({ kind: 'ok', actor: { kind: 'machine', by: 'ci', teams: [], unknown: [] } });
  expect(world.slack.calls).toHaveLength(0);
});

it('says which teams Slack did not answer about, and never counts them', async () => {
  world.slack.faults.add({ method: 'usergroups.users.list', kind: 'http_500', times: 10 });
  await expect(checkAct('U0MIA')).resolves.toEqual({
    kind: 'ok',
    actor: { kind: 'person', by: 'U0MIA', teams: [], unknown: ['security_team', 'everybody', 'director'] },
  });
});

it('lets an answer of the same day count for what stops an operation while Slack is away, and says how old it is', async () => {
  await checkAct('U0MIA');
  world.slack.goAway();
  clock += 3_600_000;
  await expect(checkAct('U0MIA')).resolves.toEqual({
    ...sitting('U0MIA', 'security_team', 'everybody', 'director'),
    asOf: '2026-11-21T09:00:00.000Z',
  });
  await expect(checkAct('U0MIA', { maxAgeMs: 60_000 })).resolves.toEqual({ kind: 'refused', code: 'lookup_failed' });
  clock += dayMs;
  await expect(checkAct('U0MIA')).resolves.toEqual({ kind: 'refused', code: 'lookup_failed' });
});
