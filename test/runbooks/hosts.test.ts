import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { examplesOnThisMachine, PatchedHosts } from '../helpers/patched-hosts';
import { RunnerProgram } from '../helpers/runner-program';
import { eventually } from '../helpers/temporal';
import { Endpoint, json } from '../steps/endpoint';
import { openTools } from '../steps/tools';

jest.setTimeout(180_000);

/** The example company's runbooks for hosts: the real runner, the real Ansible, an inventory by HTTP. */
const cmdb = new Endpoint();
let runner: RunnerProgram;
let runbooks: Runbooks;
const startRunner = (): Promise<void> =>
  runner.start({
    namespace: runbooks.world.temporal.namespace,
    pools: ['ansible'],
    env: { PATH: `${process.env.ANSIBLE_BIN}:${process.env.PATH}` },
  });

beforeAll(async () => {
  await cmdb.start();
  runner = await RunnerProgram.open();
  const { blobs } = runner;
  const tools = { ...(await openTools()), blobs };
  runbooks = await openRunbooks({ env: { CMDB_TOKEN: 'a-token-of-a-test' }, blobs, tools });
  await startRunner();
});
afterAll(async () => {
  await runner?.close();
  await runbooks?.close();
  await cmdb.stop();
});

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `host${String(index + 1).padStart(2, '0')}`);
const asked = (runbook: string, hosts: PatchedHosts) => {
  cmdb.reply = json(200, hosts.inventory);
  return {
    files: examplesOnThisMachine(),
    runbook,
    inputs: { program: hosts.program },
    connections: { cmdb: { origin: cmdb.origin } },
    pace: 60,
  };
};

test('all hosts of the inventory are patched, and after three failures only what is not done is tried again', async () => {
  const hosts = new PatchedHosts(names(12));
  const bad = ['host03', 'host07', 'host09'];
  hosts.fill(...bad);
  const running = await runbooks.start(asked('patch-hosts', hosts));
  await eventually(async () => expect(await running.phase()).toBe('asks'), 120_000);
  const before = hosts.done;
  expect(before.filter((name) => bad.includes(name))).toEqual([]);
  const begun = hosts.log.length;
  hosts.mend(...bad);
  await running.act({ kind: 'retry_step', by: 'U0LEE' });
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
  expect(hosts.done).toEqual(hosts.names);
  const again = new Set(hosts.log.slice(begun).map(({ host }) => host));
  expect([...again].sort()).toEqual(hosts.names.filter((name) => !before.includes(name)));
  expect(hosts.twoWriters).toEqual([]);
});

test('only the hosts of a role are patched when somebody asks for them', async () => {
  const hosts = new PatchedHosts(names(4));
  const ask = asked('patch-hosts', hosts);
  const ran = await runbooks.run({ ...ask, inputs: { ...ask.inputs, role: 'db' } });
  expect(ran.result).toMatchObject({ kind: 'done' });
  expect(hosts.done).toEqual(['host02', 'host04']);
});

test('a playbook that was killed at half goes on with the hosts that are not done', async () => {
  const hosts = new PatchedHosts(names(8));
  const running = await runbooks.start(asked('reindex-hosts', hosts));
  await eventually(() => expect(hosts.done.length).toBeGreaterThanOrEqual(4), 60_000);
  // What the batch has done is told once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await runner.strike();
  await startRunner();
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
  expect(hosts.done).toEqual(hosts.names);
  expect(hosts.names.slice(0, 4).map((name) => hosts.begun(name))).toEqual([1, 1, 1, 1]);
  expect(hosts.twoWriters).toEqual([]);
  await eventually(() => expect(runner.orphans()).toEqual([]));
});
