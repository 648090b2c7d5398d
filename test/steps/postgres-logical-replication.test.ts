import type { JsonObject } from '../../src/json';
import { password, TestPostgres } from '../helpers/postgres';
import { attemptOf, failureOf, type Attempt } from './attempt';
import { hostileValues } from './hostile-values';

let database: TestPostgres;
beforeAll(async () => {
  database = await TestPostgres.start();
  await database.ask('create table orders (id int primary key); create table "odd, name" (id int primary key)');
});
afterAll(() => database.stop());

function replicate(given: JsonObject, more: Partial<Attempt> = {}): Attempt {
  return {
    step: {
      id: 'it',
      uses: 'postgres/logical-replication',
      with: { connection: 'api', ...given },
      ...(given.drop === undefined && given.ensure !== 'wal_level' ? { outputs: { made: 'made', lsn: 'lsn' } } : {}),
    },
    over: database.connection,
    env: { DB_PASSWORD: password, CDC_PASSWORD: 'password-of-the-reader' },
    ...more,
  };
}
const run = (given: JsonObject, more?: Partial<Attempt>) => attemptOf('', replicate(given, more));
const fails = (given: JsonObject, more?: Partial<Attempt>) => failureOf('', replicate(given, more));

const things: readonly [string, JsonObject, string][] = [
  ['user', { password: { env: 'CDC_PASSWORD' } }, 'select rolname as name from pg_roles where rolname = $1'],
  [
    'publication',
    { tables: ['public.orders', 'public.odd, name'] },
    'select pubname as name from pg_publication where pubname = $1',
  ],
  ['slot', {}, 'select slot_name as name from pg_replication_slots where slot_name = $1'],
];

describe('postgres/logical-replication', () => {
  it('lets a database through that writes a logical log, and tells what to do with another', async () => {
    expect(await run({ ensure: 'wal_level' })).toMatchObject({ status: 'done' });
    const plain = await TestPostgres.start(['wal_level=replica']);
    const failure = await fails({ ensure: 'wal_level' }, { over: plain.connection });
    await plain.stop();
    expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringMatching(/needs logical/) });
  });

  test.each(things)('makes a %s once, and takes away what it made', async (thing, given, question) => {
    const name = `cdc_${thing}`;
    expect((await run({ ensure: thing, name, ...given })).outputs.made).toBe(true);
    expect(await run({ ensure: thing, name, ...given })).toMatchObject({ outputs: { made: true } });
    expect(await database.ask(question, [name])).toEqual([{ name }]);
    expect((await run({ drop: thing, name })).summary).toMatch(/was dropped/);
    expect(await database.ask(question, [name])).toEqual([]);
    expect((await run({ drop: thing, name })).summary).toMatch(/stays/);
  });

  test.each(things)(
    'never takes away a %s that was there before, unless it is told to',
    async (thing, given, question) => {
      const name = `theirs_${thing}`;
      await run({ ensure: thing, name, ...given });
      await database.ask("update signalbox.made set operation = 'another' where name = $1", [name]);
      expect((await run({ ensure: thing, name, ...given })).outputs.made).toBe(false);
      expect((await run({ drop: thing, name })).summary).toMatch(/not of this operation and stays/);
      expect(await database.ask(question, [name])).toEqual([{ name }]);
      await run({ drop: thing, name, of: 'anyone' });
      expect(await database.ask(question, [name])).toEqual([]);
    },
  );

  it('makes a user that can log in, and gives the server a verifier instead of the password', async () => {
    await run({ ensure: 'user', name: 'reader', password: { env: 'CDC_PASSWORD' } });
    const [row] = await database.ask(
      "select rolpassword as it, rolreplication as may from pg_authid where rolname = 'reader'",
    );
    expect(row).toEqual({ it: expect.stringMatching(/^SCRAM-SHA-256\$4096:/), may: true });
    const over = { ...database.connection, user: 'reader', password: { env: 'CDC_PASSWORD' } };
    expect(await run({ ensure: 'wal_level' }, { over })).toMatchObject({ status: 'done' });
  });

  test.each<[string, JsonObject, RegExp]>([
    [
      'a user that may not replicate',
      { ensure: 'user', name: 'plain', password: { env: 'CDC_PASSWORD' } },
      /may not log in/,
    ],
    [
      'a publication of other tables',
      { ensure: 'publication', name: 'pub', tables: ['public.odd, name'] },
      /has the tables public.orders/,
    ],
    ['a slot of another plugin', { ensure: 'slot', name: 'other' }, /another plugin/],
  ])('refuses %s', async (_, given, problem) => {
    await database.ask(`create role plain; create publication pub for table orders`);
    await database.ask(`select pg_create_logical_replication_slot('other', 'test_decoding')`);
    expect((await fails(given)).message).toMatch(problem);
    await database.ask(`drop role plain; drop publication pub`);
    await database.ask(`select pg_drop_replication_slot('other')`);
  });

  it('waits until a slot has been confirmed up to where the log ended, which costs no attempts', async () => {
    const { outputs } = await run({ ensure: 'slot', name: 'behind' });
    expect(outputs.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    await database.ask('insert into orders select generate_series(1, 100)');
    const [end] = await database.ask('select pg_current_wal_lsn()::text as lsn');
    const wait = { wait: 'lsn', name: 'behind', lsn: String(end!.lsn), for: '1h' };
    const failure = await fails(wait);
    expect(failure).toMatchObject({ type: 'NotYet', message: expect.stringMatching(/bytes behind, and nobody reads/) });
    await database.ask("select pg_replication_slot_advance('behind', $1::pg_lsn)", [end!.lsn]);
    expect(await run(wait)).toMatchObject({ status: 'done' });
    expect(await fails({ ...wait, name: 'nowhere' })).toMatchObject({ type: 'StepFailed' });
    await run({ drop: 'slot', name: 'behind' });
  });

  test.each(hostileValues)('makes a user called %s and nothing else', async (value) => {
    const given = { name: '${{ inputs.value }}' };
    const more = { inputs: { value } };
    const made = { ensure: 'user', password: { env: 'CDC_PASSWORD' }, ...given };
    if (value.includes('\0') || value.includes('.') || Buffer.byteLength(value) > 63)
      return expect(await fails(made, more)).toMatchObject({ type: 'StepFailed' });
    await run(made, more);
    expect(await database.ask('select 1 as it from pg_roles where rolname = $1', [value])).toEqual([{ it: 1 }]);
    await run({ drop: 'user', ...given }, more);
    expect(await database.ask('select 1 as it from pg_roles where rolname = $1', [value])).toEqual([]);
  });
});
