import { once } from 'node:events';
import { createServer } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import type { JsonObject } from '../../src/json';
import { TestKafka } from '../helpers/kafka';
import { password, TestPostgres } from '../helpers/postgres';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';
import { hostileValues } from './hostile-values';

let kafka: TestKafka;
let database: TestPostgres;
beforeAll(async () => {
  [kafka, database] = await Promise.all([TestKafka.start(), TestPostgres.start()]);
  await kafka.startConnect();
  await database.ask('create table orders (id int primary key); create publication pub for table orders');
}, 240_000);
afterAll(async () => {
  await kafka.stop();
  await database.stop();
});

const run = (attempt: Attempt) => attemptOf(kafka.connectOrigin, attempt);
const fails = (attempt: Attempt) => failureOf(kafka.connectOrigin, attempt);

function topics(given: JsonObject, more: Partial<Attempt> = {}, extra: JsonObject = {}): Attempt {
  const outputs = { made: 'made', changed: 'changed', deleted: 'deleted', kept: 'kept' };
  return {
    step: { id: 'it', uses: 'kafka/topics', with: { connection: 'api', ...given }, outputs, ...extra },
    over: kafka.connection,
    ...more,
  };
}

async function admin<Result>(ask: (client: ReturnType<Kafka['admin']>) => Promise<Result>): Promise<Result> {
  const client = new Kafka({ brokers: kafka.connection.brokers, logLevel: logLevel.NOTHING }).admin();
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.disconnect();
  }
}
const partitionsOf = async (name: string) =>
  (await admin((client) => client.fetchTopicMetadata({ topics: [name] }))).topics[0]!.partitions.length;

describe('kafka/topics', () => {
  const orders = { name: 'orders', partitions: 2, replication: 1, config: { 'cleanup.policy': 'compact' } };
  const nothing = { made: [], changed: [], deleted: [], kept: [] };

  it('makes topics once, lets them grow, and changes only the settings that are asked for', async () => {
    expect((await run(topics({ ensure: [orders] }))).outputs).toEqual({ ...nothing, made: ['orders'] });
    expect((await run(topics({ ensure: [orders] }))).outputs).toEqual(nothing);
    const more = { ...orders, partitions: 3, config: { 'retention.ms': 60_000 } };
    expect((await run(topics({ ensure: [more] }))).outputs).toEqual({ ...nothing, changed: ['orders'] });
    expect(await partitionsOf('orders')).toBe(3);
    expect(
      (await run(topics({ ensure: [{ ...more, config: { ...more.config, ...orders.config } }] }))).outputs,
    ).toEqual(nothing);
  });

  test.each([
    ['fewer partitions', { name: 'orders', partitions: 1, replication: 1 }, /Kafka can only add some/],
    ['other replication', { name: 'orders', partitions: 3, replication: 2 }, /has 1 replicas and 2 are asked for/],
    ['more replicas than brokers', { name: 'wide', replication: 3 }, /refused.*[Rr]eplication/],
    ['a setting that is none', { name: 'odd', replication: 1, config: { nope: 'x' } }, /refused/],
  ])('refuses %s, and makes nothing of what stands beside it', async (_, topic, problem) => {
    const failure = await fails(topics({ ensure: [topic] }));
    expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringMatching(problem) });
    expect(await admin((client) => client.listTopics())).not.toContain(
      topic.name === 'orders' ? 'nothing' : topic.name,
    );
  });

  it('in a dry run has Kafka say what it would take, and changes nothing', async () => {
    const dry = { input: { mode: 'check' } } as const;
    const ensure = [
      { ...orders, partitions: 5, config: { 'retention.ms': 1_000 } },
      { name: 'fresh', replication: 1 },
    ];
    expect((await run(topics({ ensure }, dry))).summary).toBe('would be 1 made, 1 changed, 0 as they were');
    expect(await admin((client) => client.listTopics())).not.toContain('fresh');
    expect(await partitionsOf('orders')).toBe(3);
    expect((await run(topics({ delete: ['orders'] }, dry))).summary).toBe('1 would be deleted');
    expect(await partitionsOf('orders')).toBe(3);
    const wide = await fails(topics({ ensure: [{ name: 'wide', replication: 3 }] }, dry));
    expect(wide.message).toMatch(/refused.*[Rr]eplication/);
  });

  it('deletes what is empty, keeps what holds records, and can be done again', async () => {
    await run(
      topics({
        ensure: [
          { name: 'full', replication: 1 },
          { name: 'empty', replication: 1 },
        ],
      }),
    );
    const producer = new Kafka({ brokers: kafka.connection.brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic: 'full', messages: [{ value: 'x' }] });
    await producer.disconnect();
    const gone = { delete: ['full', 'empty'] };
    expect((await run(topics(gone))).outputs).toEqual({ ...nothing, deleted: ['empty'], kept: ['full'] });
    expect((await run(topics({ ...gone, with_data: true }))).outputs).toEqual({ ...nothing, deleted: ['full'] });
    expect((await run(topics(gone))).outputs).toEqual(nothing);
  });

  it('may be tried again when nobody listens, when the other side says nothing, and when it is no Kafka', async () => {
    const over = { ...kafka.connection, brokers: ['127.0.0.1:1'] };
    expect(await fails(topics({ ensure: [orders] }, { over }))).toMatchObject({ type: 'StepError' });
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const hung = topics({ ensure: [orders] }, { over: { ...over, brokers: [`127.0.0.1:${port}`] } }, { timeout: '2s' });
    expect(await fails(hung)).toMatchObject({
      type: 'StepError',
      message: expect.stringMatching(/did not answer|failed/),
    });
    const environment = environmentOf({});
    const ended = run({ ...hung, step: { ...hung.step, timeout: '60s' }, environment }).then(
      () => 'done',
      () => 'cancelled',
    );
    environment.cancel();
    expect(await ended).toBe('cancelled');
    silent.close();
  });

  test.each(hostileValues.filter((value) => !/^[\w.-]{1,249}$/.test(value)))('takes %s for no topic', async (value) => {
    const attempt = topics({ ensure: [{ name: '${{ inputs.value }}', replication: 1 }] }, { inputs: { value } });
    expect(await fails(attempt)).toMatchObject({ type: 'StepFailed' });
  });
});

describe('kafka/lag', () => {
  const lag = (given: JsonObject, more: Partial<Attempt> = {}): Attempt => {
    const outputs = { lag: 'lag', records: 'records', partitions: 'partitions' };
    const asked = { connection: 'api', group: 'readers', topics: ['read'], ...given };
    return { step: { id: 'it', uses: 'kafka/lag', with: asked, outputs }, over: kafka.connection, ...more };
  };

  it('counts what a group has not confirmed, all of it where it never confirmed anything', async () => {
    await run(topics({ ensure: [{ name: 'read', partitions: 2, replication: 1 }] }));
    expect((await run(lag({}))).outputs).toEqual({ lag: 0, records: 0, partitions: 2 });
    const producer = new Kafka({ brokers: kafka.connection.brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const messages = [0, 0, 0, 1].map((partition) => ({ partition, value: 'x' }));
    await producer.send({ topic: 'read', messages });
    await producer.disconnect();
    expect((await run(lag({}))).outputs).toEqual({ lag: 4, records: 4, partitions: 2 });
    await admin((client) =>
      client.setOffsets({ groupId: 'readers', topic: 'read', partitions: [{ partition: 0, offset: '2' }] }),
    );
    expect(await run(lag({}))).toMatchObject({ outputs: { lag: 2 }, summary: '2 of 4 records are still to come' });
  });

  it('never takes a topic that is not there, or brokers that do not answer, for nothing to do', async () => {
    expect(await fails(lag({ topics: ['nowhere'] }))).toMatchObject({
      type: 'StepFailed',
      message: expect.stringMatching(/no topic nowhere/),
    });
    const over = { ...kafka.connection, brokers: ['127.0.0.1:1'] };
    expect(await fails(lag({}, { over }))).toMatchObject({ type: 'StepError' });
  });
});

describe('kafka-connect/connector', () => {
  const config = () => ({
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': '127.0.0.1',
    'database.port': database.connection.port,
    'database.user': 'postgres',
    'database.dbname': 'postgres',
    'topic.prefix': 'shop',
    'table.include.list': 'public.orders',
    'plugin.name': 'pgoutput',
    'publication.name': 'pub',
    'slot.name': 'slot_shop',
    'errors.max.retries': 0,
  });
  const secrets = { 'database.password': { env: 'DB_PASSWORD' } };

  function connector(given: JsonObject, more: Partial<Attempt> = {}): Attempt {
    const outputs: JsonObject = given.delete ? {} : { state: 'state', tasks: 'tasks', made: 'made' };
    const step = {
      id: 'it',
      uses: 'kafka-connect/connector',
      with: { connection: 'api', name: 'shop', ...given },
      outputs,
    };
    return { step, env: { DB_PASSWORD: password }, ...more };
  }

  /** As Temporal would: again for as long as it is not yet time. */
  async function poll(attempt: Attempt): Promise<unknown> {
    for (let turn = 0; turn < 120; turn++) {
      const result = await run(attempt).catch((error: { readonly type?: string }) => error);
      if ((result as { readonly type?: string }).type !== 'NotYet') return result;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error('it never ended');
  }

  it('puts a connector, waits for all its tasks, lets data flow, and takes it away again', async () => {
    await run(topics({ ensure: [{ name: 'shop.public.orders', replication: 1 }] }));
    const put = connector({ config: config(), secrets });
    expect(await poll(put)).toMatchObject({ outputs: { state: 'RUNNING', tasks: 1, made: true } });
    // Done again, it finds what it did.
    expect(await run(put)).toMatchObject({ outputs: { state: 'RUNNING', tasks: 1, made: true } });
    await database.ask('insert into orders values (42)');
    for (let turn = 0; turn < 60; turn++) {
      const [offset] = await admin((client) => client.fetchTopicOffsets('shop.public.orders'));
      if (offset!.high !== '0') break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const [offset] = await admin((client) => client.fetchTopicOffsets('shop.public.orders'));
    expect(Number(offset!.high)).toBeGreaterThan(0);
    expect(await poll(connector({ delete: true }))).toMatchObject({ summary: 'shop was deleted' });
    expect(await run(connector({ delete: true }))).toMatchObject({ summary: 'shop is not there' });
  }, 120_000);

  it('fails with the reason of a task that failed, and does not tell its password', async () => {
    const broken = {
      ...config(),
      'table.include.list': 'public.orders',
      'slot.name': 'slot_other',
      'publication.name': 'nope',
      'publication.autocreate.mode': 'disabled',
    };
    const failure = (await poll(connector({ name: 'broken', config: broken, secrets }))) as Error;
    expect(failure).toMatchObject({
      type: 'StepFailed',
      message: expect.stringMatching(/connector broken failed: .*ublication/),
    });
    expect(failure.message).not.toContain(password);
    await poll(connector({ name: 'broken', delete: true }));
  }, 120_000);

  it('refuses a configuration that Connect refuses', async () => {
    const failure = await fails(connector({ name: 'none', config: { 'connector.class': 'no.such.Connector' } }));
    expect(failure).toMatchObject({
      nonRetryable: expect.anything(),
      message: expect.stringMatching(/no\.such\.Connector/),
    });
  });

  it('never deletes a connector that was there before, unless it is told to', async () => {
    const theirs = {
      ...Object.fromEntries(Object.entries(config()).map(([key, value]) => [key, String(value)])),
      'database.password': password,
      'slot.name': 'slot_theirs',
      name: 'theirs',
    };
    await fetch(`${kafka.connectOrigin}/connectors/theirs/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(theirs),
    });
    expect((await run(connector({ name: 'theirs', delete: true }))).summary).toMatch(/stays/);
    expect(
      await poll(connector({ name: 'theirs', config: { ...config(), 'slot.name': 'slot_theirs' }, secrets })),
    ).toMatchObject({
      outputs: { made: false },
    });
    expect((await run(connector({ name: 'theirs', delete: true }))).summary).toMatch(/stays/);
    expect(await poll(connector({ name: 'theirs', delete: true, of: 'anyone' }))).toMatchObject({
      summary: expect.stringMatching(/deleted|not there/),
    });
  }, 120_000);

  test.each(hostileValues.filter((value) => !/^[A-Za-z0-9][\w.-]*$/.test(value)))(
    'takes %s for no connector',
    async (value) => {
      const attempt = connector({ name: '${{ inputs.value }}', config: {} }, { inputs: { value } });
      expect(await fails(attempt)).toMatchObject({ type: 'StepFailed' });
    },
  );
});
