import { exampleRun } from '../helpers/example-run';
import { password, TestPostgres } from '../helpers/postgres';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { KubeApi } from '../steps/kube-api';
import { openTools } from '../steps/tools';
import { HarborImages, harborCleanupPassword } from '../vendors/harbor-images';
import { clusterReadToken, kubeReader } from '../vendors/kube-reader';
import type { Vendor } from '../vendors/vendor';

jest.setTimeout(120_000);

/** The real PostgreSQL and kubectl; stand-ins for Harbor and for the cluster. */
const harbor = new HarborImages();
const cluster = new KubeApi();
const reader: Vendor = kubeReader(cluster);
let database: TestPostgres;
let runbooks: Runbooks;

beforeAll(async () => {
  [database] = await Promise.all([TestPostgres.start(), cluster.open(), harbor.server.start(), reader.start()]);
  await database.ask(`
    create table api_tokens (id int primary key, owner text not null, expires_at timestamptz not null);
    create table api_tokens_expired (like api_tokens, set_aside_by text not null)`);
  const tools = await openTools();
  runbooks = await openRunbooks({
    env: {
      ORDERS_DB_PASSWORD: password,
      HARBOR_CLEANUP_PASSWORD: harborCleanupPassword,
      CLUSTER_READ_TOKEN: clusterReadToken,
      CLUSTER_KUBECONFIG: cluster.kubeconfig('a-token-of-a-test', 'shop'),
    },
    pools: ['data', 'infra'],
    blobs: tools.blobs,
    tools,
  });
});
afterAll(async () => {
  await runbooks?.close();
  cluster.close();
  await Promise.all([harbor.server.stop(), reader.stop(), database?.stop()]);
});

const image = (letter: string) => `sha256:${letter.repeat(64)}`;
const [never, long, pulled, fresh] = ['a', 'b', 'c', 'd'].map(image) as [string, string, string, string];
const namespace = (name: string): string => `/api/v1/namespaces/${name}`;

beforeEach(async () => {
  cluster.instead = () => undefined;
  cluster.objects.clear();
  const until = (name: string, instant: string, kind = 'sandbox') =>
    cluster.put(namespace(name), {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: { 'kestrel-pay.example/kind': kind },
        annotations: { 'kestrel-pay.example/until': instant },
      },
    });
  until('sandbox-old', '2026-11-01T00:00:00Z');
  until('sandbox-new', '2026-12-01T00:00:00Z');
  until('payments', '2026-11-01T00:00:00Z', 'service');
  harbor.images = [
    { digest: never, pushed: '2026-01-01T10:00:00.000Z' },
    { digest: long, pushed: '2026-02-01T10:00:00.000Z', pulled: '2026-03-01T10:00:00.000Z' },
    { digest: pulled, pushed: '2026-02-01T10:00:00.000Z', pulled: '2026-11-20T10:00:00.000Z' },
    { digest: fresh, pushed: '2026-11-20T10:00:00.000Z' },
  ];
  await database.ask(`
    truncate api_tokens, api_tokens_expired;
    insert into api_tokens values (1, 'ana', '2026-10-01'), (2, 'lee', '2026-11-22'), (3, 'kim', '2027-01-01')`);
});

const cleanUp = (inputs = {}) =>
  exampleRun({
    runbook: 'clean-up',
    inputs: { at: '2026-11-23T07:00:00Z', ...inputs },
    connections: {
      cluster: { origin: reader.origin },
      'harbor-cleanup': { origin: harbor.server.origin },
      'orders-db': { ...database.connection, name: 'orders-db', password: { env: 'ORDERS_DB_PASSWORD' } },
    },
  });
const tokens = async (table = 'api_tokens') =>
  (await database.ask(`select owner from ${table} order by id`)).map(({ owner }) => owner);
const images = () => harbor.images.map(({ digest }) => digest);

test('images nobody uses, sandboxes whose time is over and expired tokens go, and nothing else', async () => {
  const ran = await runbooks.run(cleanUp());
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(images()).toEqual([pulled, fresh]);
  expect([...cluster.objects.keys()]).toEqual([namespace('sandbox-new'), namespace('payments')]);
  expect(await tokens()).toEqual(['kim']);
  expect(runbooks.world.notices.map(({ notice }) => notice)).toEqual([
    { kind: 'plain', text: 'Cleaned up: 2 images, 1 sandboxes, 2 tokens. Harbor kept 0 images.' },
  ]);
});

test('tokens come back when a sandbox cannot be deleted, and no image is touched', async () => {
  cluster.instead = ({ method }) =>
    method === 'DELETE'
      ? { code: 403, body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', message: 'not yours', code: 403 } }
      : undefined;
  const ran = await runbooks.run(cleanUp());
  expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('sandbox-old') });
  expect(await tokens()).toEqual(['ana', 'lee', 'kim']);
  expect(await tokens('api_tokens_expired')).toEqual([]);
  expect(images()).toHaveLength(4);
});

test('an image that a rule of Harbor protects stays, and everybody is told', async () => {
  runbooks.world.notices.length = 0;
  harbor.images = harbor.images.map((each) => (each.digest === never ? { ...each, isImmutable: true } : each));
  const ran = await runbooks.run(cleanUp());
  expect(ran.result).toMatchObject({ kind: 'done' });
  expect(images()).toEqual([never, pulled, fresh]);
  expect(runbooks.world.notices.map(({ notice }) => notice)).toEqual([
    { kind: 'plain', text: 'Cleaned up: 1 images, 1 sandboxes, 2 tokens. Harbor kept 1 images.' },
  ]);
});

test('a list that is longer than ever touches nothing', async () => {
  const ran = await runbooks.run(cleanUp({ most: 1 }));
  expect(ran.result).toMatchObject({ reason: expect.stringContaining('2 images and 1 sandboxes would go') });
  expect(images()).toHaveLength(4);
  expect(await tokens()).toEqual(['ana', 'lee', 'kim']);
});
