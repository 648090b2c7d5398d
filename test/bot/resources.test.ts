import { randomUUID } from 'node:crypto';
import { ACTIONS } from '../../src/messages/actions';
import { renderNotice } from '../../src/messages/notices';
import type { ActBody } from '../../src/operation/ports';
import type { ResourceState } from '../../src/resources/resource';
import { leaseId, WORKER_QUEUE } from '../../workflows/contract';
import { eventually, openBotWorld, personToken, machineToken, relayKey, type BotWorld } from './support/bot-world';
import { relay } from '../../src/operation/relay';
import { aRequest } from '../helpers/samples';

const state = (name: string, overrides: Partial<ResourceState> = {}): ResourceState => ({
  format: 1,
  kind: 'sandbox',
  name,
  status: 'live',
  runbook: 'sandbox',
  owner: { kind: 'person', id: 'U0ANN' },
  inputs: { name },
  outputs: {},
  data: 'lost',
  destroy: { how: 'undo' },
  teardown: 'a'.repeat(64),
  policyCommit: 'c'.repeat(40),
  operation: `provision-sandbox-${name}aaaaaaaa`,
  begunAt: '2026-11-20T09:00:00.000Z',
  createdAt: '2026-11-20T09:01:00.000Z',
  ...overrides,
});

const dayMs = 86_400_000;

const states: ResourceState[] = [
  state('demo', {
    environment: 'staging',
    expiresAt: '2026-11-24T09:01:00.000Z',
    // A day is what a press adds, and half of one is left.
    lease: { forMs: 4 * dayMs, maxMs: 4.5 * dayMs, extendMs: dayMs, remindMs: dayMs / 2 },
  }),
  state('soon', { owner: { kind: 'person', id: 'U0BOB' }, data: 'kept', expiresAt: '2026-11-22T09:01:00.000Z' }),
  state('orders', { kind: 'database', runbook: 'database' }),
  state('orders', { data: 'kept' }),
  state('past', { status: 'destroyed', destroyedBy: 'destroy-past-1', destroyedAt: '2026-11-20T10:00:00.000Z' }),
  state('half', { status: 'uncertain', because: 'the host did not answer <!channel>' }),
];

let world: BotWorld;
beforeAll(async () => {
  world = await openBotWorld({ redis: true, deps: { resources: async () => states } });
  await world.startWorker();
}, 60_000);
afterAll(() => world?.close());

const type = (text: string, user = 'U0ANN') =>
  world.slack.command({ user, channel: 'C0DEPLOYS', command: '/provision', text });
const told = (user = 'U0ANN') => JSON.stringify(world.slack.ephemerals(user).at(-1) ?? '');
const modal = () => JSON.stringify(world.slack.views('U0ANN').at(-1)?.blocks ?? []);
const destroyed = async (name: string) =>
  (await world.started()).filter(({ kind, resource }) => kind === 'destroy' && resource?.name === name);

test('/provision list says who owns what and until when, what ends first in front, and words narrow it down', async () => {
  await type('list');
  await world.slack.waitFor(() => told().includes('sandbox demo'));
  const all = told();
  expect(all.indexOf('sandbox soon')).toBeLessThan(all.indexOf('sandbox demo'));
  expect(all).toContain("<@U0BOB>'s since");
  expect(all).toContain('may be half there');
  expect(all).not.toContain('<!channel>');
  expect(all).not.toContain('past');
  await type('list database');
  await world.slack.waitFor(() => told().includes('database orders') && !told().includes('demo'));
  await type('list mine', 'U0BOB');
  await world.slack.waitFor(() => told('U0BOB').includes('sandbox soon'));
  expect(told('U0BOB')).not.toContain('demo');
  await type('list nothing-of-this-name');
  await world.slack.waitFor(() => told().includes('Nothing that was provisioned'));
});

test('where data is lost its name is typed in a form, a wrong one is told at the field, and nothing starts before', async () => {
  await type('destroy demo');
  await world.slack.waitFor(() => modal().includes('is lost with it'));
  expect(await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'demos' } })).toMatchObject({
    response_action: 'errors',
    errors: { name: expect.stringContaining('demo') },
  });
  expect(await destroyed('demo')).toEqual([]);
  expect(
    await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'demo', reason: 'no longer used' } }),
  ).toMatchObject({
    response_action: 'update',
  });
  const [request] = await eventually(async () => {
    const found = await destroyed('demo');
    return found.length > 0 ? found : undefined;
  });
  expect(request).toMatchObject({
    kind: 'destroy',
    resource: { kind: 'sandbox', name: 'demo', of: states[0]!.operation, confirmed: 'demo' },
    environment: 'staging',
    runbook: 'sandbox',
    reason: 'no longer used',
    requester: { kind: 'person', id: 'U0ANN', via: 'slack' },
  });
});

test('what was made anew since the form named it is not what was confirmed', async () => {
  const demo = states[0]!;
  const before = (await destroyed('demo')).length;
  await type('destroy demo');
  await world.slack.waitFor(() => modal().includes('is lost with it'));
  states[0] = { ...demo, operation: 'provision-sandbox-staging-anew' };
  try {
    expect(JSON.stringify(await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'demo' } }))).toContain(
      'made anew by provision-sandbox-staging-anew',
    );
  } finally {
    states[0] = demo;
  }
  expect(await destroyed('demo')).toHaveLength(before);
});

test('what keeps its data is destroyed at a word; one name of two things, no thing and a gone one are told', async () => {
  await type('destroy soon');
  await eventually(async () => (await destroyed('soon')).length === 1 || undefined);
  for (const [text, says] of [
    ['destroy orders', 'database/orders, sandbox/orders'],
    ['destroy nobody', 'is called nobody'],
    ['destroy past', 'is gone'],
    ['extend past by 1d', 'is gone'],
    ['extend half by 1d', 'has no lease'],
    ['extend demo', 'By how long'],
  ] as const) {
    await type(text);
    await world.slack.waitFor(() => told().includes(says));
  }
  await type('destroy sandbox/orders');
  await eventually(async () => (await destroyed('orders')).length === 1 || undefined);
});

test('Extend on a reminder and in the list and /provision extend speak to the lease, signed and once each', async () => {
  const id = leaseId(states[0]!.operation);
  const request = relay('request', aRequest({ id }), relayKey);
  await world.temporal.client.workflow.start('operation', {
    workflowId: id,
    taskQueue: WORKER_QUEUE,
    args: [{ request }],
  });
  const resource = { kind: 'sandbox', name: 'demo' };
  const notice = {
    kind: 'lease_ends',
    resource,
    leaseId: id,
    expiresAt: states[0]!.expiresAt!,
    extendMs: 86_400_000,
  } as const;
  const posted = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...renderNotice(notice) });
  await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts: posted.ts!, actionId: ACTIONS.extendLease });
  await type('extend demo by 2d');
  await type('list demo');
  await world.slack.waitFor(() => told().includes('Extend by 12h'));
  const listed = world.slack.ephemerals('U0ANN').at(-1)!;
  await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts: listed.ts, actionId: ACTIONS.extendLease });
  const acts = await eventually(async () => {
    const arrived = (await world.arrived(id)).map(({ relayed }) => (relayed.body as ActBody).act);
    return arrived.length === 3 ? arrived : undefined;
  });
  expect(acts).toEqual([
    { kind: 'extend', byMs: 86_400_000 },
    { kind: 'extend', byMs: 172_800_000 },
    { kind: 'extend', byMs: 43_200_000 },
  ]);
  expect(JSON.stringify(renderNotice({ ...notice, extendMs: undefined }))).not.toContain(ACTIONS.extendLease);
});

test('the API lists, asks for the name where data is lost, and refuses tokens that may not destroy', async () => {
  const ask = async (text: string, token = personToken) => {
    const answer = await fetch(`${world.bot.url}/api/v1/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text, key: randomUUID() }),
    });
    return { status: answer.status, body: (await answer.json()) as { readonly error?: { readonly message: string } } };
  };
  const listed = await ask('provision list demo');
  expect(listed).toMatchObject({
    status: 200,
    body: { kind: 'resources', resources: [{ name: 'demo', status: 'live' }] },
  });
  const bare = await ask('provision destroy database/orders');
  expect(bare).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('--confirm orders') } },
  });
  const wrong = await ask('provision destroy database/orders --confirm order');
  expect(wrong.status).toBe(400);
  const right = await ask('provision destroy database/orders --confirm orders --reason "empty"');
  expect(right).toMatchObject({ status: 202, body: { kind: 'started' } });
  expect((await ask('provision destroy database/orders --confirm orders', machineToken)).status).toBe(403);
});
