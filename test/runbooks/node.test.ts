import { dirname } from 'node:path';
import { examplePolicy } from '../helpers/company';
import { exampleRun } from '../helpers/example-run';
import { onThisMachine, PatchedHosts, workedOnBy } from '../helpers/patched-hosts';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { eventually } from '../helpers/temporal';
import { KubeApi } from '../steps/kube-api';
import { openTools } from '../steps/tools';
import { clusterReadToken, kubeReader } from '../vendors/kube-reader';
import { Maas, maasKey } from '../vendors/machines';

jest.setTimeout(180_000);
for (const folder of [process.env.ANSIBLE_BIN, process.env.TERRAFORM_BIN && dirname(process.env.TERRAFORM_BIN)])
  if (folder) process.env.PATH = `${folder}:${process.env.PATH}`;

/** The real Ansible and kubectl; stand-ins for MAAS and for the cluster. The machine that MAAS gives is this one. */
const cluster = new KubeApi();
const reader = kubeReader(cluster);
let maas: Maas;
let runbooks: Runbooks;

beforeAll(async () => {
  await Promise.all([cluster.open(), reader.start()]);
  const tools = await openTools();
  runbooks = await openRunbooks({
    env: {
      MAAS_API_KEY: maasKey,
      CLUSTER_READ_TOKEN: clusterReadToken,
      CLUSTER_KUBECONFIG: cluster.kubeconfig('a-token-of-a-test', 'shop'),
    },
    pools: ['infra'],
    blobs: tools.blobs,
    tools,
  });
});
beforeEach(async () => {
  maas = new Maas();
  await maas.server.start();
});
afterEach(() => maas.server.stop());
afterAll(async () => {
  await runbooks?.close();
  cluster.close();
  await reader.stop();
});

const name = 'node1.maas';
const node = `/api/v1/nodes/${name}`;
const provision = (hosts: { readonly configure: PatchedHosts; readonly join: PatchedHosts }) => {
  const path = 'runbooks/provision/node.yaml';
  return exampleRun({
    runbook: 'node',
    inputs: { machine: 'abc123' },
    connections: { maas: { origin: maas.server.origin }, cluster: { origin: reader.origin } },
    files: {
      ...workedOnBy({ configure: hosts.configure.program, join: hosts.join.program }),
      [path]: onThisMachine(path, examplePolicy(0)[path]!),
    },
    pace: 200,
  });
};
const both = () => ({ configure: new PatchedHosts([name]), join: new PatchedHosts([name]) });
/** What the kubelet of a machine does once it has joined. */
const register = async (join: PatchedHosts): Promise<void> => {
  await eventually(() => expect(join.done).toEqual([name]), 60_000);
  const conditions = [{ type: 'Ready', status: 'True' }];
  cluster.put(node, { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions } });
};

test('a machine of MAAS is deployed, configured and joined, and takes pods', async () => {
  const hosts = both();
  const running = await runbooks.start(provision(hosts));
  await register(hosts.join);
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
  expect([maas.status, maas.series]).toEqual(['Deployed', 'noble']);
  expect(hosts.configure.done).toEqual([name]);
  expect(cluster.object(node)).toBeDefined();
});

test('a node that is destroyed is emptied, leaves the cluster and goes back to MAAS, and nothing is done twice', async () => {
  const leave = new PatchedHosts([name]);
  maas.status = 'Deployed';
  cluster.put(node, { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [] } });
  const path = 'runbooks/remove-node.yaml';
  const removal = exampleRun({
    runbook: 'remove-node',
    inputs: { machine: 'abc123', hostname: name, address: '127.0.0.1' },
    connections: { maas: { origin: maas.server.origin } },
    files: { ...workedOnBy({ leave: leave.program }), [path]: onThisMachine(path, examplePolicy(0)[path]!) },
  });
  expect((await runbooks.run(removal)).result).toMatchObject({ kind: 'done' });
  expect(leave.done).toEqual([name]);
  expect(cluster.object(node)).toBeUndefined();
  expect((await runbooks.run(removal)).result).toMatchObject({ kind: 'done' });
  expect([maas.status, maas.releases]).toEqual(['Ready', 1]);
});

test('a machine that never gets ready leaves the cluster and goes back to MAAS', async () => {
  const hosts = both();
  cluster.put(node, { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [] } });
  const { result } = await runbooks.run(provision(hosts));
  expect(result).toMatchObject({ kind: 'undone', failedStep: 'Wait until it takes pods' });
  expect(cluster.object(node)).toBeUndefined();
  expect([maas.status, maas.releases]).toEqual(['Ready', 1]);
});

test('a machine that MAAS cannot deploy is never touched by anything else', async () => {
  const hosts = both();
  maas.ends = 'Failed deployment';
  expect((await runbooks.run(provision(hosts))).result).toMatchObject({ reason: 'MAAS says: Failed deployment.' });
  expect([hosts.configure.log, hosts.join.log]).toEqual([[], []]);
  expect([maas.status, maas.releases]).toEqual(['Ready', 1]);
});
