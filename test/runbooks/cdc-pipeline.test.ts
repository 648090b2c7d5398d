import { CdcWorld } from '../helpers/cdc-world';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { RunnerProgram } from '../helpers/runner-program';
import { eventually } from '../helpers/temporal';

jest.setTimeout(240_000);

/** The example company's pipeline on a real database, a real Kafka with Debezium, and a real warehouse. */
let world: CdcWorld;
let runner: RunnerProgram;
let runbooks: Runbooks;

beforeAll(async () => {
  [world, runner] = await Promise.all([CdcWorld.open(), RunnerProgram.open()]);
  runbooks = await openRunbooks({ blobs: runner.blobs });
  await runner.start({ namespace: runbooks.world.temporal.namespace, pools: ['data'], env: world.env });
}, 300_000);
afterAll(async () => {
  await runner?.close();
  await runbooks?.close();
  await world?.close();
});

const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ id: n + 1, item: `item ${n + 1}` }));

test('a pipeline carries what is there and what comes into the warehouse', async () => {
  await world.fill('orders', 50);
  const ran = await runbooks.run(world.asked('shop', 'orders'));
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(await world.made('shop')).toEqual(['role', 'publication', 'slot', 'topic', 'source', 'sink']);
  expect(await world.arrived('orders')).toEqual(rows(50));
  await world.database.ask("insert into orders values (51, 'item 51'); delete from orders where id = 1");
  await eventually(async () => expect(await world.arrived('orders')).toEqual(rows(51).slice(1)), 60_000);
});

test('a pipeline whose warehouse refuses it is undone to the last piece, the slot first of all', async () => {
  await world.fill('returns', 5);
  const wrong = { warehouse: 'jdbc:postgresql://127.0.0.1:1/nowhere' };
  const ran = await runbooks.run(world.asked('back', 'returns', wrong));
  expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringMatching(/sink-back/) });
  expect(await world.made('back')).toEqual([]);
  const left = await world.database.ask("select 1 from pg_replication_slots where slot_name like '%back'");
  expect(left).toEqual([]);
});
