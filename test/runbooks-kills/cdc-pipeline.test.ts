import { CdcWorld } from '../helpers/cdc-world';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { RunnerProgram } from '../helpers/runner-program';
import { eventually } from '../helpers/temporal';
import { seedsOf } from '../kills/rounds';
import { describeStrikes, rounds, strikeAll, strikesOf } from './strikes';

jest.setTimeout(300_000);

/** Role, publication, slot, topic, source and sink. */
const pieces = 6;

let world: CdcWorld;
let runner: RunnerProgram;
let runbooks: Runbooks;
const restart = (): Promise<void> =>
  runner.start({ namespace: runbooks.world.temporal.namespace, pools: ['data'], env: world.env });

beforeAll(async () => {
  [world, runner] = await Promise.all([CdcWorld.open(), RunnerProgram.open()]);
  runbooks = await openRunbooks({ blobs: runner.blobs });
  await restart();
}, 300_000);
afterAll(async () => {
  await runner?.close();
  await runbooks?.close();
  await world?.close();
});

describe('whenever a runner is killed while it sets up a pipeline, each piece is made once and every row arrives', () => {
  test.each(seedsOf(1, rounds).map((seed) => [describeStrikes(seed, pieces), seed] as const))('%s', async (_, seed) => {
    const pipeline = `kill_${seed}`;
    const table = `killed_${'abcdefghijklmnopqrstuvwxyz'[seed % 26]}${'x'.repeat(Math.floor(seed / 26))}`;
    await world.fill(table, 20);
    const asked = world.asked(pipeline, table);
    const running = await runbooks.start(asked);
    const seen = new Set<string>();
    await strikeAll({
      runner,
      strikes: strikesOf(seed, pieces),
      restart,
      done: async () => {
        for (const one of await world.identities(pipeline)) seen.add(one);
        return (await world.made(pipeline)).length;
      },
    });
    expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
    for (const one of await world.identities(pipeline)) seen.add(one);
    // What was made once and then again would have been seen as two.
    expect([...seen].map((one) => one.split(' ')[0]).sort()).toEqual(['publication', 'role']);
    expect(await world.made(pipeline)).toEqual(['role', 'publication', 'slot', 'topic', 'source', 'sink']);
    expect(await world.arrived(table)).toHaveLength(20);
    await eventually(() => expect(runner.orphans()).toEqual([]));
    await world.remove(pipeline);
  });
});
