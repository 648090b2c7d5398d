import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { examplePolicy } from '../helpers/company';
import { onThisMachine, PatchedHosts, workedOnBy } from '../helpers/patched-hosts';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { eventually } from '../helpers/temporal';
import { KubeApi } from '../steps/kube-api';
import { openTools } from '../steps/tools';

jest.setTimeout(180_000);
for (const folder of [process.env.ANSIBLE_BIN, process.env.TERRAFORM_BIN && dirname(process.env.TERRAFORM_BIN)])
  if (folder) process.env.PATH = `${folder}:${process.env.PATH}`;

/** The example company's stack: the real Terraform, kubectl and Ansible, and a stand-in for the cluster. */
const state = join(mkdtempSync(join(tmpdir(), 'signalbox-stack-')), 'state');
let cluster: KubeApi;
let runbooks: Runbooks;
beforeAll(async () => {
  mkdirSync(state);
  cluster = await new KubeApi().open();
  const tools = await openTools();
  runbooks = await openRunbooks({
    env: { CLUSTER_KUBECONFIG: cluster.kubeconfig('a-token-of-a-test', 'shop') },
    pools: ['infra'],
    blobs: tools.blobs,
    tools: { ...tools, terraform: { state } },
  });
});
afterAll(async () => {
  await runbooks?.close();
  cluster?.close();
});

const asked = (name: string, hosts: PatchedHosts) => {
  const path = 'runbooks/provision/stack.yaml';
  const files = { ...examplePolicy(0), ...workedOnBy({ configure: hosts.program }) };
  return {
    files: { ...files, [path]: onThisMachine(path, files[path]!).replaceAll('/var/lib/signalbox/terraform', state) },
    runbook: 'stack',
    inputs: { name },
    pace: 60,
  };
};
const deployment = (name: string): string => `/apis/apps/v1/namespaces/shop/deployments/${name}`;
/** What the cluster does with a Deployment when it is told of it. */
const rollOut = async (name: string): Promise<void> => {
  await eventually(async () => expect(cluster.object(deployment(name))).toBeDefined(), 60_000);
  const ready = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 };
  cluster.put(deployment(name), { ...cluster.object(deployment(name))!, status: ready });
};
const resourcesOf = (name: string) =>
  (JSON.parse(readFileSync(join(state, `${name}.tfstate`), 'utf8')) as { readonly resources: readonly object[] })
    .resources;

test('what Terraform makes is what kubectl runs on and Ansible configures', async () => {
  const hosts = new PatchedHosts(['shop-1', 'shop-2']);
  const running = await runbooks.start(asked('shop', hosts));
  await rollOut('shop');
  const { result, outputs, summaries } = await running.end();
  expect(result).toEqual({ kind: 'done', watch: 'ended' });
  expect(outputs.hosts).toEqual({ list: hosts.names.map((name) => ({ name, address: '127.0.0.1' })) });
  expect(summaries.hosts).toBe('2 added, 0 changed, 0 destroyed');
  expect(cluster.object(deployment('shop'))).toMatchObject({ spec: { replicas: 2 } });
  expect(hosts.done).toEqual(hosts.names);

  const again = await runbooks.run(asked('shop', hosts));
  expect(again.result).toMatchObject({ kind: 'undone', reason: 'There is a stack shop already; choose another name.' });
  expect(resourcesOf('shop')).toHaveLength(1);
});

test('when a host cannot be configured, the application and the hosts are taken away again', async () => {
  const hosts = new PatchedHosts(['lab-1', 'lab-2']);
  hosts.fill('lab-2');
  const running = await runbooks.start(asked('lab', hosts));
  await rollOut('lab');
  expect((await running.end()).result).toMatchObject({ kind: 'undone' });
  expect(cluster.object(deployment('lab'))).toBeUndefined();
  expect(existsSync(join(state, 'lab.tfstate'))).toBe(true);
  expect(resourcesOf('lab')).toEqual([]);
});
