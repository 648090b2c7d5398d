import { exampleRun } from '../helpers/example-run';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { Endpoint, json } from '../steps/endpoint';
import { Hetzner, hetznerToken } from '../vendors/hetzner';
import { EquinixMetal, equinixToken, GoDaddy, godaddyAuthorization } from '../vendors/machines';

jest.setTimeout(120_000);

/** Two clouds, a name and what is measured of both; what counts is what each of them has in the end. */
const prometheus = new Endpoint();
let hetzner: Hetzner;
let metal: EquinixMetal;
let dns: GoDaddy;
let runbooks: Runbooks;
/** What is measured of the new server. */
let answers = 1;
let traffic = 5;

beforeAll(async () => {
  await prometheus.start();
  prometheus.reply = (seen, response) => {
    const query = new URL(seen.url, 'http://prometheus').searchParams.get('query') ?? '';
    const value = query.includes('probe_success{target="192.0.2.9"}') ? answers : traffic;
    const result = [{ metric: {}, value: [Date.now() / 1_000, String(value)] }];
    json(200, { status: 'success', data: { resultType: 'vector', result } })(seen, response);
  };
  runbooks = await openRunbooks({
    env: { HETZNER_TOKEN: hetznerToken, EQUINIX_TOKEN: equinixToken, GODADDY_AUTHORIZATION: godaddyAuthorization },
  });
});
beforeEach(async () => {
  [answers, traffic] = [1, 5];
  [hetzner, metal, dns] = [new Hetzner(), new EquinixMetal(), new GoDaddy()];
  dns.records.set(name, [{ data: '198.51.100.1', ttl: 600 }]);
  await Promise.all([hetzner, metal, dns].map(({ server }) => server.start()));
});
afterEach(() => Promise.all([hetzner, metal, dns].map(({ server }) => server.stop())));
afterAll(async () => {
  await runbooks?.close();
  await prometheus.stop();
});

const name = 'apps.kestrel-pay.example/A/shop';
const migrate = () =>
  runbooks.run(
    exampleRun({
      runbook: 'migrate-cloud',
      inputs: { server: 42, hostname: 'shop', project: '5a2d0f6e-8f0c-4b51-9d1e-3c1c0a4f7b11' },
      connections: {
        prometheus: { origin: prometheus.origin },
        hetzner: { origin: hetzner.server.origin },
        'equinix-metal': { origin: metal.server.origin },
        godaddy: { origin: dns.server.origin },
      },
      pace: 1_000,
    }),
  );
const left = () => ({
  old: hetzner.status,
  new: metal.devices.map(({ hostname }) => hostname),
  name: dns.records.get(name)?.map(({ data }) => data),
});
const asBefore = { old: 'running', new: [], name: ['198.51.100.1'] };

test('an application moves: the old server is off, the new one answers, and the name leads there', async () => {
  hetzner.server.losesAnswers = 1;
  const { result } = await migrate();
  expect(result).toEqual({ kind: 'done', watch: 'ended' });
  expect(left()).toEqual({ old: 'off', new: ['shop'], name: ['192.0.2.9'] });
  expect(hetzner.shutdowns).toBe(1);
});

test('a new server that never answers is deleted, and the old one runs again; the name never moved', async () => {
  answers = 0;
  const { result } = await migrate();
  expect(result).toMatchObject({ kind: 'undone', failedStep: 'Wait until the new server answers' });
  expect(left()).toEqual(asBefore);
  expect(dns.server.asked).toEqual([]);
});

test('the name leads back when nobody reaches the new server', async () => {
  traffic = 0;
  const { result } = await migrate();
  expect(result).toMatchObject({ kind: 'undone', failedStep: 'Wait until people reach it' });
  expect(left()).toEqual(asBefore);
  expect(dns.server.asked.filter((request) => request.startsWith('PUT'))).toHaveLength(2);
});
