import { openHostsWorld, type HostsWorld } from '../helpers/hosts-world';
import { examplesOnThisMachine, PatchedHosts } from '../helpers/patched-hosts';
import { eventually } from '../helpers/temporal';
import { seedsOf } from '../kills/rounds';
import { json } from '../steps/endpoint';
import { describeStrikes, rounds, strikeAll, strikesOf } from './strikes';

jest.setTimeout(300_000);

const count = 12;
/** The last ones may be done before a kill comes. */
const pieces = count - 2;
/** A host that has been done for so long is known to be done, whatever is killed then. ms */
const knownMs = 8_000;

let at: HostsWorld;
beforeAll(async () => {
  at = await openHostsWorld();
});
afterAll(() => at?.close());

describe.each(['patch-hosts', 'reindex-hosts'])(
  'whenever a runner is killed in %s, every host is done, by one at a time, and none again that was known to be done',
  (runbook) => {
    test.each(seedsOf(1, rounds).map((seed) => [describeStrikes(seed, pieces), seed] as const))(
      '%s',
      async (_, seed) => {
        const hosts = new PatchedHosts(Array.from({ length: count }, (__, index) => `host${index + 11}`));
        at.cmdb.reply = json(200, hosts.inventory);
        const running = await at.runbooks.start({
          files: examplesOnThisMachine(hosts.program),
          runbook,
          connections: { cmdb: { origin: at.cmdb.origin } },
          pace: 60,
        });
        const strikes = strikesOf(seed, pieces);
        const struck = await strikeAll({
          runner: at.runner,
          strikes,
          done: () => hosts.done.length,
          restart: () => at.startRunner(),
        });
        expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
        expect(hosts.done).toEqual(hosts.names);
        expect(hosts.twoWriters).toEqual([]);
        expect(hosts.names.filter((name) => wasAgainForNothing(hosts, name, struck))).toEqual([]);
        await eventually(() => expect(at.runner.orphans()).toEqual([]));
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
