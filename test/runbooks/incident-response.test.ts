import { Client } from 'pg';
import { decide, exampleRun, judgeByExamplePolicy } from '../helpers/example-run';
import { password, TestPostgres } from '../helpers/postgres';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { Endpoint, json } from '../steps/endpoint';
import { Jira, jiraToken } from '../vendors/tickets';

jest.setTimeout(120_000);

/** The example company's orders database, and a Prometheus that tells what its exporter would. */
const prometheus = new Endpoint();
const jira = new Jira();
let database: TestPostgres;
let runbooks: Runbooks;
let sessions: Client[] = [];
/** Whether what is measured follows what the database does. */
let isMeasured = true;

beforeAll(async () => {
  database = await TestPostgres.start();
  await database.ask(`create role orders_batch login password '${password}'`);
  await Promise.all([prometheus.start(), jira.server.start()]);
  prometheus.reply = (seen, response) => {
    void measured().then((value) => {
      const result = [{ metric: {}, value: [Date.now() / 1_000, String(isMeasured ? value : 30)] }];
      json(200, { status: 'success', data: { resultType: 'vector', result } })(seen, response);
    });
  };
  runbooks = await openRunbooks({ env: { ORDERS_DB_PASSWORD: password, JIRA_API_TOKEN: jiraToken }, pools: ['data'] });
  judgeByExamplePolicy(runbooks.world);
});
beforeEach(async () => {
  isMeasured = true;
  sessions = await Promise.all([1, 2, 3].map(stuckSession));
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.end().catch(() => undefined)));
  await database.ask('alter role orders_batch reset all');
});
afterAll(async () => {
  await runbooks?.close();
  await Promise.all([prometheus.stop(), jira.server.stop()]);
  await database?.stop();
});

const measured = async (): Promise<number> => {
  const rows = await database.ask("select 1 from pg_stat_activity where state = 'idle in transaction'");
  return rows.length;
};
async function stuckSession(): Promise<Client> {
  const { host, port } = database.connection;
  const client = new Client({ host, port, database: 'postgres', user: 'orders_batch', password });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query('select 42 as nightly_export');
  return client;
}
const limits = () =>
  database.ask("select rolconfig[1] as limit from pg_roles where rolname = 'orders_batch' and rolconfig is not null");
const respond = (allowed = 2) =>
  exampleRun({
    runbook: 'incident-response',
    inputs: { idle: 0, allowed },
    connections: {
      prometheus: { origin: prometheus.origin },
      jira: { origin: jira.server.origin },
      'orders-db': { ...database.connection, name: 'orders-db', password: { env: 'ORDERS_DB_PASSWORD' } },
    },
    pace: 200,
  });

test('sessions that use the database up are found, ended once somebody agreed, and reported', async () => {
  const running = await runbooks.start(respond());
  const card = await decide(runbooks.world, { by: 'U0LEE' });
  expect(card).toMatchObject({
    title: 'May these sessions be ended?',
    reason: expect.stringMatching(/^End 3 sessions of orders_batch/),
    fields: { 'Open transactions': '3', 'Last statement of most': 'select 42 as nightly_export' },
  });
  expect(await measured()).toBe(3);
  const ran = await running.end();
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(await measured()).toBe(0);
  expect(await limits()).toEqual([{ limit: 'idle_in_transaction_session_timeout=1min' }]);
  expect(jira.issues).toMatchObject([{ fields: { summary: 'Sessions of orders_batch used up the orders database' } }]);
  expect(runbooks.world.notices.map(({ notice }) => notice)).toContainEqual({
    kind: 'plain',
    text: expect.stringContaining('3 sessions of orders_batch were ended'),
  });
});

test('nothing is touched when somebody says no, or when it is over already', async () => {
  const running = await runbooks.start(respond());
  await decide(runbooks.world, { by: 'U0KIM', reason: 'the export is nearly done' });
  expect((await running.end()).result).toMatchObject({
    kind: 'undone',
    reason: 'It was rejected: the export is nearly done.',
  });
  const over = await runbooks.run(respond(3));
  expect(over.result).toMatchObject({ reason: 'It is over: 3 transactions are open. Nothing was changed.' });
  expect(await measured()).toBe(3);
  expect(await limits()).toEqual([]);
});

test.each<[string, string, readonly string[]]>([
  ['none', 'reset idle_in_transaction_session_timeout', []],
  ['an hour and a half', "set idle_in_transaction_session_timeout = '1.5h'", ['5400000']],
  ['a number', 'set idle_in_transaction_session_timeout = 7200000', ['7200000']],
])('the role gets its old limit back when the remedy does not help: %s', async (_, earlier, back) => {
  await database.ask(`alter role orders_batch ${earlier}`);
  isMeasured = false;
  const running = await runbooks.start({ ...respond(), pace: 2_000 });
  await decide(runbooks.world, { by: 'U0LEE' });
  expect((await running.end()).result).toMatchObject({
    kind: 'undone',
    failedStep: 'Wait until it is better',
    kept: ['End the sessions'],
  });
  expect(await measured()).toBe(0);
  expect(await limits()).toEqual(back.map((ms) => ({ limit: `idle_in_transaction_session_timeout=${ms}` })));
});
