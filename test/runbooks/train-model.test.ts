import { stringify } from 'yaml';
import { exampleRun } from '../helpers/example-run';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { password, TestPostgres } from '../helpers/postgres';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { Endpoint, json } from '../steps/endpoint';
import { openTools } from '../steps/tools';
import { Mlflow, mlflowToken } from '../vendors/mlflow';

jest.setTimeout(120_000);

/** The example company's model: a real database, the real Python, a real Git repository, and a registry that speaks MLflow. */
const mlflow = new Mlflow();
const scoring = new Endpoint();
let served: string | undefined;
let warehouse: TestPostgres;
let models: TestRepository;
let runbooks: Runbooks;

beforeAll(async () => {
  [warehouse, models] = await Promise.all([
    TestPostgres.start(),
    makeRepository({ files: { 'README.md': 'Models.\n' } }),
    mlflow.server.start(),
    scoring.start(),
  ]);
  scoring.reply = (seen, response) => json(200, { version: served ?? mlflow.champion ?? '' })(seen, response);
  await warehouse.ask('create table customers (id int primary key, visits int, complaints int, "left" boolean)');
  const tools = await openTools({
    model: { path: '/usr/bin/python3', args: ['model.py'], network: 'none', repeat: 'safe' },
  });
  runbooks = await openRunbooks({
    env: { WAREHOUSE_PASSWORD: password, MLFLOW_TOKEN: mlflowToken },
    pools: ['data', 'ml'],
    blobs: tools.blobs,
    tools,
  });
});
afterAll(async () => {
  await runbooks?.close();
  await Promise.all([mlflow.server.stop(), scoring.stop(), warehouse?.stop(), models?.remove()]);
});

/** Customers who leave when they complain, or for no reason that anybody could learn. */
const customers = (why: 'complaints' | 'nothing') =>
  warehouse.ask(`
    truncate customers;
    insert into customers select n, n % 7, case when n % 3 = 0 then 5 else n % 2 end,
      ${why === 'complaints' ? 'n % 3 = 0' : "('x' || substr(md5(n::text), 1, 2))::bit(8)::int % 2 = 0"}
    from generate_series(1, 80) as n`);
const train = (inputs = {}) =>
  runbooks.run(
    exampleRun({
      runbook: 'train-model',
      inputs,
      connections: {
        'warehouse-db': { ...warehouse.connection, name: 'warehouse-db', password: { env: 'WAREHOUSE_PASSWORD' } },
        mlflow: { origin: mlflow.server.origin },
        scoring: { origin: scoring.origin },
      },
      files: {
        'connections/models.yaml': stringify({
          connection: { name: 'models', kind: 'git', url: models.url, write: true },
        }),
      },
      pace: 2_000,
    }),
  );
const kept = async () => (await models.git(['ls-tree', '-r', '--name-only', 'main'])).split('\n').filter(Boolean);

test('a model that is good enough is kept, registered and served', async () => {
  await customers('complaints');
  const ran = await train();
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(mlflow).toMatchObject({ champion: '1' });
  const model = JSON.parse(await models.read((await kept()).find((name) => name.startsWith('churn/'))!)) as {
    readonly weights: readonly number[];
  };
  expect(model).toMatchObject({ features: ['complaints', 'visits'] });
  // Complaints speak for leaving, visits for nothing much.
  expect(model.weights[1]).toBeGreaterThan(2);
  expect(mlflow.versions).toMatchObject([
    { tags: [{ key: 'accuracy', value: expect.stringMatching(/^(1|0\.[89])/) }, {}] },
  ]);
});

test('a model that is not good enough is never registered', async () => {
  await customers('nothing');
  const before = await kept();
  const ran = await train({ accuracy: 95 });
  expect(ran.result).toMatchObject({
    kind: 'undone',
    reason: expect.stringMatching(/^It is right in 0\.\d+ of 20 cases/),
  });
  expect(await kept()).toEqual(before);
  expect(mlflow).toMatchObject({ champion: '1', versions: [{ version: '1' }] });
});

test('a champion that is not served makes room for the one before it', async () => {
  await customers('complaints');
  const before = await kept();
  served = '1';
  const ran = await train();
  expect(ran.result).toMatchObject({ kind: 'undone', failedStep: 'Wait until it is served' });
  expect(mlflow).toMatchObject({ champion: '1', versions: [{ version: '1' }] });
  expect(await kept()).toEqual(before);
});
