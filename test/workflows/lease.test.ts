import { randomUUID } from 'node:crypto';
import type { Notice } from '../../src/messages/notice';
import type { ActAnswer, ActBody } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { OperationRequest } from '../../src/operation/request';
import type { ResourceState } from '../../src/resources/resource';
import { ACT_UPDATE, leaseId } from '../../workflows/contract';
import { openMaker, type Maker } from '../helpers/maker';
import { type Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { relayKey } from '../helpers/policy-parts';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(240_000);

let at: TriggerWorld;
let maker: Maker;

const sandbox = (path = '/names'): string => `name: sandbox
inputs: { name: { type: string } }
resource: { kind: sandbox, name: "\${{ inputs.name }}", lease: { default: 1h, max: 2h, remind: 30m } }
steps:
  - id: named
    name: Give it a name
    uses: http/request
    with: { connection: maker, method: PUT, path: "/names/\${{ inputs.name }}" }
    undo: { uses: http/request, with: { connection: maker, method: DELETE, path: "${path}/\${{ inputs.name }}" }  }
`;
const policy = `version: 1
timezone: UTC
channels: { default: "#deploys", policy: "#policy" }
teams: { leads: { users: [U0KIM] } }
environments: { staging: { machines: [] } }
approvals:
  - { name: ends, when: 'change.kind == "destroy"', require: [leads] }
`;

beforeAll(async () => {
  maker = await openMaker();
  at = await openTriggerWorld({
    'policy.yaml': policy,
    'connections/maker.yaml': `connection: { name: maker, kind: http, origin: "${maker.origin}", methods: [PUT, DELETE] }\n`,
    'runbooks/provision/sandbox.yaml': sandbox(),
  });
  at.world.step = at.runStep;
  at.world.voter = () => ['leads'];
});
afterAll(async () => {
  await at?.close();
  await maker?.close();
});
beforeEach(() => {
  maker.broken = undefined;
});

async function start(overrides: Partial<OperationRequest>): Promise<Operation> {
  const id = `${overrides.kind}-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, ...rest } = aRequest({ id, ...overrides, environment: 'staging' });
  return at.world.start(rest, {});
}
async function provision(name: string, lease: string): Promise<Operation> {
  const operation = await start({ kind: 'provision', runbook: 'sandbox', inputs: { name }, lease });
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  return operation;
}
const known = async (name: string): Promise<ResourceState> =>
  (await at.ledger.resources()).find((each) => each.name === name)!;
const gone = (name: string): Promise<ResourceState> =>
  at.until(`the end of ${name}`, async () => {
    const state = await known(name);
    return state.status === 'destroyed' ? state : undefined;
  });
const noticesOf = (kind: 'lease_ends' | 'lease_failed', name: string) =>
  at.world.notices.filter(
    ({ notice }) => notice.kind === kind && (notice as Extract<Notice, { resource: unknown }>).resource.name === name,
  );
const leaseOf = ({ id }: Operation) => at.world.temporal.client.workflow.getHandle(leaseId(id));
function extend(operation: Operation, byMs: number, overrides: Partial<ActBody> = {}): Promise<ActAnswer> {
  const body: ActBody = {
    format: 1,
    workflowId: leaseId(operation.id),
    act: { kind: 'extend', byMs },
    by: 'U0ANA',
    actionId: randomUUID(),
    at: new Date().toISOString(),
    ...overrides,
  };
  return leaseOf(operation).executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, relayKey)] });
}

test('its owner is reminded, and at the end it is taken away by an operation that nobody is asked about again', async () => {
  const operation = await provision('brief', '6s');
  await at.until('the reminder', () => noticesOf('lease_ends', 'brief')[0]);
  expect(noticesOf('lease_ends', 'brief')[0]).toMatchObject({
    to: { kind: 'person', user: 'U0ANA' },
    notice: { leaseId: leaseId(operation.id), extendMs: 3_600_000 },
  });
  // A worker that comes and goes changes nothing.
  await at.world.restartWorker();
  const state = await gone('brief');
  expect(maker.names.has('brief')).toBe(false);
  expect(await leaseOf(operation).result()).toBe('gone');
  const card = at.world.cards.findLast((each) => each.card === 'operation' && each.view.id === state.destroyedBy);
  expect(card).toMatchObject({
    view: {
      state: 'succeeded',
      requester: { kind: 'machine', id: 'lease', via: 'lease' },
      ballots: [],
      why: expect.arrayContaining([
        expect.objectContaining({ rule: 'lease', message: expect.stringContaining(operation.id) }),
      ]),
    },
  });
  expect(noticesOf('lease_failed', 'brief')).toEqual([]);
  expect((await at.ledger.verify()).findings.filter(({ severity }) => severity === 'broken')).toEqual([]);
});

test('it is extended by whose it is, as far as its longest time, and once for one press', async () => {
  const operation = await provision('longer', '1h');
  const before = Date.parse((await known('longer')).expiresAt!);
  const actionId = randomUUID();
  expect(await extend(operation, 1_800_000, { actionId })).toMatchObject({
    kind: 'done',
    sentence: expect.stringContaining('extended by 30m'),
  });
  await extend(operation, 1_800_000, { actionId });
  expect(Date.parse((await known('longer')).expiresAt!) - before).toBe(1_800_000);
  expect(await extend(operation, 3_600_000)).toMatchObject({
    kind: 'refused',
    sentence: expect.stringMatching(/may live for 2h in all.*extend it by 2?9?30?m.* at most/),
  });
  expect(await extend(operation, 60_000, { by: 'U0DEV' })).toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining("it is U0ANA's"),
  });
  expect(await extend(operation, 60_000, { byKind: 'machine', by: 'robot' })).toMatchObject({ kind: 'refused' });
  const forged = { ...relay('act', {}, 'another-key-of-the-same-length-as-ours'), body: {} };
  expect(await leaseOf(operation).executeUpdate(ACT_UPDATE, { args: [forged] })).toMatchObject({ kind: 'refused' });
  expect(Date.parse((await known('longer')).expiresAt!) - before).toBe(1_800_000);
});

test('the ledger has each extension with who asked, and an extension moves the end', async () => {
  const operation = await provision('moved', '5s');
  expect(await extend(operation, 3_600_000)).toMatchObject({ kind: 'done' });
  const records = (await at.ledger.readAll()).records.map(
    ({ text }) => JSON.parse(text) as { event: string; body: object },
  );
  expect(records.findLast(({ event }) => event === 'lease')).toMatchObject({
    body: { act: 'extend', by: 'U0ANA', of: operation.id },
  });
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  expect(await known('moved')).toMatchObject({ status: 'live' });
});

test('whoever destroys it before its end ends the lease', async () => {
  const operation = await provision('early', '1h');
  const destroy = await start({
    kind: 'destroy',
    inputs: {},
    resource: { kind: 'sandbox', name: 'early', confirmed: 'early' },
  });
  const { ballots } = await destroy.until('waiting');
  await destroy.vote('U0KIM', 'approve', { ballotId: ballots[0]!.id, ballotDigest: ballots[0]!.digest });
  expect(await destroy.result()).toMatchObject({ kind: 'succeeded' });
  expect(await leaseOf(operation).result()).toBe('gone');
});

test('what cannot be taken away is said aloud, stays on record, and a person sees to it', async () => {
  maker.broken = (call) => (call === 'DELETE /names/stuck' ? 409 : undefined);
  const operation = await provision('stuck', '2s');
  await at.until('the alarm', () => noticesOf('lease_failed', 'stuck')[1]);
  expect(noticesOf('lease_failed', 'stuck').map(({ to }) => to)).toEqual([
    { kind: 'channel', channel: expect.any(String) },
    { kind: 'person', user: 'U0ANA' },
  ]);
  expect(await known('stuck')).toMatchObject({ status: 'uncertain' });
  maker.broken = undefined;
  const destroy = await start({
    kind: 'destroy',
    inputs: {},
    resource: { kind: 'sandbox', name: 'stuck', confirmed: 'stuck' },
  });
  const { ballots } = await destroy.until('waiting');
  await destroy.vote('U0KIM', 'approve', { ballotId: ballots[0]!.id, ballotDigest: ballots[0]!.digest });
  expect(await destroy.result()).toMatchObject({ kind: 'succeeded' });
  expect(await leaseOf(operation).result()).toBe('gone');
});

test('what somebody left half made has a lease, too, and is taken away at its end', async () => {
  maker.broken = (call) => (call.endsWith('/names/half') ? 409 : undefined);
  const operation = await start({ kind: 'provision', runbook: 'sandbox', inputs: { name: 'half' }, lease: '8s' });
  await operation.until('needs_hands');
  // What the broken step left behind.
  maker.names.add('half');
  maker.broken = undefined;
  await operation.act({ kind: 'leave_it', reason: 'no time for it today' });
  expect(await operation.result()).toMatchObject({ kind: 'failed' });
  expect(await known('half')).toMatchObject({ status: 'uncertain', expiresAt: expect.any(String) });
  await at.until('the reminder', () => noticesOf('lease_ends', 'half')[0]);
  await gone('half');
  expect(maker.names.has('half')).toBe(false);
  expect(await leaseOf(operation).result()).toBe('gone');
});

test('steps that were not approved with the lease do not run at its end without being asked about', async () => {
  await provision('changed', '4s');
  await at.remote.commit({ 'runbooks/provision/sandbox.yaml': sandbox('/databases') });
  await at.until('the alarm', () => noticesOf('lease_failed', 'changed')[0]);
  expect(noticesOf('lease_failed', 'changed')[0]!.notice).toMatchObject({
    sentence: expect.stringMatching(/machine "lease"/),
  });
  expect(maker.names.has('changed')).toBe(true);
  expect(await known('changed')).toMatchObject({ status: 'live' });
});
