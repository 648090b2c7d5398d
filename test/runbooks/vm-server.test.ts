import { exampleRun } from '../helpers/example-run';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { GoDaddy, godaddyAuthorization } from '../vendors/machines';
import { Vcenter, vcenterSession } from '../vendors/vcenter';

jest.setTimeout(120_000);

/** A virtual machine and a name that points at it; stand-ins for vCenter and GoDaddy. */
let vcenter: Vcenter;
let dns: GoDaddy;
let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks({
    env: { VCENTER_SESSION: vcenterSession, GODADDY_AUTHORIZATION: godaddyAuthorization },
  });
});
beforeEach(async () => {
  [vcenter, dns] = [new Vcenter(), new GoDaddy()];
  await Promise.all([vcenter.server.start(), dns.server.start()]);
});
afterEach(() => Promise.all([vcenter.server.stop(), dns.server.stop()]));
afterAll(() => runbooks?.close());

// What lies in a file of the runner's machine lies in a variable of this one.
const session = { header: { name: 'vmware-api-session-id', value: { env: 'VCENTER_SESSION' } } };
const provision = (pace = 500) =>
  runbooks.run(
    exampleRun({
      runbook: 'vm-server',
      inputs: { hostname: 'shop-3' },
      connections: {
        vcenter: { origin: vcenter.server.origin, auth: session },
        godaddy: { origin: dns.server.origin },
      },
      pace,
    }),
  );
const names = () => vcenter.machines.map(({ name }) => name);

test('a machine is cloned, once even when the answer gets lost, and a name points at it', async () => {
  vcenter.server.losesAnswers = 1;
  const ran = await provision();
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(names()).toEqual(['shop-3']);
  expect(dns.records.get('servers.kestrel-pay.example/A/shop-3')).toEqual([{ data: '192.0.2.33', ttl: 600 }]);
});

test('the machine is powered off and deleted when the name cannot be set, or when it never gets an address', async () => {
  dns.server.refusals.push({ status: 200, body: [] }, { status: 422, body: { message: 'the domain is locked' } });
  expect((await provision()).result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('locked') });
  expect(names()).toEqual([]);
  vcenter.takes = 100_000;
  expect((await provision(3_000)).result).toMatchObject({ kind: 'undone', failedStep: 'Wait until it has an address' });
  expect(names()).toEqual([]);
});

test('a machine that somebody else called so is neither taken nor deleted', async () => {
  vcenter.machines = [{ vm: 'vm-1', name: 'shop-3', power: 'POWERED_ON', looks: 0 }];
  expect((await provision()).result).toMatchObject({
    kind: 'undone',
    reason: 'There is a machine shop-3 already; choose another name.',
  });
  expect(vcenter.machines).toMatchObject([{ vm: 'vm-1', power: 'POWERED_ON' }]);
});
