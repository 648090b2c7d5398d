import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { JsonObject } from '../../src/json';
import { password, TestPostgres } from '../helpers/postgres';
import { eventually } from '../helpers/temporal';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';
import { hostileValues } from './hostile-values';

let database: TestPostgres;
beforeAll(async () => {
  database = await TestPostgres.start();
  await database.ask('create table orders (id int primary key, note text)');
});
beforeEach(() => database.ask('truncate orders'));
afterAll(() => database.stop());

const env = { DB_PASSWORD: password, ROLE_PASSWORD: "it's a \\ secret" };

function asked(step: JsonObject, more: Partial<Attempt> = {}): Attempt {
  return { step: { id: 'ask', ...step }, over: database.connection, env, ...more };
}
const query = (given: JsonObject, more: JsonObject = {}) =>
  asked({ uses: 'sql/query', with: { connection: 'api', ...given }, outputs: { rows: 'rows' }, ...more });
const execute = (given: JsonObject, more: JsonObject = {}, attempt: Partial<Attempt> = {}) =>
  asked({ uses: 'sql/execute', with: { connection: 'api', ...given }, ...more }, attempt);

const run = (attempt: Attempt) => attemptOf('', attempt);
const fails = (attempt: Attempt) => failureOf('', attempt);

describe('sql/query', () => {
  it('gives rows as JSON: numbers where they are exact, truth, JSON and lists of text, all else as text', async () => {
    const { outputs } = await run(
      query({
        query: `select 1 as one, 9007199254740993 as big, 1.5::numeric as half, 'NaN'::float8 as nan, true as yes, null as nothing,
          '{"a": [1]}'::jsonb as json, array['x','y'] as list, date '2026-01-02' as day, 'x' as "__proto__"`,
      }),
    );
    expect(JSON.stringify(outputs.rows)).toBe(
      JSON.stringify([
        Object.fromEntries([
          ['one', 1],
          ['big', '9007199254740993'],
          ['half', 1.5],
          ['nan', 'NaN'],
          ['yes', true],
          ['nothing', null],
          ['json', { a: [1] }],
          ['list', ['x', 'y']],
          ['day', '2026-01-02'],
          ['__proto__', 'x'],
        ]),
      ]),
    );
  });

  it('answers what conditions ask: a setting, and a number that is compared', async () => {
    const shown = query({ query: 'show wal_level' }, { expect: 'rows[0].wal_level == "logical" && row_count == 1' });
    expect(await run(shown)).toMatchObject({ status: 'done', summary: '1 row' });
    const lag = query({ query: "select '12.0'::numeric as lag" }, { expect: 'rows[0].lag < 16777216' });
    expect(await run(lag)).toMatchObject({ status: 'done' });
  });

  test.each([
    ['an insert', "insert into orders values (1, 'x')"],
    [
      'a change hidden in a question',
      "with gone as (insert into orders values (1, 'x') returning id) select * from gone",
    ],
    [
      'a transaction made writable',
      "select set_config('transaction_read_only', 'off', true), (select count(*) from orders)",
    ],
    ['two statements', "select 1; insert into orders values (1, 'x')"],
    ['the end of its transaction and more', "rollback; insert into orders values (1, 'x')"],
  ])('refuses %s', async (_, text) => {
    expect(await fails(query({ query: text }))).toMatchObject({ type: 'StepFailed', nonRetryable: true });
    expect(await database.ask('select * from orders')).toEqual([]);
  });

  it('takes a list as one parameter', async () => {
    await database.ask("insert into orders values (1, 'a'), (2, 'b'), (3, 'c')");
    const given = { query: 'select id from orders where id = any(:ids::int[]) order by id', params: { ids: [1, 3] } };
    expect((await run(query(given))).outputs.rows).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('fails rather than cut a list', async () => {
    const many = { query: 'select generate_series(1, 11)', limit: 10 };
    expect((await fails(query(many))).message).toMatch(/more than 10 rows/);
    const wide = { query: "select repeat('x', 2000000)" };
    expect((await fails(query(wide))).message).toMatch(/more than 1 MiB/);
    expect(await database.running()).toBe(0);
  });

  test.each(hostileValues)('keeps %s what it is, as a parameter and as a name', async (value) => {
    const given = {
      query: 'select :value::text as "{x}", \':value {x} {{x}}\' as same -- :not {a} {{placeholder}}',
      params: { value: '${{ inputs.value }}' },
    };
    const attempt = { ...query(given), inputs: { value } };
    if (value.includes('\0')) return expect((await fails(attempt)).message).toMatch(/NUL/);
    expect((await run(attempt)).outputs.rows).toEqual([{ '{x}': value, same: ':value {x} {{x}}' }]);
  });

  it('ends a statement at the server when its time is up, and may be tried again', async () => {
    const failure = await fails(query({ query: 'select pg_sleep(60)' }, { timeout: '1s' }));
    expect(failure).toMatchObject({ type: 'StepError', message: expect.stringMatching(/took longer than/) });
    expect(await database.running()).toBe(0);
  });

  it('ends a statement at the server when it is cancelled', async () => {
    const environment = environmentOf({});
    const running = run({ ...query({ query: 'select pg_sleep(60)' }), environment });
    const ended = running.then(
      () => 'done',
      () => 'cancelled',
    );
    await eventually(async () => expect(await database.running()).toBe(1));
    environment.cancel();
    expect(await ended).toBe('cancelled');
    await eventually(async () => expect(await database.running()).toBe(0));
  });

  it('leaves no statement running at the server when its line is cut, as it is when a runner is killed', async () => {
    const lines: Socket[] = [];
    const proxy = createServer((near) => {
      const far = connect(database.connection.port, '127.0.0.1');
      lines.push(near, far);
      for (const line of [near, far]) line.on('error', () => undefined);
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as { port: number };
    const attempt = { ...query({ query: 'select pg_sleep(60)' }), over: { ...database.connection, port } };
    const failing = fails(attempt);
    await eventually(async () => expect(await database.running()).toBe(1));
    for (const line of lines) line.destroy();
    proxy.close();
    expect(await failing).toMatchObject({ type: 'StepError', message: expect.stringMatching(/connection was cut/) });
    await eventually(async () => expect(await database.running()).toBe(0));
  });

  it('says plainly what is wrong with the way to the database, and never the password', async () => {
    const wrong = { ...query({ query: 'select 1' }), env: { DB_PASSWORD: 'another-password' } };
    const failure = await fails(wrong);
    expect(failure).toMatchObject({ type: 'StepFailed' });
    expect(failure.message).toMatch(/The database of api refused: password authentication failed/);
    expect(failure.message).not.toMatch(/another-password/);
    const nobody = { ...query({ query: 'select 1' }), over: { ...database.connection, port: 1 } };
    expect(await fails(nobody)).toMatchObject({ type: 'StepError', message: expect.stringMatching(/nobody listens/) });
    const plain = { ...query({ query: 'select 1' }), over: { ...database.connection, tls: 'verify' as const } };
    expect(await fails(plain)).toMatchObject({ type: 'StepError' });
  });

  it('gives up on a server that takes the connection and says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const attempt = query({ query: 'select 1' }, { timeout: '1s' });
    expect(await fails({ ...attempt, over: { ...database.connection, port } })).toMatchObject({ type: 'StepError' });
    silent.close();
  });

  it('says which name cannot be looked up', async () => {
    const over = { ...database.connection, host: 'nowhere.invalid' };
    expect((await fails({ ...query({ query: 'select 1' }), over })).message).toMatch(/nowhere\.invalid/);
  });

  it('does not use a connection of another kind', async () => {
    const over = { name: 'api', kind: 'http' as const, origin: 'http://127.0.0.1:1' };
    expect((await fails({ ...query({ query: 'select 1' }), over })).message).toMatch(/needs postgres/);
  });
});

describe('sql/execute', () => {
  const insert = { statement: 'insert into orders values (:id, :note) returning id', params: { id: 7, note: 'x' } };

  it('carries out one statement and tells what it gave', async () => {
    const result = await run(execute(insert, { outputs: { id: 'rows[0].id', count: 'row_count' } }));
    expect(result.outputs).toEqual({ id: 7, count: 1 });
    expect(await database.ask('select * from orders')).toEqual([{ id: 7, note: 'x' }]);
  });

  test.each(hostileValues)('makes %s a value and a name, and nothing else', async (value) => {
    const given = {
      statement: 'create table {made} (note text)',
      names: { made: '${{ inputs.value }}' },
    };
    const attempt = { ...execute(given), inputs: { value } };
    const isName = value !== '' && !value.includes('\0') && !value.includes('.') && Buffer.byteLength(value) <= 63;
    if (!isName) return expect((await fails(attempt)).message).toMatch(/name|cross-database|does not exist/);
    await run(attempt);
    const tables = await database.ask('select relname from pg_class where relname = $1', [value]);
    expect(tables).toEqual([{ relname: value }]);
    await run({ ...execute({ ...given, statement: 'drop table {made}' }), inputs: { value } });
  });

  it('quotes a list of names one by one', async () => {
    await database.ask('create table "a,b" (id int primary key)');
    const names = { pub: 'pub_x', tables: ['public.orders', 'public.a,b'] };
    await run(execute({ statement: 'create publication {pub} for table {tables}', names }));
    const tables = await database.ask("select tablename from pg_publication_tables where pubname = 'pub_x' order by 1");
    expect(tables).toEqual([{ tablename: 'a,b' }, { tablename: 'orders' }]);
    await run(execute({ statement: 'drop publication {pub}', names: { pub: 'pub_x' } }));
    await database.ask('drop table "a,b"');
  });

  it('puts a secret into a statement that takes no parameters, and shows it nowhere', async () => {
    const secrets = { secret: { env: 'ROLE_PASSWORD' } };
    await run(execute({ statement: 'create role {r} login password {{secret}}', names: { r: 'cdc' }, secrets }));
    const over = { ...database.connection, user: 'cdc', password: { env: 'ROLE_PASSWORD' } };
    expect(await run({ ...query({ query: 'select current_user as me' }), over })).toMatchObject({
      outputs: { rows: [{ me: 'cdc' }] },
    });
    const told = await fails(execute({ statement: 'select {{secret}}::int', secrets }));
    expect(told.message).toMatch(/invalid input syntax/);
    expect(told.message).not.toMatch(/secret$|it's a|it''s a/);
    const shown = await run(execute({ statement: 'select {{secret}} as s', secrets }, { outputs: { s: 'rows[0].s' } }));
    expect(shown.outputs).toEqual({ s: '***' });
    await database.ask('drop role cdc');
  });

  it('is not tried again after its line was cut, because it may have been done', async () => {
    const failing = fails(execute({ statement: 'insert into orders select 1, pg_sleep(60)::text' }));
    await eventually(async () => expect(await database.running()).toBe(1));
    await database.ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'signalbox'");
    expect(await failing).toMatchObject({ type: 'StepFailed', nonRetryable: true });
  });

  it('with a find looks before it acts, and acts once', async () => {
    const find = {
      with: { query: 'select id from orders where id = :id', params: { id: 7 } },
      found: 'size(rows) > 0',
      outputs: { id: 'rows[0].id' },
    };
    const step = { find, outputs: { id: 'rows[0].id' } };
    expect(await run(execute(insert, step))).toMatchObject({ status: 'done', outputs: { id: 7 } });
    expect(await run(execute(insert, step))).toMatchObject({ status: 'found', outputs: { id: 7 } });
    const undo = {
      uses: 'sql/execute',
      with: { connection: 'api', statement: 'delete from orders where id = :id', params: { id: 7 } },
    };
    const input = { mode: 'undo' } as const;
    expect(await run(execute(insert, { ...step, undo }, { input }))).toMatchObject({ status: 'done' });
    expect(await run(execute(insert, { ...step, undo }, { input }))).toMatchObject({ status: 'skipped' });
    expect(await database.ask('select * from orders')).toEqual([]);
  });

  it('in a dry run has the server explain what it would carry out, and carries nothing out', async () => {
    await database.ask("insert into orders values (1, 'x')");
    const dry = (given: JsonObject) => execute(given, {}, { input: { mode: 'check' } });
    const told = await run(dry({ statement: '-- all\ndelete from orders where id = :id', params: { id: 1 } }));
    expect(told).toMatchObject({ summary: 'the database would take it', would: 'tried' });
    expect(told.detail!.join()).toMatch(/Delete on orders/);
    expect(await run(dry(insert))).toMatchObject({ would: 'tried' });
    expect((await fails(dry({ statement: 'delete from nowhere' }))).message).toMatch(/"nowhere" does not exist/);
    for (const statement of ['truncate orders', 'analyze delete from orders', '(analyze) delete from orders'])
      expect(await run(dry({ statement }))).toMatchObject({
        summary: `would run sql/execute, with connection: api, statement: ${statement}`,
        would: 'told',
      });
    expect(await database.ask('select * from orders')).toEqual([{ id: 1, note: 'x' }]);
  });

  it('writes nothing in the query of a find', async () => {
    const step = execute({ query: "insert into orders values (1, 'x')" });
    expect((await fails(step)).message).toMatch(/read-only transaction/);
  });
});
