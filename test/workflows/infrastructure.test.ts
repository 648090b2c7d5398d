import { randomUUID } from 'node:crypto';
import type { OperationRequest } from '../../src/operation/request';
import type { ResourceState } from '../../src/resources/resource';
import { openMaker, type Maker } from '../helpers/maker';
import { type Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(60_000);

let at: TriggerWorld;
let maker: Maker;

const create = `name: create-server
inputs:
  name: { type: string }
  type: { type: string }
  region: { type: string }
  number: { type: integer }
steps:
  - id: machine
    name: Make the machine
    uses: http/request
    with: { connection: maker, method: POST, path: /hosts, json: { name: "\${{ inputs.name }}" } }
    outputs: { id: response.body.id }
    find:
      with: { path: "/hosts?name=\${{ inputs.name }}" }
      found: size(response.body) > 0
      outputs: { id: "response.body[0].id" }
    undo:
      uses: http/request
      with: { connection: maker, method: DELETE, path: "/hosts/\${{ steps.machine.outputs.id }}", status: [404] }
  - id: address
    name: Give it a name
    uses: http/request
    with: { connection: maker, method: PUT, path: "/names/\${{ inputs.name }}" }
    retry: { attempts: 1 }
    undo: { uses: http/request, with: { connection: maker, method: DELETE, path: "/names/\${{ inputs.name }}", status: [404] } }
outputs:
  id: steps.machine.outputs.id
  note: "'$' + '{{ 1 + 1 }}'"
`;
const remove = `name: remove-server
inputs:
  name: { type: string }
  id: { type: string }
  note: { type: string }
steps:
  - { id: told, uses: expect, with: { that: 'inputs.note.startsWith("$")', else: What was told was looked into. } }
  - id: address
    uses: http/request
    with: { connection: maker, method: DELETE, path: "/names/\${{ inputs.name }}", status: [404] }
    undo: none
  - id: machine
    name: Give the machine back
    uses: http/request
    with: { connection: maker, method: DELETE, path: "/hosts/\${{ inputs.id }}", status: [404] }
    retry: { attempts: 1 }
    undo: none
`;
const policy = `version: 1
timezone: UTC
channels: { default: "#deploys", policy: "#policy" }
teams: { team_lead: { users: [U0KIM, U0LEE] } }
operators: [team_lead]
environments: { staging: { branch: staging }, lab: { branch: nowhere } }
approvals:
  - { name: replaced, when: 'change.kind == "infrastructure" && plan.replaces > 0', require: [team_lead] }
handlers:
  - { for: server.create, runbook: create-server }
  - { for: server.remove, runbook: remove-server }
`;
const people = 'people: { U0KIM: { name: Kim, git: [kim@example.com] } }\n';
const path = 'infrastructure/servers.yaml';
const declare = (groups: string): Promise<string> => at.remote.commit({ [path]: `servers: ${groups}\n` });

beforeAll(async () => {
  maker = await openMaker();
  at = await openTriggerWorld({
    'policy.yaml': policy,
    'people.yaml': people,
    'connections/maker.yaml': `connection: { name: maker, kind: http, origin: "${maker.origin}", methods: [GET, POST, PUT, DELETE] }\n`,
    'runbooks/create-server.yaml': create,
    'runbooks/remove-server.yaml': remove,
  });
  at.world.step = at.runStep;
});
afterAll(async () => {
  await at?.close();
  await maker?.close();
});
beforeEach(() => {
  maker.broken = undefined;
  maker.calls.length = 0;
});

async function bringAbout(
  infrastructure: NonNullable<OperationRequest['infrastructure']> = {},
  overrides: Partial<OperationRequest> = {},
): Promise<Operation> {
  const id = `infrastructure-servers-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, environment: _environment, ...rest } = aRequest({ id });
  return at.world.start({ ...rest, kind: 'infrastructure', infrastructure, ...overrides }, {});
}
async function vote(operation: Operation, by: string): Promise<unknown> {
  const [ballot] = (await operation.view()).ballots;
  return operation.vote(by, 'approve', { ballotId: ballot!.id, ballotDigest: ballot!.digest });
}
const servers = async (): Promise<readonly ResourceState[]> =>
  (await at.ledger.resources()).filter(({ kind, status }) => kind === 'server' && status !== 'destroyed');
const live = async (): Promise<readonly string[]> =>
  (await servers()).map(({ name, status }) => (status === 'live' ? name : `${name} ${status}`)).sort();
const hosts = (): readonly string[] => [...maker.hosts.values()].sort();
const unbroken = async (): Promise<void> =>
  expect((await at.ledger.verify()).findings.filter(({ severity }) => severity === 'broken')).toEqual([]);

test('without a file nothing is declared, and nothing is taken for unwanted', async () => {
  expect(await (await bringAbout()).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('no infrastructure/*.yaml on the branch main'),
  });
});

test('a file that cannot be read is refused with its place, and the policy beside it stays in force', async () => {
  await declare('{ web: { count: 2, typ: cx22, region: fsn1 } }');
  expect(await (await bringAbout()).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringMatching(/infrastructure\/servers\.yaml:1:\d+: .*"typ"; did you mean "type"\?/),
  });
});

test('what is declared and not there is created by the handler, and recorded as resources', async () => {
  const commit = await declare('{ web: { count: 2, type: cx22, region: fsn1 } }');
  const operation = await bringAbout();
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(hosts()).toEqual(['web-1', 'web-2']);
  expect(await live()).toEqual(['web-1', 'web-2']);
  expect((await servers())[0]).toMatchObject({
    kind: 'server',
    operation: operation.id,
    runbook: 'create-server',
    owner: { kind: 'person', id: 'U0ANA' },
    inputs: { group: 'web', type: 'cx22', region: 'fsn1' },
    outputs: { id: expect.stringMatching(/^h-/), note: '${{ 1 + 1 }}' },
    destroy: { how: 'runbook', runbook: 'remove-server' },
    declared: { group: 'web', type: 'cx22', region: 'fsn1', commit },
    data: 'kept',
  });
  expect((await operation.view()).inputs).toMatchObject({ create: 'web-1 (cx22 in fsn1), web-2 (cx22 in fsn1)' });
  await unbroken();
});

test('where everything is as declared it says so, and does nothing', async () => {
  expect(await (await bringAbout()).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('are there as declared, so there is nothing to do'),
  });
  expect(await (await bringAbout({ group: 'wep' })).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('did you mean "web"?'),
  });
  expect(maker.calls).toEqual([]);
});

test('another type replaces: rules see it, its author may not approve, the new ones come before the old ones go', async () => {
  await at.remote.commit({ [path]: 'servers: { web: { count: 2, type: cx32, region: fsn1 } }\n' }, 'Larger', {
    author: { name: 'Kim', email: 'kim@example.com' },
  });
  const operation = await bringAbout();
  const view = await operation.until('waiting');
  expect(view.inputs).toMatchObject({ replace: expect.stringContaining('web-1 by web-3 (another type is declared)') });
  expect(view.irreversible.length).toBeGreaterThan(0);
  await expect(vote(operation, 'U0KIM')).rejects.toMatchObject({ cause: { type: 'author' } });
  await vote(operation, 'U0LEE');
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).toEqual(['web-3', 'web-4']);
  expect(hosts()).toEqual(['web-3', 'web-4']);
  const firstGone = maker.calls.findIndex((call) => call.startsWith('DELETE'));
  const lastMade = maker.calls.findLastIndex((call) => call.startsWith('PUT'));
  expect(lastMade).toBeLessThan(firstGone);
  await unbroken();
});

test('when one cannot be created, those made before are undone, and what was there stays', async () => {
  await declare('{ web: { count: 4, type: cx32, region: fsn1 } }');
  maker.broken = (call) => (call === 'PUT /names/web-2' ? 500 : undefined);
  expect(await (await bringAbout()).result()).toMatchObject({ kind: 'rolled_back' });
  expect(hosts()).toEqual(['web-3', 'web-4']);
  expect(await live()).toEqual(['web-3', 'web-4']);
  maker.broken = undefined;
  expect(await (await bringAbout()).result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).toEqual(['web-1', 'web-2', 'web-3', 'web-4']);
  await unbroken();
});

test('a removal that fails asks people; what is passed over is unsure, and the next one replaces it', async () => {
  await declare('{ web: { count: 2, type: cx32, region: fsn1 } }');
  const { id } = (await servers()).find(({ name }) => name === 'web-3')!.outputs;
  maker.broken = (call) => (call === `DELETE /hosts/${String(id)}` ? 500 : undefined);
  const operation = await bringAbout();
  await operation.until('needs_decision');
  expect(await operation.act({ kind: 'skip_step' }, 'U0LEE')).toMatchObject({ kind: 'done' });
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).toEqual(['web-1', 'web-2', 'web-3 uncertain']);
  expect(hosts()).toEqual(['web-1', 'web-2', 'web-3']);
  maker.broken = undefined;
  expect(await (await bringAbout({ group: 'web' })).result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).toEqual(['web-1', 'web-2']);
  expect(hosts()).toEqual(['web-1', 'web-2']);
  await unbroken();
});

test('a group that holds data loses none unless its name was typed', async () => {
  await declare(
    '{ web: { count: 2, type: cx32, region: fsn1 }, db: { count: 1, type: cx32, region: fsn1, data: true } }',
  );
  expect(await (await bringAbout()).result()).toMatchObject({ kind: 'succeeded' });
  // What was recorded counts, whatever the file says of it now.
  await declare('{ web: { count: 2, type: cx32, region: fsn1 }, db: { count: 0, type: cx32, region: fsn1 } }');
  for (const confirmed of [undefined, 'web', 'DB'])
    expect(await (await bringAbout({ ...(confirmed && { confirmed }) })).result()).toMatchObject({
      kind: 'denied',
      sentence: expect.stringContaining('The group db would lose data'),
    });
  expect(maker.calls.filter((call) => call.startsWith('DELETE'))).toEqual([]);
  expect(await (await bringAbout({ confirmed: 'db' })).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('the data of db-1 would be lost'),
  });
  expect(maker.calls.filter((call) => call.startsWith('DELETE'))).toEqual([]);
  const [of] = (await at.ledger.resources()).flatMap(({ name, operation }) => (name === 'db-1' ? [operation] : []));
  expect(await (await bringAbout({ confirmed: 'db', loses: { 'db-1': 'another' } })).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('what is called db-1 now was made anew'),
  });
  expect(await (await bringAbout({ confirmed: 'db', loses: { 'db-1': of! } })).result()).toMatchObject({
    kind: 'succeeded',
  });
  expect(await live()).toEqual(['web-1', 'web-2']);
});

test('what was approved is carried out or nothing: a change of the file meanwhile is put to people anew', async () => {
  await declare('{ web: { count: 1, type: cx42, region: fsn1 } }');
  const operation = await bringAbout();
  await operation.until('waiting');
  await declare('{ web: { count: 1, type: cx52, region: fsn1 } }');
  await vote(operation, 'U0LEE');
  await at.until('new ballots', async () =>
    (await operation.view()).inputs?.replace?.includes('web-1 by web-3') &&
    at.world.notices.some(
      ({ notice }) => notice.kind === 'changed' && notice.message.includes('What would run has changed'),
    )
      ? true
      : undefined,
  );
  expect(maker.calls).toEqual([]);
  await operation.until('waiting');
  await vote(operation, 'U0LEE');
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect((await servers()).map(({ declared }) => declared?.type)).toEqual(['cx52']);
});

test('of two that were asked for at once one does it, and the other finds it done', async () => {
  await declare('{ web: { count: 3, type: cx52, region: fsn1 } }');
  const both = await Promise.all([bringAbout(), bringAbout()]);
  const ended = await Promise.all(both.map((each) => each.result()));
  expect(ended.filter(({ kind }) => kind === 'succeeded').length).toBeGreaterThan(0);
  expect(hosts()).toHaveLength(3);
  expect(await live()).toHaveLength(3);
  await unbroken();
});

test('an environment has its own branch, and servers with its name', async () => {
  const staging = { environment: 'staging' };
  expect(await (await bringAbout({}, staging)).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('has no branch staging'),
  });
  await at.remote.commit({ [path]: 'servers: { web: { count: 1, type: cx22, region: hel1 } }\n' }, 'Staging', {
    branch: 'staging',
  });
  expect(await (await bringAbout({}, staging)).result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).toContain('staging-web-1');
  expect((await servers()).find(({ name }) => name === 'staging-web-1')).toMatchObject({ environment: 'staging' });
});

test('a declared server that somebody destroys by name is missing afterwards, and comes again', async () => {
  const id = `destroy-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, environment: _environment, ...rest } = aRequest({ id });
  const resource = { kind: 'server', name: 'staging-web-1' };
  const gone = await at.world.start({ ...rest, kind: 'destroy', resource }, {});
  expect(await gone.result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).not.toContain('staging-web-1');
  expect(await (await bringAbout({}, { environment: 'staging' })).result()).toMatchObject({ kind: 'succeeded' });
  expect(await live()).toContain('staging-web-1');
  await unbroken();
});

test('a server of which nothing was told, because its making broke off, keeps no other from being made', async () => {
  const halves = { group: 'half' };
  await declare('{ half: { count: 1, type: cx22, region: fsn1 } }');
  maker.broken = (call) => (call === 'PUT /names/half-1' || call.startsWith('DELETE /hosts') ? 500 : undefined);
  const operation = await bringAbout(halves);
  await operation.until('needs_hands');
  await operation.act({ kind: 'leave_it', reason: 'enough' }, 'U0LEE');
  await operation.result();
  expect(await live()).toContain('half-1 uncertain');
  maker.broken = undefined;
  const next = await bringAbout(halves);
  expect(await next.result()).toMatchObject({ kind: 'succeeded' });
  expect((await next.view()).inputs).toMatchObject({
    create: 'half-2 (cx22 in fsn1)',
    'left as it is': expect.stringContaining('nobody can say what is left of half-1'),
  });
  expect(await (await bringAbout(halves)).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('nothing to do. Besides, nobody can say what is left of half-1'),
  });
});

test('without a handler it says which one is missing', async () => {
  await at.remote.commit({
    'policy.yaml': policy.replace('  - { for: server.remove, runbook: remove-server }\n', ''),
    [path]: 'servers: { web: { count: 4, type: cx52, region: fsn1 } }\n',
  });
  expect(await (await bringAbout()).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('no handler for server.remove'),
  });
});
