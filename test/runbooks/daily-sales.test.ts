import { exampleRun } from '../helpers/example-run';
import { password, TestPostgres } from '../helpers/postgres';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { bearer, Vendor } from '../vendors/vendor';

jest.setTimeout(120_000);

interface LineageEvent {
  readonly eventType: string;
  readonly run: { readonly runId: string };
  readonly inputs?: readonly object[];
  readonly outputs?: readonly object[];
}

/** Two real databases, and whoever takes OpenLineage events: what its schema requires has to be there. */
const events: LineageEvent[] = [];
let refuses: string | undefined;
/** Their own days begin at another time. */
const elsewhere = ['timezone=Europe/Berlin'];
const lineage = new Vendor({
  isAuthorized: bearer('lineage-token-of-a-test'),
  routes: [
    {
      method: 'POST',
      path: /^\/api\/v1\/lineage$/,
      takes: 'application/json',
      answer: ({ json }) => {
        const missing = ['eventTime', 'producer', 'schemaURL', 'run', 'job'].filter((name) => !(name in json));
        const { eventType, run } = json as unknown as LineageEvent;
        if (missing.length > 0 || !/^[0-9a-f-]{36}$/.test(run.runId) || eventType === refuses) return { status: 422 };
        events.push(json as unknown as LineageEvent);
        return { status: 201 };
      },
    },
  ],
});
let orders: TestPostgres;
let warehouse: TestPostgres;
let runbooks: Runbooks;

beforeAll(async () => {
  [orders, warehouse] = await Promise.all([
    TestPostgres.start(elsewhere),
    TestPostgres.start(elsewhere),
    lineage.start(),
  ]);
  await orders.ask(`
    create table orders (id int primary key, country text, amount numeric(10, 2), ordered_at timestamptz);
    insert into orders values
      (1, 'DE', 10.50, '2026-11-22T23:59:59Z'), (2, 'DE', 20, '2026-11-22T00:00:00Z'), (3, 'FR', 0.1, '2026-11-22T12:00:00Z'),
      (4, 'FR', 99, '2026-11-23T00:00:00Z'), (5, 'XX', 7, '2026-11-20T12:00:00Z')`);
  await warehouse.ask(`
    create table countries (code text primary key);
    insert into countries values ('DE'), ('FR');
    create table daily_sales (load text, day date, country text, orders int, revenue numeric, primary key (load, country));
    create table published_sales (day date primary key, load text not null)`);
  runbooks = await openRunbooks({
    env: { ORDERS_DB_PASSWORD: password, WAREHOUSE_PASSWORD: password, LINEAGE_TOKEN: 'lineage-token-of-a-test' },
    pools: ['data'],
  });
});
beforeEach(async () => {
  events.length = 0;
  refuses = undefined;
  await warehouse.ask('truncate daily_sales, published_sales');
});
afterAll(async () => {
  await runbooks?.close();
  await Promise.all([orders?.stop(), warehouse?.stop(), lineage.stop()]);
});

const load = (day = '2026-11-23T02:30:00Z') =>
  runbooks.run(
    exampleRun({
      runbook: 'daily-sales',
      inputs: { day },
      connections: {
        lineage: { origin: lineage.origin },
        'orders-db': { ...orders.connection, name: 'orders-db', password: { env: 'ORDERS_DB_PASSWORD' } },
        'warehouse-db': { ...warehouse.connection, name: 'warehouse-db', password: { env: 'WAREHOUSE_PASSWORD' } },
      },
    }),
  );
const published = () =>
  warehouse.ask(`
    select day::text, country, orders, revenue::text
    from daily_sales join published_sales using (load, day) order by country`);
const sales = [
  { day: '2026-11-22', country: 'DE', orders: 2, revenue: '30.50' },
  { day: '2026-11-22', country: 'FR', orders: 1, revenue: '0.10' },
];

test('a plain date means the day before it, in UTC, wherever the databases are', async () => {
  expect((await load('2026-11-23')).result).toEqual({ kind: 'done', watch: 'ended' });
  expect(await published()).toEqual(sales);
});

test('a day of orders is summed up, loaded, published and recorded', async () => {
  const ran = await load();
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(await published()).toEqual(sales);
  const loads = await warehouse.ask('select distinct load from daily_sales');
  expect(events.map(({ eventType, run }) => [eventType, run.runId])).toEqual([
    ['START', loads[0]!.load],
    ['COMPLETE', loads[0]!.load],
  ]);
  const name = { namespace: 'postgres://warehouse.kestrel-pay.example:5432', name: 'warehouse.public.daily_sales' };
  expect(events[1]).toMatchObject({
    job: { namespace: 'kestrel', name: 'daily-sales' },
    inputs: [{ namespace: 'postgres://orders-db.kestrel-pay.example:5432', name: 'orders.public.orders' }],
    outputs: [{ ...name, outputFacets: { outputStatistics: { rowCount: 2 } } }],
  });
});

test('a load with a country that nobody knows is taken away before anybody sees it, and recorded as failed', async () => {
  const ran = await load('2026-11-21');
  expect(ran.result).toMatchObject({
    kind: 'undone',
    reason: 'The load has 1 of 1 orders, and 1 countries that nobody knows.',
  });
  expect(await warehouse.ask('select * from daily_sales')).toEqual([]);
  expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'FAIL']);
});

test('readers see the load before again when a load cannot be recorded', async () => {
  expect((await load()).result.kind).toBe('done');
  await orders.ask("insert into orders values (6, 'FR', 5, '2026-11-22T13:00:00Z')");
  refuses = 'COMPLETE';
  expect((await load()).result).toMatchObject({ kind: 'undone', failedStep: 'Tell that it is complete' });
  expect(await published()).toEqual(sales);
  expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE', 'START', 'FAIL']);
});
