import { randomUUID } from 'node:crypto';
import type { OperationRequest } from '../../src/operation/request';
import type { ResourceState } from '../../src/resources/resource';
import { openMaker, type Maker } from '../helpers/maker';
import { type Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;
let maker: Maker;

const action = `name: host
inputs: { name: { type: string } }
steps:
  - id: machine
    name: Make the host
    uses: http/request
    with: { connection: maker, method: POST, path: /hosts, json: { name: "\${{ inputs.name }}" } }
    outputs: { id: response.body.id, noise: response.body.noise }
    find:
      with: { path: "/hosts?name=\${{ inputs.name }}" }
      found: size(response.body) > 0
      outputs: { id: "response.body[0].id", noise: "''" }
    undo:
      uses: http/request
      with: { connection: maker, method: DELETE, path: "/hosts/\${{ steps.machine.outputs.id }}", status: [404] }
outputs: { id: steps.machine.outputs.id }
`;
const sandbox = `name: sandbox
help: A sandbox of one's own.
inputs:
  name: { type: string, pattern: "^[a-z][a-z0-9-]{1,30}$" }
  size: { type: integer, default: 2 }
resource: { kind: sandbox, name: "\${{ inputs.name }}", data: kept, destroy: undo }
steps:
  - { id: host, uses: actions/host, with: { name: "\${{ inputs.name }}" } }
  - id: address
    name: Give it a name
    uses: http/request
    with: { connection: maker, method: PUT, path: "/names/\${{ inputs.name }}" }
    undo: { uses: http/request, with: { connection: maker, method: DELETE, path: "/names/\${{ inputs.name }}" } }
  - id: alias
    name: Give it a second name
    if: inputs.size > 4
    uses: http/request
    with: { connection: maker, method: PUT, path: "/names/\${{ inputs.name }}-large" }
    undo: { uses: http/request, with: { connection: maker, method: DELETE, path: "/names/\${{ inputs.name }}-large" } }
  - id: check
    uses: expect
    with: { that: "inputs.size < 9", else: It is too large. }
outputs: { host: steps.host.outputs.id }
`;
const database = `name: database
inputs: { name: { type: string } }
resource: { kind: database, name: "\${{ inputs.name }}", destroy: drop-database }
steps:
  - id: made
    uses: http/request
    with: { connection: maker, method: PUT, path: "/databases/\${{ inputs.name }}" }
    outputs: { dsn: response.body.dsn }
outputs: { dsn: steps.made.outputs.dsn }
`;
const drop = `name: drop-database
inputs: { dsn: { type: string } }
steps:
  - id: dropped
    name: Drop it
    uses: http/request
    with: { connection: maker, method: DELETE, path: "/databases/\${{ inputs.dsn }}" }
    retry: { attempts: 1 }
`;
const policy = `version: 1
timezone: UTC
channels: { default: "#deploys", policy: "#policy" }
teams: { platform: { users: [U0LEE] }, leads: { users: [U0KIM] } }
operators: [platform]
environments: { staging: { request: [platform, leads] } }
approvals:
  - { name: large, when: 'change.kind == "destroy" && change.resource == "guarded"', require: [leads] }
`;

beforeAll(async () => {
  maker = await openMaker();
  at = await openTriggerWorld({
    'policy.yaml': policy,
    'connections/maker.yaml': `connection: { name: maker, kind: http, origin: "${maker.origin}", methods: [GET, POST, PUT, DELETE] }\n`,
    'actions/host.yaml': action,
    'runbooks/provision/sandbox.yaml': sandbox,
    'runbooks/provision/database.yaml': database,
    'runbooks/drop-database.yaml': drop,
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

async function start(overrides: Partial<OperationRequest>): Promise<Operation> {
  const id = `${overrides.kind}-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, environment: _environment, ...rest } = aRequest({ id, ...overrides });
  return at.world.start(rest, {});
}
const provision = (name: string, overrides: Partial<OperationRequest> = {}): Promise<Operation> =>
  start({ kind: 'provision', runbook: 'sandbox', ...overrides, inputs: { name, ...overrides.inputs } });
const destroy = (kind: string, name: string, confirmed?: string, overrides: Partial<OperationRequest> = {}) =>
  start({ kind: 'destroy', inputs: {}, resource: { kind, name, ...(confirmed && { confirmed }) }, ...overrides });
const known = async (name: string): Promise<ResourceState | undefined> =>
  (await at.ledger.resources()).find((each) => each.name === name);
const unbroken = async (): Promise<void> =>
  expect((await at.ledger.verify()).findings.filter(({ severity }) => severity === 'broken')).toEqual([]);

test('what a provisioning makes is recorded with its owner, inputs and outputs, and what its undo will need', async () => {
  const operation = await provision('demo');
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  const state = await known('demo');
  expect(state).toMatchObject({
    format: 1,
    kind: 'sandbox',
    status: 'live',
    operation: operation.id,
    runbook: 'sandbox',
    owner: { kind: 'person', id: 'U0ANA' },
    inputs: { name: 'demo', size: 2 },
    outputs: { host: 'h-17' },
    data: 'kept',
    undoing: { paths: ['host/machine', 'address'] },
    policyCommit: expect.stringMatching(/^[0-9a-f]{40}$/),
  });
  expect(state!.underWay).toBeUndefined();
  expect(state!.expiresAt).toBeUndefined();
  await unbroken();
});

test('its own undo takes it away in reverse, long after, and the ledger says so', async () => {
  const operation = await destroy('sandbox', 'demo');
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(maker.calls).toEqual(['DELETE /names/demo', 'DELETE /hosts/h-17']);
  expect(await known('demo')).toMatchObject({ status: 'destroyed', destroyedBy: operation.id });
  expect((await operation.view()).irreversible).toHaveLength(2);
  await unbroken();
});

test('what is gone is not destroyed a second time, and says by whom it was', async () => {
  const again = await destroy('sandbox', 'demo');
  expect(await again.result()).toMatchObject({ kind: 'denied', sentence: expect.stringContaining('is gone') });
  const never = await destroy('sandbox', 'nothing');
  expect(await never.result()).toMatchObject({ kind: 'denied', sentence: expect.stringContaining('on record') });
  expect(maker.calls).toEqual([]);
});

test('of two who destroy at once one does it, and the other finds it done', async () => {
  await (await provision('twice')).result();
  maker.calls.length = 0;
  const both = await Promise.all([destroy('sandbox', 'twice'), destroy('sandbox', 'twice')]);
  const ended = await Promise.all(both.map((each) => each.result()));
  expect(ended.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
  expect(ended.filter(({ sentence }) => sentence.includes('is gone'))).toHaveLength(1);
  expect(maker.calls.filter((call) => call === 'DELETE /names/twice')).toHaveLength(1);
});

test('a name that is taken is refused, and after its end it is free again', async () => {
  await (await provision('taken')).result();
  expect(await (await provision('taken')).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining('There is a sandbox taken already'),
  });
  await (await destroy('sandbox', 'taken')).result();
  expect(await (await provision('taken')).result()).toMatchObject({ kind: 'succeeded' });
});

test('of two who make the same at once one does, and the other is refused before it has done anything', async () => {
  const both = await Promise.all([provision('race'), provision('race')]);
  const ended = await Promise.all(both.map((each) => each.result()));
  expect(ended.map(({ kind }) => kind).sort()).not.toEqual(['succeeded', 'succeeded']);
  expect([...maker.hosts.values()].filter((name) => name === 'race')).toHaveLength(1);
  expect(await known('race')).toMatchObject({ status: 'live' });
  await unbroken();
});

test('a provisioning that fails is undone, and its name is free', async () => {
  expect(await (await provision('large', { inputs: { size: 9 } })).result()).toMatchObject({ kind: 'rolled_back' });
  expect(await known('large')).toMatchObject({ status: 'destroyed' });
  expect(await (await provision('large')).result()).toMatchObject({ kind: 'succeeded' });
});

test('where data is lost its name has to be typed, whoever asks by whatever door', async () => {
  await (await start({ kind: 'provision', runbook: 'database', inputs: { name: 'orders' } })).result();
  for (const typed of [undefined, 'order', 'ORDERS'])
    expect(await (await destroy('database', 'orders', typed)).result()).toMatchObject({
      kind: 'denied',
      sentence: expect.stringContaining('loses its data'),
    });
  expect(maker.databases.has('orders')).toBe(true);
});

test('a thing that was made anew since somebody asked for its end is not the one that was meant', async () => {
  const before = (await known('orders'))!;
  const resource = { kind: 'database', name: 'orders', confirmed: 'orders' };
  const asked = await start({ kind: 'destroy', resource: { ...resource, of: 'provision-database-the-former' } });
  expect(await asked.result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining(`what is called that now was made anew by ${before.operation}`),
  });
  expect(await known('orders')).toEqual(before);
  expect(maker.databases.has('orders')).toBe(true);
});

test('a teardown that fails leaves it as uncertain, and a person tries again with what was recorded', async () => {
  maker.broken = (call) => (call.startsWith('DELETE /databases') ? 500 : undefined);
  const failed = await destroy('database', 'orders', 'orders');
  expect(await failed.result()).toMatchObject({ kind: 'failed' });
  expect(await known('orders')).toMatchObject({ status: 'uncertain', outputs: { dsn: 'orders' } });
  maker.broken = undefined;
  expect(await (await destroy('database', 'orders', 'orders')).result()).toMatchObject({ kind: 'succeeded' });
  expect(maker.databases.has('orders')).toBe(false);
  await unbroken();
});

test('a stranger may not destroy what is not theirs; operators may, and approvals hold for whom they name', async () => {
  await (await provision('guarded')).result();
  const requester = (id: string) => ({ requester: { kind: 'person', id, via: 'slack' } as const });
  expect(await (await destroy('sandbox', 'guarded', undefined, requester('U0DEV'))).result()).toMatchObject({
    kind: 'denied',
    sentence: expect.stringMatching(
      /You may not ask for the end of the sandbox guarded, because it is U0ANA's and only they and platform may/,
    ),
  });
  const byOperator = await destroy('sandbox', 'guarded', undefined, requester('U0LEE'));
  const view = await byOperator.until('waiting');
  expect(view.ballots).toHaveLength(1);
  await byOperator.act({ kind: 'cancel' }, 'U0LEE');
  expect(await byOperator.result()).toMatchObject({ kind: 'cancelled' });
  expect(await known('guarded')).toMatchObject({ status: 'live' });
});

test('a name that would be none is refused, and a lease that nothing offers', async () => {
  const odd = await start({ kind: 'provision', runbook: 'database', inputs: { name: 'Orders/../x' } });
  expect(await odd.result()).toMatchObject({ kind: 'denied', sentence: expect.stringContaining('needs a name') });
  const leased = await provision('leased', { lease: '3d' });
  expect(await leased.result()).toMatchObject({ kind: 'denied', sentence: expect.stringContaining('has no lease') });
});
