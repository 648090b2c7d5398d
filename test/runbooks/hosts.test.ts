import { openHostsWorld, type HostsWorld } from '../helpers/hosts-world';
import { examplesOnThisMachine, PatchedHosts } from '../helpers/patched-hosts';
import { eventually } from '../helpers/temporal';
import { json } from '../steps/endpoint';

jest.setTimeout(180_000);

let at: HostsWorld;
beforeAll(async () => {
  at = await openHostsWorld();
});
afterAll(() => at?.close());

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `host${String(index + 1).padStart(2, '0')}`);
const asked = (runbook: string, hosts: PatchedHosts) => {
  at.cmdb.reply = json(200, hosts.inventory);
  return {
    files: examplesOnThisMachine(hosts.program),
    runbook,
    connections: { cmdb: { origin: at.cmdb.origin } },
    pace: 60,
  };
};

test('all hosts of the inventory are patched, and after three failures only what is not done is tried again', async () => {
  const hosts = new PatchedHosts(names(12));
  const bad = ['host03', 'host07', 'host09'];
  hosts.fill(...bad);
  const running = await at.runbooks.start(asked('patch-hosts', hosts));
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

test('a few that fail hold nobody up, and in the end those alone are tried again until none is left', async () => {
  const hosts = new PatchedHosts(names(8));
  const bad = ['host03', 'host06'];
  hosts.fill(...bad);
  const running = await at.runbooks.start(asked('patch-hosts', hosts));
  await eventually(async () => expect(await running.phase()).toBe('asks'), 120_000);
  expect(hosts.done).toEqual(hosts.names.filter((name) => !bad.includes(name)));
  const begun = hosts.log.length;
  hosts.mend(...bad);
  await running.act({ kind: 'retry_step', by: 'U0LEE' });
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
  expect(hosts.done).toEqual(hosts.names);
  expect([...new Set(hosts.log.slice(begun).map(({ host }) => host))].sort()).toEqual(bad);
});

test('who passes the list over is not asked about it once more', async () => {
  const hosts = new PatchedHosts(names(4));
  hosts.fill(...hosts.names);
  const running = await at.runbooks.start(asked('patch-hosts', hosts));
  await eventually(async () => expect(await running.phase()).toBe('asks'), 120_000);
  await running.act({ kind: 'skip_step', by: 'U0LEE' });
  expect((await running.end()).result).toMatchObject({ kind: 'done' });
  expect(hosts.done).toEqual([]);
});

test('only the hosts of a role are patched when somebody asks for them', async () => {
  const hosts = new PatchedHosts(names(4));
  const ask = asked('patch-hosts', hosts);
  const ran = await at.runbooks.run({ ...ask, inputs: { role: 'db' } });
  expect(ran.result).toMatchObject({ kind: 'done' });
  expect(hosts.done).toEqual(['host02', 'host04']);
});

test('a playbook that was killed at half goes on with the hosts that are not done', async () => {
  const hosts = new PatchedHosts(names(8));
  const running = await at.runbooks.start(asked('reindex-hosts', hosts));
  await eventually(() => expect(hosts.done.length).toBeGreaterThanOrEqual(4), 60_000);
  // What the batch has done is told once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await at.runner.strike();
  await at.startRunner();
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
  expect(hosts.done).toEqual(hosts.names);
  expect(hosts.names.slice(0, 4).map((name) => hosts.begun(name))).toEqual([1, 1, 1, 1]);
  expect(hosts.twoWriters).toEqual([]);
  await eventually(() => expect(at.runner.orphans()).toEqual([]));
});
