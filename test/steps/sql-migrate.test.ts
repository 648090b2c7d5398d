import type { JsonObject } from '../../src/json';
import { password, TestPostgres } from '../helpers/postgres';
import { eventually } from '../helpers/temporal';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';
import { openTools, packFiles } from './tools';

let database: TestPostgres;
beforeAll(async () => (database = await TestPostgres.start()));
beforeEach(() => database.ask('drop schema if exists signalbox cascade; drop table if exists orders, lines'));
afterAll(() => database.stop());

const orders = { id: '001_orders', sql: 'create table orders (id int);\ninsert into orders values (1);' };
const lines = { id: '002_lines', sql: 'create table lines (id int)' };

function migrate(migrations: readonly JsonObject[], more: JsonObject = {}, step: JsonObject = {}): Attempt {
  return {
    step: {
      id: 'migrate',
      uses: 'sql/migrate',
      with: { connection: 'api', migrations, ...more },
      outputs: { applied: 'applied', pending: 'pending', known: 'known' },
      ...step,
    },
    over: database.connection,
    env: { DB_PASSWORD: password },
  };
}
const run = (attempt: Attempt) => attemptOf('', attempt);
const fails = (attempt: Attempt) => failureOf('', attempt);
const tables = async () =>
  (await database.ask("select relname from pg_class where relname in ('orders', 'lines') order by 1")).map(
    ({ relname }) => relname,
  );

describe('sql/migrate', () => {
  it('carries out what the database has not had yet, once, and notes for which operation', async () => {
    expect((await run(migrate([orders]))).outputs).toEqual({ applied: ['001_orders'], pending: [], known: 0 });
    expect((await run(migrate([orders, lines]))).outputs).toEqual({ applied: ['002_lines'], pending: [], known: 1 });
    expect((await run(migrate([orders, lines]))).outputs).toEqual({ applied: [], pending: [], known: 2 });
    expect(await database.ask('select id, operation from signalbox.migrations order by id')).toEqual([
      { id: '001_orders', operation: 'deploy-checkout-x' },
      { id: '002_lines', operation: 'deploy-checkout-x' },
    ]);
    expect(await database.ask('select * from orders')).toEqual([{ id: 1 }]);
  });

  it('in a dry run tells what it would do, and does nothing', async () => {
    const checked = await run({ ...migrate([orders, lines]), input: { mode: 'check' } });
    expect(checked).toMatchObject({ summary: '2 to carry out', detail: ['001_orders', '002_lines'], would: 'tried' });
    const dry = await run(migrate([orders, lines], { dry_run: true }));
    expect(dry.outputs).toEqual({ applied: [], pending: ['001_orders', '002_lines'], known: 0 });
    expect(await tables()).toEqual([]);
    expect(await database.ask("select to_regclass('signalbox.migrations') as it")).toEqual([{ it: null }]);
  });

  it('leaves nothing of a migration that fails, keeps those before it, and goes on from there', async () => {
    const broken = { id: '002_lines', sql: 'create table lines (id int); select 1/0' };
    const failure = await fails(migrate([orders, broken]));
    expect(failure).toMatchObject({
      type: 'StepFailed',
      message: expect.stringMatching(/002_lines.*division by zero/),
    });
    expect(await tables()).toEqual(['orders']);
    expect((await run(migrate([orders, lines]))).outputs.applied).toEqual(['002_lines']);
  });

  it('takes the SQL files of a folder of the policy repository, in the order of their names', async () => {
    const tools = await openTools();
    const files = { '002_lines.sql': lines.sql, '001_orders.sql': orders.sql, 'README.md': 'not SQL' };
    const trees = { 'migrations/shop': await packFiles(tools.blobs, files) };
    const attempt = migrate([]);
    const step = { ...attempt.step, with: { connection: 'api', folder: 'migrations/shop' } };
    const result = await run({ ...attempt, step, trees, tools });
    expect(result.outputs.applied).toEqual(['001_orders.sql', '002_lines.sql']);
    expect(await tables()).toEqual(['lines', 'orders']);
  });

  test.each<[string, readonly JsonObject[], RegExp]>([
    ['was changed afterwards', [{ ...orders, sql: 'select 1' }], /001_orders was changed/],
    ['has a new one before it', [{ id: '000_first', sql: 'select 1' }, orders], /000_first stands before 001_orders/],
    ['is named twice', [orders, orders], /two migrations with the id/],
  ])('refuses one that %s', async (_, migrations, problem) => {
    await run(migrate([orders]));
    expect((await fails(migrate(migrations))).message).toMatch(problem);
    expect(await database.ask('select id from signalbox.migrations')).toEqual([{ id: '001_orders' }]);
  });

  it('says of one that ends its own transaction that nobody knows what was done', async () => {
    const ending = { id: '001_orders', sql: 'create table orders (id int); commit; begin' };
    expect((await fails(migrate([ending]))).message).toMatch(/ends its transaction by itself/);
    expect(await database.ask('select id from signalbox.migrations')).toEqual([]);
  });

  it('lets no two runs migrate at once', async () => {
    const slow = { id: '001_orders', sql: 'select pg_sleep(0.5); create table orders (id int)' };
    const results = await Promise.all([run(migrate([slow])), run(migrate([slow]))]);
    expect(results.map(({ outputs }) => outputs.known).sort()).toEqual([0, 1]);
    expect(await tables()).toEqual(['orders']);
  });

  it('takes back what it was doing when it is cancelled, and can be done again', async () => {
    const slow = { id: '001_orders', sql: 'create table orders (id int); select pg_sleep(60)' };
    const environment = environmentOf({});
    const ended = run({ ...migrate([slow]), environment }).then(
      () => 'done',
      () => 'cancelled',
    );
    await eventually(async () => expect(await database.running()).toBe(1));
    environment.cancel();
    expect(await ended).toBe('cancelled');
    await eventually(async () => expect(await database.running()).toBe(0));
    expect(await tables()).toEqual([]);
    expect((await run(migrate([orders]))).outputs.applied).toEqual(['001_orders']);
  });

  it('takes back what it was doing when its time is up', async () => {
    const slow = { id: '001_orders', sql: 'create table orders (id int); select pg_sleep(60)' };
    expect(await fails(migrate([slow], {}, { timeout: '1s' }))).toMatchObject({ type: 'StepError' });
    expect(await tables()).toEqual([]);
  });
});
