import type { LogLine } from '../../examples/fleet/state';
import { startTestFleet, type TestFleet } from './start';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startTestFleet();
});
afterAll(() => fleet.stop());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${fleet.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined,
  };
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 30));
}

const settled = (service: string) =>
  until(async () => (await call('GET', `/services/${service}/rollout`)).json.settled);

async function gauge(name: string, service: string, version: string): Promise<number | undefined> {
  const { text } = await call('GET', '/metrics');
  const line = text.split('\n').find((each) => each.startsWith(`${name}{service="${service}",version="${version}"}`));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

test('every service starts with healthy processes that serve their version', async () => {
  await settled('checkout');
  const { json } = await call('GET', '/services/checkout');
  expect(json).toMatchObject({ name: 'checkout', versions: { 'v2.3.0': 4 } });
  const [instance] = json.instances;
  expect(instance).toMatchObject({ id: 'checkout-1', version: 'v2.3.0', healthy: true });
  const served = await (await fetch(`http://127.0.0.1:${instance.port}/`)).json();
  expect(served).toMatchObject({ service: 'checkout', version: 'v2.3.0' });
  const metrics = await (await fetch(`http://127.0.0.1:${instance.port}/metrics`)).text();
  expect(metrics).toContain('http_requests_total{service="checkout",version="v2.3.0",code="200"}');
});

test('its registry knows what was released, and takes a new version once', async () => {
  const known = ['v2.3.0', 'v2.4.0', 'v2.5.0'];
  expect((await call('GET', '/services/web/versions')).json).toEqual({ versions: known });
  await fleet.publish('web', 'v2.6.0', 'v2.6.0');
  expect((await call('GET', '/services/web/versions')).json).toEqual({ versions: [...known, 'v2.6.0'] });
  expect(await call('POST', '/services/web/versions', { version: 'latest' })).toMatchObject({ status: 422 });
  expect(await call('GET', '/services/wbe/versions')).toMatchObject({ status: 404 });
});

test.each([
  { percent: 1, versions: { 'v2.4.0': 1, 'v2.3.0': 3 } },
  { percent: 25, versions: { 'v2.4.0': 1, 'v2.3.0': 3 } },
  { percent: 26, versions: { 'v2.4.0': 2, 'v2.3.0': 2 } },
  { percent: 100, versions: { 'v2.4.0': 4 } },
  { percent: 0, versions: { 'v2.3.0': 4 } },
])('a share of $percent % is rounded up to whole instances', async ({ percent, versions }) => {
  const { status } = await call('PUT', '/services/checkout/share', { version: 'v2.4.0', base: 'v2.3.0', percent });
  await settled('checkout');
  expect(status).toBe(200);
  expect((await call('GET', '/services/checkout')).json.versions).toEqual(versions);
});

test('the same share asked twice replaces no process', async () => {
  const body = { version: 'v2.4.0', base: '', percent: 50 };
  await call('PUT', '/services/web/share', body);
  await settled('web');
  const before = (await call('GET', '/services/web')).json;
  await call('PUT', '/services/web/share', body);
  await settled('web');
  expect((await call('GET', '/services/web')).json).toEqual(before);
});

test('v2.5.0 is worse than v2.3.0 under load, and only the metrics tell', async () => {
  await call('PUT', '/services/payments/share', { version: 'v2.5.0', base: 'v2.3.0', percent: 50 });
  await settled('payments');
  await until(async () => ((await gauge('service_error_ratio', 'payments', 'v2.5.0')) ?? 0) > 0.001);
  expect(await gauge('service_latency_p99_seconds', 'payments', 'v2.5.0')).toBeGreaterThan(0.2);
  expect(await gauge('service_error_ratio', 'payments', 'v2.3.0')).toBe(0);
  expect(
    (await call('GET', '/services/payments')).json.instances.every((each: { healthy: boolean }) => each.healthy),
  ).toBe(true);
});

test('a version that nobody runs has no error ratio, rather than a good one', async () => {
  expect(await gauge('service_error_ratio', 'search', 'v2.5.0')).toBeUndefined();
});

test.each([
  ['PUT', '/services/nope/share', { version: 'v2.4.0', base: '', percent: 1 }, 404],
  ['PUT', '/services/web/share', { version: 'latest', base: '', percent: 1 }, 422],
  ['PUT', '/services/web/share', { version: 'v2.4.0', percent: 1 }, 422],
  ['PUT', '/services/web/share', { version: 'v2.4.0', base: '', percent: 101 }, 422],
  ['PUT', '/services/web/share', undefined, 422],
  ['POST', '/batches', { group: 'web', count: 0 }, 422],
  ['POST', '/groups/web/join', { batch: 'batch-none' }, 404],
  ['DELETE', '/batches/batch-none', undefined, 404],
  ['POST', '/control', { fail: 'everything' }, 422],
  ['GET', '/services/__proto__', undefined, 404],
  ['PUT', '/services/web', {}, 405],
])('%s %s with %j is refused with %i and a sentence', async (method, path, body, status) => {
  const answered = await call(method, path, body);
  expect(answered.status).toBe(status);
  expect(answered.json.error).toMatch(/^.+\.$/);
});

test('one key is one batch, which is built, joins, leaves and is released', async () => {
  const ordered = await call('POST', '/batches', { group: 'web', count: 2 }, { 'idempotency-key': 'op-1' });
  const again = await call('POST', '/batches', { group: 'web', count: 2 }, { 'idempotency-key': 'op-1' });
  expect(ordered).toMatchObject({
    status: 201,
    json: { group: 'web', nodes: ['web-node-1', 'web-node-2'], state: 'building' },
  });
  expect(again.json.id).toBe(ordered.json.id);
  const { id } = ordered.json;
  await until(async () => (await call('GET', `/batches/${id}`)).json.state === 'ready');
  expect((await call('GET', '/batches?key=op-1')).json).toHaveLength(1);
  expect((await call('POST', '/groups/web/join', { batch: id })).json.nodes).toEqual(['web-node-1', 'web-node-2']);
  expect((await call('POST', '/groups/web/leave', { batch: id })).json.nodes).toEqual([]);
  expect((await call('DELETE', `/batches/${id}`)).status).toBe(204);
  expect((await call('GET', `/batches/${id}`)).status).toBe(404);
});

test('it fails where it is told to, until it is told not to', async () => {
  await call('POST', '/control', { fail: 'build' });
  const broken = (await call('POST', '/batches', { group: 'search', count: 1 })).json.id;
  await until(async () => (await call('GET', `/batches/${broken}`)).json.state === 'failed');
  await call('POST', '/control', { fail: null });
  const { id } = (await call('POST', '/batches', { group: 'search', count: 1 })).json;
  await until(async () => (await call('GET', `/batches/${id}`)).json.state === 'ready');
  await call('POST', '/control', { fail: 'join' });
  expect((await call('POST', '/groups/search/join', { batch: id })).status).toBe(500);
  await call('POST', '/control', { fail: null });
  expect((await call('POST', '/groups/search/join', { batch: id })).status).toBe(200);
});

test('an instance that is killed comes back in its version', async () => {
  const alive = async () => (await call('GET', '/services/search')).json.instances[0];
  await settled('search');
  const before = await alive();
  const pid = await pidAt(before.port);
  process.kill(pid, 'SIGKILL');
  await until(async () => (await alive()).healthy && (await alive()).port !== before.port);
  expect((await alive()).version).toBe('v2.3.0');
});

async function pidAt(port: number): Promise<number> {
  const { pid } = (await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()) as { pid: number };
  return pid;
}

test('the log tells every mutating call with its key and answer, and no reading one', async () => {
  await call('PUT', '/services/nope/share', {});
  await call('POST', '/batches', { group: 'web', count: 1 }, { 'idempotency-key': 'op-2' });
  const log: readonly LogLine[] = (await call('GET', '/log')).json;
  expect(log.slice(-2)).toMatchObject([
    { method: 'PUT', path: '/services/nope/share', body: {}, status: 404 },
    { method: 'POST', path: '/batches', body: { group: 'web', count: 1 }, key: 'op-2', status: 201 },
  ]);
  expect(log.some((line) => line.method === 'GET')).toBe(false);
});

test('a fleet that starts again in the same folder continues with the wanted versions and batches', async () => {
  const first = await startTestFleet({ intervals: { requestsPerSecond: 5 } });
  await fetch(`${first.url}/services/web/share`, {
    method: 'PUT',
    body: JSON.stringify({ version: 'v2.4.0', base: 'v2.3.0', percent: 50 }),
  });
  const ordered = await fetch(`${first.url}/batches`, {
    method: 'POST',
    body: JSON.stringify({ group: 'web', count: 1 }),
  });
  const { id } = (await ordered.json()) as { id: string };
  await first.stop();
  const second = await startTestFleet({ dataDir: first.dataDir, intervals: { requestsPerSecond: 5 } });
  try {
    await until(
      async () => ((await (await fetch(`${second.url}/services/web/rollout`)).json()) as { settled: boolean }).settled,
    );
    expect(await (await fetch(`${second.url}/services/web`)).json()).toMatchObject({
      versions: { 'v2.4.0': 1, 'v2.3.0': 1 },
    });
    expect((await fetch(`${second.url}/batches/${id}`)).status).toBe(200);
  } finally {
    await second.stop();
  }
});
