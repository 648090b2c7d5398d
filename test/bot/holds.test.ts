import { createLocalPacer } from '../../activities/adapters/pacer-local';
import { createSlackSide } from '../../activities/slack';
import { createHoldActivities } from '../../activities/worker/holds';
import { createLaneActivities } from '../../activities/worker/lanes';
import type { PolicySource } from '../../activities/worker/policy-source';
import type { LedgerEntry } from '../../src/ledger/record';
import { SLACK_QUEUE, WORKER_QUEUE, HOLDS_ID } from '../../workflows/contract';
import { eventually } from '../helpers/temporal';
import { policyOf } from '../policy/helpers';
import { openBotWorld, personToken, machineToken, relayKey, type BotWorld } from './support/bot-world';

const policy = policyOf('', {
  'policy.yaml': `version: 1
channels: { default: "#deploys" }
teams: { ann: { users: [U0ANN] } }
environments: { production: { channel: "#deploys" }, staging: {} }
holds: { stop: { who: [ann] }, freeze: { who: [ann] }, unlock: { who: [ann] } }
`,
  'configs/services/checkout.yaml': 'service: { name: checkout }\n',
  'configs/services/web.yaml': 'service: { name: web }\n',
  'configs/services/bank.yaml': 'service: { name: bank }\n',
});

let world: BotWorld;
const records: LedgerEntry[] = [];

beforeAll(async () => {
  world = await openBotWorld({ redis: true, waits: { handOver: 2_000 } });
  const source = { current: async () => ({ repository: { policy } }) } as unknown as PolicySource;
  await world.temporal.worker({
    taskQueue: SLACK_QUEUE,
    activities: createSlackSide({ client: world.web, pacer: createLocalPacer(), relayKey }).activities,
  });
  await world.temporal.worker({
    taskQueue: WORKER_QUEUE,
    workflows: true,
    activities: {
      ...createLaneActivities({ client: world.temporal.client }),
      ...createHoldActivities({ policy: source, relayKey, maxAgeMs: 900_000, now: () => new Date() }),
      record: async ({ entries }: { entries: LedgerEntry[] }) => (records.push(...entries), { commit: 'abc' }),
    },
  });
}, 60_000);
afterAll(() => world?.close());

const type = (user: string, text: string) =>
  world.slack.command({ user, channel: 'C0DEPLOYS', command: '/signalbox', text });
const told = (user: string) => world.slack.ephemerals(user).map(({ text }) => text);
/** What somebody is told next, after a command. */
async function answer(user: string, text: string): Promise<string> {
  const before = told(user).length;
  const result = await type(user, text);
  expect(result.acked).toBe(true);
  return eventually(() => {
    const [first] = told(user).slice(before);
    if (first === undefined) throw new Error('nothing yet');
    return first;
  });
}
/** The same where something that was kept before may be told in between. */
async function hears(user: string, text: string, words: RegExp): Promise<void> {
  const before = told(user).length;
  await type(user, text);
  await eventually(() => expect(told(user).slice(before).join('\n')).toMatch(words));
}
const publicly = () => world.slack.messages('C0DEPLOYS').map(({ text }) => text);

test('a lock is told to whoever locked and to the channel, and shown by /signalbox locks and status', async () => {
  expect(await answer('U0BOB', 'lock checkout in production “database &lt;migration&gt;” for 2h')).toMatch(
    /checkout in production is locked for you until <!date\^\d+\^/,
  );
  await eventually(() =>
    expect(publicly().join('\n')).toMatch(
      /🔒 <@U0BOB> locked \*checkout in production\* until .*database &lt;migration&gt;/,
    ),
  );
  expect(await answer('U0ANN', 'lock checkout in production "me next" --change v3')).toMatch(
    /is locked by U0BOB .*number 1 in the queue.*\(<@U0BOB>\)/,
  );
  const seen = await answer('U0ANN', 'locks');
  expect(seen).toMatch(/1 lock by command/);
  const blocks = JSON.stringify(world.slack.ephemerals('U0ANN').at(-1));
  expect(blocks).toContain('In line: 1. <@U0ANN> for `v3` alone');
  await answer('U0ANN', 'status');
  expect(JSON.stringify(world.slack.ephemerals('U0ANN').at(-1))).toContain('is locked by <@U0BOB>');
});

test('whoever is next is told when the lock is theirs, and a refusal names who may', async () => {
  expect(await answer('U0BOB', 'unlock checkout in production')).toMatch(/has passed to U0ANN/);
  await eventually(() =>
    expect(
      world.slack
        .dms('U0ANN')
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(/<@U0ANN> has the lock on \*checkout in production\* now for `v3` alone/),
  );
  expect(await answer('U0BOB', 'unlock checkout in production "I want it"')).toMatch(/only they and ann may/);
  expect(await answer('U0BOB', 'stop "because"')).toMatch(/only ann may and you are not in it.*holds\.stop\.who/);
  expect(await answer('U0ANN', 'hand-over checkout in production to <@U0BOB|bob> "bye"')).toMatch(/is with U0BOB now/);
  expect(await answer('U0BOB', 'unlock checkout in production')).toMatch(/is unlocked/);
});

test('freeze and stop are on the Home tab until they are lifted', async () => {
  expect(await answer('U0ANN', 'freeze production "audit" until in 3 hours')).toMatch(
    /production is frozen until <!date/,
  );
  expect(await answer('U0ANN', 'stop credentials leaked')).toMatch(/Everything is stopped/);
  await world.slack.openHome('U0BOB');
  await eventually(() => {
    const home = JSON.stringify(world.slack.home('U0BOB'));
    expect(home).toContain('Everything is stopped by <@U0ANN>');
    expect(home).toContain('*production* is frozen by <@U0ANN>');
  });
  await answer('U0ANN', 'go');
  await answer('U0ANN', 'thaw production');
  expect(await answer('U0ANN', 'locks')).toBe('Nothing is locked, frozen or stopped by command.');
});

test.each([
  ['freeze production "audit" until banana', /"banana" is not an instant/],
  ['freeze production', /Why is it frozen\?/],
  ['lock checkout in production "x" for ever', /How long\? Write a length of time/],
  ['lock checkout "x"', /Which environment\? Write it behind "in"/],
  ['hand-over checkout in production to bob', /Mention the person behind "to"/],
  ['thaw staging', /not frozen by a command/],
])('%s changes nothing and says why', async (text, words) => {
  expect(await answer('U0ANN', text)).toMatch(words);
});

async function api(text: string, token: string, key: string) {
  const response = await fetch(`${world.bot.url}/api/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text, key }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('the same goes by the command line, once for each key, and not for a machine', async () => {
  const lock = 'signalbox lock checkout in staging "by hand" for 1h';
  await expect(api(lock, personToken, 'k1')).resolves.toMatchObject({
    status: 200,
    body: { kind: 'told', sentence: expect.stringContaining('checkout in staging is locked for you') },
  });
  await expect(api(lock, personToken, 'k1')).resolves.toMatchObject({ status: 200 });
  await expect(api('signalbox locks', personToken, 'k2')).resolves.toMatchObject({
    body: { kind: 'holds', holds: { locks: [{ service: 'checkout', environment: 'staging', queue: [] }] } },
  });
  expect(records.filter(({ body }) => body.what === 'locked' && body.environment === 'staging')).toHaveLength(1);
  await expect(api('signalbox stop "x"', machineToken, 'k3')).resolves.toMatchObject({ status: 403 });
  await expect(api('signalbox unlock checkout in staging', personToken, 'k4')).resolves.toMatchObject({ status: 200 });
});

test('what is typed while Temporal is away is kept, and takes effect when it is back', async () => {
  world.line.goAway();
  const before = told('U0ANN').length;
  await type('U0ANN', 'stop "while it is away"');
  await eventually(() =>
    expect(told('U0ANN').slice(before).join()).toMatch(/is kept because Temporal does not answer/),
  );
  world.line.comeBack();
  await eventually(async () => {
    const { memo } = await world.temporal.client.workflow.getHandle(HOLDS_ID).describe();
    expect(memo).toMatchObject({ holds: { stop: { by: 'U0ANN', reason: 'while it is away' } } });
  }, 30_000);
  await eventually(() => expect(publicly().join('\n')).toContain('stopped everything (while it is away)'));
  await hears('U0ANN', 'go', /The stop is lifted/);
}, 60_000);

test('what was held when its workflow was terminated is unknown, and comes back with the next thing that somebody does', async () => {
  const { workflow } = world.temporal.client;
  await hears('U0ANN', 'stop "a breach"', /Everything is stopped/);
  const held = async () => (await workflow.getHandle(HOLDS_ID).describe()).memo;
  await eventually(async () => expect(await held()).toMatchObject({ holds: { stop: { reason: 'a breach' } } }));
  await workflow.getHandle(HOLDS_ID).terminate('by hand');
  await hears('U0ANN', 'locks', /Nobody can say what is held, because .* \(TERMINATED\)/);
  await hears('U0ANN', 'freeze staging "to look"', /staging is frozen/);
  expect(await held()).toMatchObject({
    holds: { stop: { by: 'U0ANN', reason: 'a breach' }, freezes: [{ reason: 'to look' }] },
  });
  await hears('U0ANN', 'go', /The stop is lifted/);
  await hears('U0ANN', 'thaw staging', /is thawed/);
});

test('a reason that is too long is refused with the length that is kept', async () => {
  expect(await answer('U0ANN', `stop "${'x'.repeat(301)}"`)).toMatch(/has 301 characters, and 300 can be kept/);
});
