import { randomUUID } from 'node:crypto';
import type { OperationRequest } from '../../src/operation/request';
import { startTestFleet, type TestFleet } from '../fleet/start';
import { examplePolicy } from '../helpers/company';
import { type Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';
import { GoDaddy, godaddyAuthorization } from '../vendors/machines';
import { Vcenter, vcenterSession } from '../vendors/vcenter';

jest.setTimeout(180_000);

/** What people provision by the example company's runbooks, from the record of it to its end. */
const [vcenter, dns] = [new Vcenter(), new GoDaddy()];
let at: TriggerWorld;
let fleet: TestFleet;

beforeAll(async () => {
  vcenter.takes = 0;
  fleet = await startTestFleet();
  await Promise.all([vcenter.server.start(), dns.server.start()]);
  // Nobody looks at metrics here.
  const { 'runbooks/scale-out.yaml': _watched, ...files } = examplePolicy(fleet.port);
  const moved = (path: string, origin: string): { readonly [path: string]: string } => ({
    [path]: files[path]!.replace(/origin: .*/, `origin: ${origin}`),
  });
  const session = moved('connections/vcenter.yaml', vcenter.server.origin);
  at = await openTriggerWorld(
    {
      ...files,
      ...moved('connections/godaddy.yaml', dns.server.origin),
      'connections/vcenter.yaml': session['connections/vcenter.yaml']!.replace(
        /\{ file: [^}]+\}/,
        '{ env: VCENTER_SESSION }',
      ),
    },
    { VCENTER_SESSION: vcenterSession, GODADDY_AUTHORIZATION: godaddyAuthorization },
  );
  at.world.step = at.runStep;
});
afterAll(async () => {
  await at?.close();
  await Promise.all([fleet?.stop(), vcenter.server.stop(), dns.server.stop()]);
});

/** As U0ANA; where people are asked, U0LEE agrees. */
async function ask(overrides: Partial<OperationRequest>): Promise<Operation> {
  const id = `${overrides.kind}-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, environment: _environment, ...rest } = aRequest({ id });
  const operation = await at.world.start({ ...rest, ...overrides }, {});
  let isOver = false;
  const end = operation.result().finally(() => (isOver = true));
  await at.until('the ballot', async () => isOver || (await operation.view()).state === 'waiting' || undefined);
  const [ballot] = isOver ? [] : (await operation.view()).ballots;
  if (ballot) await operation.vote('U0LEE', 'approve', { ballotId: ballot.id, ballotDigest: ballot.digest });
  expect(await end).toMatchObject({ kind: 'succeeded' });
  return operation;
}
const provision = (runbook: string, inputs: OperationRequest['inputs']) => ask({ kind: 'provision', runbook, inputs });
const destroy = (kind: string, name: string) =>
  ask({ kind: 'destroy', inputs: {}, resource: { kind, name, confirmed: name } });
const live = async (): Promise<readonly string[]> =>
  (await at.ledger.resources())
    .filter(({ status }) => status === 'live')
    .map(({ kind, name }) => `${kind} ${name}`)
    .sort();
const group = async (): Promise<readonly string[]> =>
  ((await (await fetch(`${fleet.url}/groups/web`)).json()) as { readonly nodes: readonly string[] }).nodes;

test('web nodes are on record under the name that they were given, and destroying them takes only those', async () => {
  await provision('web', { count: 2 });
  await provision('web', { count: 1, name: 'more' });
  expect(await live()).toEqual(['nodes more', 'nodes web']);
  expect(await group()).toHaveLength(3);
  await destroy('nodes', 'web');
  expect(await live()).toEqual(['nodes more']);
  expect(await group()).toHaveLength(1);
});

test('a machine and its name are on record, and both are gone when somebody destroys it', async () => {
  await provision('vm-server', { hostname: 'shop-3' });
  expect(vcenter.machines.map(({ name }) => name)).toEqual(['shop-3']);
  expect((await at.ledger.resources()).find(({ name }) => name === 'shop-3')).toMatchObject({
    status: 'live',
    outputs: { address: '192.0.2.33' },
  });
  await destroy('vm-server', 'shop-3');
  expect(vcenter.machines).toEqual([]);
  expect(dns.records.get('servers.kestrel-pay.example/A/shop-3') ?? []).toEqual([]);
  expect(await live()).not.toContain('vm-server shop-3');
});
