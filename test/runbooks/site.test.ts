import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { examplePolicy } from '../helpers/company';
import { decide, exampleRun, judgeByExamplePolicy } from '../helpers/example-run';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { eventually } from '../helpers/temporal';
import { KubeApi } from '../steps/kube-api';
import { openTools } from '../steps/tools';
import { GoDaddy, godaddyAuthorization } from '../vendors/machines';
import { bearer, Vendor } from '../vendors/vendor';

jest.setTimeout(180_000);
for (const folder of [process.env.ANSIBLE_BIN, process.env.TERRAFORM_BIN && dirname(process.env.TERRAFORM_BIN)])
  if (folder) process.env.PATH = `${folder}:${process.env.PATH}`;

/** The real Terraform and kubectl; stand-ins for the cluster, the load balancer and GoDaddy. */
const state = join(mkdtempSync(join(tmpdir(), 'signalbox-site-')), 'state');
const cluster = new KubeApi();
const dns = new GoDaddy();
const pools = new Map<string, { readonly address: string; readonly members: readonly string[] }>();
/** Machines behind the load balancer that do not answer. */
const silent = new Set<string>();
const pool = /^\/pools\/([a-z0-9-]+)$/;
const balancer = new Vendor({
  isAuthorized: bearer('balancer-token-of-a-test'),
  routes: [
    {
      method: 'GET',
      path: pool,
      answer: ({ parts }) => {
        const found = pools.get(parts[0]!);
        if (!found) return { status: 404 };
        const members = found.members.map((address) => ({ address, healthy: !silent.has(address) }));
        return { status: 200, body: { address: found.address, members } };
      },
    },
    {
      method: 'PUT',
      path: pool,
      takes: 'application/json',
      answer: ({ parts, json }) => {
        pools.set(parts[0]!, { address: String(json.address), members: json.members as readonly string[] });
        return { status: 201, body: {} };
      },
    },
    { method: 'DELETE', path: pool, answer: ({ parts }) => ({ status: pools.delete(parts[0]!) ? 204 : 404 }) },
  ],
});
let runbooks: Runbooks;

beforeAll(async () => {
  mkdirSync(state);
  await Promise.all([cluster.open(), dns.server.start(), balancer.start()]);
  const tools = await openTools();
  runbooks = await openRunbooks({
    env: {
      CLUSTER_KUBECONFIG: cluster.kubeconfig('a-token-of-a-test', 'shop'),
      GODADDY_AUTHORIZATION: godaddyAuthorization,
      BALANCER_TOKEN: 'balancer-token-of-a-test',
    },
    pools: ['infra'],
    blobs: tools.blobs,
    tools: { ...tools, terraform: { state } },
  });
  judgeByExamplePolicy(runbooks.world);
});
afterAll(async () => {
  await runbooks?.close();
  cluster.close();
  await Promise.all([dns.server.stop(), balancer.stop()]);
});

const build = (name: string) => {
  const path = 'runbooks/site/site-infrastructure.yaml';
  return exampleRun({
    runbook: 'site',
    inputs: { name },
    connections: { balancer: { origin: balancer.origin }, godaddy: { origin: dns.server.origin } },
    files: { [path]: examplePolicy(0)[path]!.replaceAll('/var/lib/signalbox/terraform', state) },
    pace: 300,
  });
};
const deployment = (name: string): string => `/apis/apps/v1/namespaces/shop/deployments/${name}`;
/** What the cluster does with a Deployment when it is told of it. */
const rollOut = async (name: string): Promise<void> => {
  await eventually(async () => expect(cluster.object(deployment(name))).toBeDefined(), 60_000);
  const ready = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 };
  cluster.put(deployment(name), { ...cluster.object(deployment(name))!, status: ready });
};
const machines = (name: string) =>
  (JSON.parse(readFileSync(join(state, `site-${name}.tfstate`), 'utf8')) as { readonly resources: readonly object[] })
    .resources.length;
const record = (name: string) => dns.records.get(`sites.kestrel-pay.example/A/${name}`)?.map(({ data }) => data);

test('a site is built by its children, from machines to a name, once somebody has approved the plan', async () => {
  const running = await runbooks.start(build('lab'));
  const card = await decide(runbooks.world, { by: 'U0LEE' });
  expect(card.fields).toMatchObject({ Machines: 'terraform_data.host[0], terraform_data.host[1]' });
  await rollOut('lab');
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
  expect(machines('lab')).toBe(1);
  expect(pools.get('lab')).toEqual({ address: '192.0.2.10', members: ['192.0.2.11', '192.0.2.12'] });
  expect(cluster.object(deployment('lab'))).toMatchObject({ spec: { replicas: 2 } });
  expect(record('lab')).toEqual(['192.0.2.10']);
});

test('when a machine does not answer, what all the children did is undone and the name is never made', async () => {
  silent.add('192.0.2.12');
  const running = await runbooks.start({ ...build('pit'), pace: 3_000 });
  await decide(runbooks.world, { by: 'U0KIM' });
  await rollOut('pit');
  const { result } = await running.end();
  expect(result).toMatchObject({ kind: 'undone', failedStep: 'Wait until all its machines answer' });
  expect([machines('pit'), pools.has('pit'), record('pit')]).toEqual([0, false, undefined]);
  expect(cluster.object(deployment('pit'))).toBeUndefined();
});

test('nothing is made when nobody wants the machines', async () => {
  const running = await runbooks.start(build('hut'));
  await decide(runbooks.world, { by: 'U0LEE', reason: 'no budget' });
  expect((await running.end()).result).toMatchObject({ reason: 'It was rejected: no budget.' });
  expect([pools.has('hut'), record('hut')]).toEqual([false, undefined]);
});
