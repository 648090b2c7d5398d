import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { examplesOnThisMachine, PatchedHosts } from '../helpers/patched-hosts';
import { RunnerProgram } from '../helpers/runner-program';
import { eventually } from '../helpers/temporal';
import { seedsOf } from '../kills/rounds';
import { Endpoint, json } from '../steps/endpoint';
import { openTools } from '../steps/tools';
import { describeStrikes, rounds, strikeAll, strikesOf } from './strikes';

jest.setTimeout(300_000);

const count = 12;
/** The last ones may be done before a kill comes. */
const pieces = count - 2;
/** A host that has been done for so long is known to be done, whatever is killed then. ms */
const knownMs = 8_000;

const cmdb = new Endpoint();
let runner: RunnerProgram;
let runbooks: Runbooks;
const restart = (): Promise<void> =>
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
  await restart();
});
afterAll(async () => {
  await runner?.close();
  await runbooks?.close();
  await cmdb.stop();
});

describe.each(['patch-hosts', 'reindex-hosts'])(
  'whenever a runner is killed in %s, every host is done, by one at a time, and none again that was known to be done',
  (runbook) => {
    test.each(seedsOf(1, rounds).map((seed) => [describeStrikes(seed, pieces), seed] as const))(
      '%s',
      async (_, seed) => {
        const hosts = new PatchedHosts(Array.from({ length: count }, (__, index) => `host${index + 11}`));
        cmdb.reply = json(200, hosts.inventory);
        const running = await runbooks.start({
          files: examplesOnThisMachine(),
          runbook,
          inputs: { program: hosts.program },
          connections: { cmdb: { origin: cmdb.origin } },
          pace: 60,
        });
        const strikes = strikesOf(seed, pieces);
        const struck = await strikeAll({ runner, strikes, done: () => hosts.done.length, restart });
        expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
        expect(hosts.done).toEqual(hosts.names);
        expect(hosts.twoWriters).toEqual([]);
        expect(hosts.names.filter((name) => wasAgainForNothing(hosts, name, struck))).toEqual([]);
        await eventually(() => expect(runner.orphans()).toEqual([]));
      },
    );
  },
);

/** Whether a host was begun again though no kill came before it was known to be done. */
function wasAgainForNothing(hosts: PatchedHosts, name: string, struck: readonly number[]): boolean {
  const lines = hosts.log.filter(({ host }) => host === name);
  return lines.some((line, index) => {
    const before = lines[index - 1];
    if (line.what !== 'begin' || !before) return false;
    const until = before.what === 'end' ? before.at + knownMs : line.at;
    return !struck.some((at) => at >= before.at - knownMs && at <= Math.min(until, line.at));
  });
}
