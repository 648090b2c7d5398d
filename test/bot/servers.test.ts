import { randomUUID } from 'node:crypto';
import { differenceOf } from '../../src/infrastructure/difference';
import { serversMessage } from '../../src/messages/server-words';
import { ACTIONS } from '../../src/messages/actions';
import type { Declared, InfrastructureCase } from '../../src/infrastructure/declared';
import type { ResourceState } from '../../src/resources/resource';
import { eventually, openBotWorld, personToken, type BotWorld } from './support/bot-world';

const server = (name: string, data: ResourceState['data'] = 'kept'): ResourceState => ({
  format: 1,
  kind: 'server',
  name,
  status: 'live',
  runbook: 'create-server',
  owner: { kind: 'person', id: 'U0ANN' },
  inputs: {},
  outputs: {},
  data,
  destroy: { how: 'runbook', runbook: 'remove-server' },
  teardown: 'a'.repeat(64),
  policyCommit: 'c'.repeat(40),
  operation: 'infrastructure-servers-aaaaaaaaaa',
  begunAt: '2026-11-20T09:00:00.000Z',
  declared: { group: name.replace(/-\d+$/, ''), type: 'cx22', region: 'fsn1', commit: 'd'.repeat(40) },
});
const group = (name: string, count: number, type = 'cx22') => ({
  name,
  count,
  type,
  region: 'fsn1',
  data: name === 'db',
  file: 'infrastructure/servers.yaml',
});
const declared = (...groups: readonly ReturnType<typeof group>[]): Declared => ({
  kind: 'read',
  commit: 'e'.repeat(40),
  branch: 'main',
  groups,
  sources: [{ path: 'infrastructure/servers.yaml', blob: 'b'.repeat(40) }],
  authors: [],
});

let infrastructure: InfrastructureCase;
let world: BotWorld;
beforeAll(async () => {
  world = await openBotWorld({ redis: true, deps: { infrastructure: async () => infrastructure } });
  await world.startWorker();
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  infrastructure = {
    declared: declared(group('web', 2, 'cx32'), group('db', 1)),
    resources: [server('web-1'), server('db-1', 'lost')],
  };
});

const type = (text: string) =>
  world.slack.command({ user: 'U0ANN', channel: 'C0DEPLOYS', command: '/provision', text });
const told = () => JSON.stringify(world.slack.ephemerals('U0ANN').at(-1) ?? '');
const modal = () => JSON.stringify(world.slack.views('U0ANN').at(-1)?.blocks ?? []);
const asked = async () => (await world.started()).filter(({ kind }) => kind === 'infrastructure');

test('/provision servers shows the difference by group, and starts nothing', async () => {
  await type('servers');
  await world.slack.waitFor(() => told().includes('web-1'));
  expect(told()).toMatch(/replace `web-1` by `web-2` \(another type is declared\)/);
  expect(told()).toMatch(/`db`: 1 × `cx22` in `fsn1`, with data; it is there; nothing to do/);
  expect(told()).toContain(ACTIONS.bringAbout);
  expect(await asked()).toEqual([]);
});

test('an unknown group, a file that cannot be read and a look that nobody answers are said', async () => {
  await type('servers wep');
  await world.slack.waitFor(() => told().includes('did you mean \\"web\\"?'));
  infrastructure = { ...infrastructure, declared: { kind: 'unreadable', because: 'What is declared cannot be read.' } };
  await type('servers');
  await world.slack.waitFor(() => told().includes('What is declared cannot be read.'));
});

test('the button carries it out once, for that group and environment', async () => {
  const view = {
    group: 'web',
    environment: 'staging',
    branch: 'main',
    commit: 'e'.repeat(40),
    differences: differenceOf({ ...infrastructure, groups: [group('web', 2)] }),
  };
  const posted = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...serversMessage(view) });
  await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts: posted.ts!, actionId: ACTIONS.bringAbout });
  const [request] = await eventually(async () => ((await asked()).length > 0 ? asked() : undefined));
  expect(request).toMatchObject({
    kind: 'infrastructure',
    infrastructure: { group: 'web' },
    environment: 'staging',
    requester: { kind: 'person', id: 'U0ANN', via: 'slack' },
  });
});

test('where all is as declared, carrying it out says that there is nothing to do', async () => {
  const before = (await asked()).length;
  infrastructure = { declared: declared(group('web', 1)), resources: [server('web-1')] };
  await type('servers --apply');
  await world.slack.waitFor(() => told().includes('so there is nothing to do'));
  expect(await asked()).toHaveLength(before);
});

test('before a group loses data its name is typed in a form, and what was asked for is kept', async () => {
  infrastructure = { ...infrastructure, declared: declared(group('web', 1), group('db', 0)) };
  const before = (await asked()).length;
  await type('servers --apply');
  await world.slack.waitFor(() => modal().includes('is lost with them'));
  expect(await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'web' } })).toMatchObject({
    response_action: 'errors',
    errors: { name: expect.stringContaining('db') },
  });
  expect(await asked()).toHaveLength(before);
  await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'db', reason: 'moved' } });
  const request = await eventually(async () => (await asked()).find(({ reason }) => reason === 'moved'));
  expect(request.infrastructure).toEqual({
    confirmed: 'db',
    loses: { 'db-1': infrastructure.resources[1]!.operation },
  });
});

test('what a form named is what is confirmed: if more is lost by then, nothing is started', async () => {
  const servers = [server('db-1', 'lost'), server('db-2', 'lost')];
  infrastructure = { declared: declared(group('db', 1)), resources: servers };
  const before = (await asked()).length;
  await type('servers --apply');
  await world.slack.waitFor(() => modal().includes('`db-2`'));
  expect(modal()).not.toContain('`db-1`');
  infrastructure = { declared: declared(group('db', 0)), resources: servers };
  expect(JSON.stringify(await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'db' } }))).toContain(
    'the data of db-1, db-2 would be lost',
  );
  expect(await asked()).toHaveLength(before);
});

test('a server that was made anew since the form named it is not the one that was confirmed', async () => {
  infrastructure = { declared: declared(group('db', 0)), resources: [server('db-1', 'lost')] };
  const before = (await asked()).length;
  await type('servers --apply');
  await world.slack.waitFor(() => modal().includes('`db-1`'));
  const anew = { ...server('db-1', 'lost'), operation: 'infrastructure-servers-bbbbbbbbbb' };
  infrastructure = { ...infrastructure, resources: [anew] };
  expect(JSON.stringify(await world.slack.viewSubmit({ user: 'U0ANN', values: { name: 'db' } }))).toContain(
    'was typed for other servers',
  );
  expect(await asked()).toHaveLength(before);
});

test('over the API the difference is data, and the name stands behind --confirm', async () => {
  infrastructure = { ...infrastructure, declared: declared(group('web', 1), group('db', 0)) };
  const api = async (text: string) => {
    const answer = await fetch(`${world.bot.url}/api/v1/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${personToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text, key: randomUUID() }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  expect(await api('provision servers db')).toMatchObject({
    status: 200,
    body: { kind: 'servers', view: { group: 'db', differences: [{ group: 'db', removes: [{ name: 'db-1' }] }] } },
  });
  expect(await api('provision servers db --apply')).toMatchObject({ status: 400 });
  expect(await api('provision servers db --confirm web')).toMatchObject({ status: 400 });
  expect(await api('provision servers db --confirm db')).toMatchObject({ status: 202 });
});
