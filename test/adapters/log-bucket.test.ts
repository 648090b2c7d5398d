import dns from 'node:dns';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openLogBucket, type BucketSettings } from '../../activities/adapters/log-bucket';
import { defaultPace } from '../../activities/adapters/log-bucket-writer';
import { textOfLog, type LogStore } from '../../activities/adapters/log-store';
import { LogStoreAway } from '../../src/errors';
import { TestS3 } from '../helpers/s3-server';
import { eventually } from '../helpers/temporal';

let s3: TestS3;
beforeAll(async () => {
  s3 = await TestS3.start();
});
afterEach(() => s3.set('up'));
afterAll(() => s3.stop());

let prefixes = 0;
const quick = { ...defaultPace, firstMs: 30, longestMs: 60, closeMs: 2_000 };
const opened = (more: Partial<BucketSettings> = {}): LogStore =>
  openLogBucket({
    bucket: 'signalbox-logs',
    prefix: `company/${(prefixes += 1)}`,
    endpoint: s3.endpoint,
    region: 'us-east-1',
    ...s3.keeper,
    pace: quick,
    limitMs: 1_000,
    ...more,
  });
const about = { operation: 'deploy-x-1', step: 'canary/share', mode: 'do', attempt: 1 } as const;

test('a log is kept for each attempt, in order, and can be read whole or from its end', async () => {
  const logs = opened();
  for (const key of [about, { ...about, attempt: 2 }, { ...about, mode: 'undo' as const }]) {
    const log = await logs.open(key);
    log.write(`${key.mode} ${key.attempt}\n`);
    log.write('the end\n');
    expect(await log.close()).toEqual({ bytes: key.mode.length + 11 });
    // Begun one after another, as steps are.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const kept = await logs.list('deploy-x-1');
  expect(kept.map(({ step, mode, attempt, bytes }) => [step, mode, attempt, bytes])).toEqual([
    ['canary/share', 'do', 1, 13],
    ['canary/share', 'do', 2, 13],
    ['canary/share', 'undo', 1, 15],
  ]);
  expect(await textOfLog(logs, kept[1]!.key)).toBe('do 2\nthe end\n');
  expect(await logs.tail(kept[1]!.key, 10)).toBe('the end\n');
  expect(await logs.tail(kept[1]!.key, 1_000)).toBe('do 2\nthe end\n');
  expect(await logs.list('deploy-x')).toEqual([]);
  expect(await textOfLog(logs, 'deploy-x-2/y.do.1.log')).toBe('');
});

test('what a runner wrote before it died is there, without the log having been closed', async () => {
  const logs = opened();
  const log = await logs.open(about);
  for (const line of ['one\n', 'two\n']) {
    log.write(line);
    await eventually(async () => expect(await textOfLog(logs, log.key)).toContain(line));
  }
  // The step is done again where it died, and its log goes on in the same place.
  const next = await logs.open(about);
  next.write('three\n');
  await next.close();
  expect(await textOfLog(logs, log.key)).toBe('one\ntwo\nthree\n');
  expect(await logs.list('deploy-x-1')).toHaveLength(1);
  expect(await logs.tail(log.key, 7)).toBe('three\n');
});

test('a log that is written fast goes in parts, and one that grows too long says where it was cut', async () => {
  const logs = opened({ maxBytes: 40_000, pace: { ...quick, partBytes: 4_096 } });
  const log = await logs.open(about);
  for (let line = 0; line < 900; line += 1) {
    log.write(`${String(line).padStart(63, '0')}\n`);
    if (line % 60 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { bytes, lost } = await log.close();
  const text = await textOfLog(logs, log.key);
  expect(lost).toBeUndefined();
  expect(bytes).toBe(Buffer.byteLength(text));
  expect(text.split('\n').slice(0, 625)).toEqual(
    Array.from({ length: 625 }, (_, line) => String(line).padStart(63, '0')),
  );
  expect(text).toMatch(/\[The log ends here: it has 40000 bytes, and more are not kept\.\]\n$/);
});

test('what a store did not take while it was away is sent when it is back, once', async () => {
  const logs = opened();
  const log = await logs.open(about);
  log.write('before\n');
  await eventually(async () => expect(await textOfLog(logs, log.key)).toBe('before\n'));
  s3.set('down');
  log.write('meanwhile\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  s3.set('up');
  log.write('after\n');
  expect(await log.close()).toEqual({ bytes: 23 });
  expect(await textOfLog(logs, log.key)).toBe('before\nmeanwhile\nafter\n');
});

test('while a store is away only so much waits in memory, and the log says how much is missing', async () => {
  const logs = opened({ pace: { ...quick, waitingBytes: 100 } });
  s3.set('down');
  const log = await logs.open(about);
  for (let line = 0; line < 1_000; line += 1) log.write('0123456789\n');
  s3.set('up');
  expect(await log.close()).toEqual({ bytes: 99 + '[10901 bytes are missing here.]\n'.length });
  expect(await textOfLog(logs, log.key)).toBe(`${'0123456789\n'.repeat(9)}[10901 bytes are missing here.]\n`);
});

test.each<[string, () => Partial<BucketSettings>, RegExp]>([
  ['a secret that is wrong', () => ({ secretKey: 'x'.repeat(40) }), /refuses LOG_STORE_ACCESS_KEY/],
  ['a key that nobody has', () => ({ accessKey: 'AKIAXXXXXXXXXXXXXXXX' }), /refuses LOG_STORE_ACCESS_KEY/],
  ['somebody who may not', () => s3.nobody, /refuses LOG_STORE_ACCESS_KEY/],
  ['a bucket that is missing', () => ({ bucket: 'somewhere-else' }), /There is no bucket somewhere-else .*LOG_STORE/],
  ['a store that hangs', () => (s3.set('hangs'), { limitMs: 200 }), /does not answer/],
  ['a store that is not there', () => (s3.set('down'), {}), /does not answer/],
])('%s costs the log and not the step, and is told in a sentence', async (_, wrong, sentence) => {
  const logs = opened({ ...wrong(), pace: { ...quick, closeMs: 600 } });
  const log = await logs.open(about);
  log.write('something\n');
  const { bytes, lost } = await log.close();
  expect(bytes).toBe(0);
  expect(lost).toMatch(/^Not all of the log is kept\. /);
  expect(lost).toMatch(sentence);
  const away = await logs.list('deploy-x-1').catch((error: unknown) => error);
  expect(away).toBeInstanceOf(LogStoreAway);
  expect((away as Error).message).toMatch(sentence);
  await expect(textOfLog(logs, log.key)).rejects.toThrow(sentence);
  await expect(logs.sweep({ before: new Date() })).rejects.toThrow(sentence);
});

test('only logs that nobody has written to since are removed, and nothing else in the bucket', async () => {
  const logs = opened({ prefix: 'shared' });
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: s3.keeper.accessKey, secretAccessKey: s3.keeper.secretKey },
  });
  const theirs = ['shared/readme.txt', 'shared/a/b/c', 'other/deploy-x-1/x.do.1.log/1700000000000.000000'];
  for (const Key of theirs)
    await client.send(new PutObjectCommand({ Bucket: 'signalbox-logs', Key, Body: 'of somebody else' }));
  const log = await logs.open(about);
  log.write('kept\n');
  await log.close();
  expect(await logs.sweep({ before: new Date(Date.now() - 60_000) })).toBe(0);
  expect(await textOfLog(logs, log.key)).toBe('kept\n');
  expect(await logs.sweep({ before: new Date(Date.now() + 60_000) })).toBe(1);
  expect(await logs.list('deploy-x-1')).toEqual([]);
  const elsewhere = opened({ prefix: 'other' });
  expect(await textOfLog(elsewhere, 'deploy-x-1/x.do.1.log')).toBe('of somebody else');
});

test.each(['../../x', 'a/../../b', '-x', 'x'.repeat(500), 'é'.repeat(300), 'a\0b', 'a b+c&d=e?f#g'])(
  'the operation and the step %j stay in their place',
  async (name) => {
    const logs = opened();
    const log = await logs.open({ ...about, operation: name, step: name });
    log.write('x\n');
    expect(await log.close()).toEqual({ bytes: 2 });
    expect((await logs.list(name)).map(({ key }) => key)).toEqual([log.key]);
    expect(await textOfLog(logs, log.key)).toBe('x\n');
  },
);

test('what the environment says of another store is not listened to', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    AWS_ACCESS_KEY_ID: 'AKIAOTHER',
    AWS_SECRET_ACCESS_KEY: 'other',
    AWS_PROFILE: 'of-somebody',
    AWS_DEFAULTS_MODE: 'auto',
    HTTP_PROXY: 'http://127.0.0.1:9',
    http_proxy: 'http://127.0.0.1:9',
  });
  try {
    const logs = opened();
    const log = await logs.open(about);
    log.write('here\n');
    expect(await log.close()).toEqual({ bytes: 5 });
  } finally {
    process.env = before;
  }
});

test('a name of a store that turns into an address of this machine is not followed', async () => {
  const looked = jest.spyOn(dns, 'lookup').mockImplementation(((_host: string, _options: object, done: Found) => {
    done(null, [{ address: '127.0.0.1', family: 4 }]);
  }) as never);
  try {
    const { port } = new URL(s3.endpoint);
    const trick = opened({ endpoint: `http://logs.example:${port}`, limitMs: 500 });
    await expect(trick.list('deploy-x-1')).rejects.toThrow(/does not answer/);
    const named = opened({ endpoint: `http://localhost:${port}` });
    expect(await named.list('deploy-x-1')).toEqual([]);
    expect(looked).toHaveBeenCalled();
  } finally {
    looked.mockRestore();
  }
});

type Found = (error: null, found: readonly { readonly address: string; readonly family: number }[]) => void;
