import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogFolder } from '../../activities/adapters/log-folder';
import { openLogBucket } from '../../activities/adapters/log-bucket';
import { TestS3 } from '../helpers/s3-server';
import { type } from './terminal';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-logs-'));
const env = { LOG_STORE: folder };

beforeAll(async () => {
  const store = openLogFolder({ folder });
  for (const [step, attempt] of [
    ['canary/share', 1],
    ['canary/share', 2],
    ['rest', 1],
  ] as const) {
    const log = await store.open({ operation: 'runbook-1', step, mode: 'do', attempt });
    log.write(`${step} wrote this at ${attempt}\n`);
    await log.close();
  }
});

test('logs prints every attempt of every step, or of one', async () => {
  const all = await type(['logs', 'runbook-1'], { env });
  expect(all.out.split('\n')).toEqual([
    '== canary/share, attempt 1',
    'canary/share wrote this at 1',
    '== canary/share, attempt 2',
    'canary/share wrote this at 2',
    '== rest, attempt 1',
    'rest wrote this at 1',
  ]);
  const one = await type(['logs', 'runbook-1', 'rest'], { env });
  expect(one.out).toBe('== rest, attempt 1\nrest wrote this at 1');
  expect(JSON.parse((await type(['logs', 'runbook-1', 'rest', '--json'], { env })).out)).toHaveLength(1);
});

test('logs says where else to look when there is none', async () => {
  const { code, err } = await type(['logs', '../..', 'x'], { env });
  expect(code).toBe(1);
  expect(err).toMatch(/no log of x of \.\.\/\.\. .*retention\.logs/);
});

describe('with a bucket', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await TestS3.start();
  });
  afterAll(() => s3.stop());

  const settings = (more: { readonly [name: string]: string } = {}) => ({
    LOG_STORE: 's3://signalbox-logs/team/a/',
    LOG_STORE_ENDPOINT: s3.endpoint,
    LOG_STORE_ACCESS_KEY: s3.keeper.accessKey,
    LOG_STORE_SECRET_KEY: s3.keeper.secretKey,
    ...more,
  });

  test('logs prints what runners kept there', async () => {
    const { endpoint, keeper } = s3;
    const store = openLogBucket({
      bucket: 'signalbox-logs',
      prefix: 'team/a',
      region: 'us-east-1',
      endpoint,
      ...keeper,
    });
    const log = await store.open({ operation: 'runbook-1', step: 'rest', mode: 'do', attempt: 1 });
    log.write('kept far away\n');
    await log.close();
    const printed = await type(['logs', 'runbook-1', 'rest'], { env: settings() });
    expect(printed).toMatchObject({ code: 0, out: '== rest, attempt 1\nkept far away' });
  });

  test.each<[string, { readonly [name: string]: string }, RegExp]>([
    ['no secret', { LOG_STORE_SECRET_KEY: '' }, /LOG_STORE_ACCESS_KEY and LOG_STORE_SECRET_KEY have to be set/],
    ['a secret that is wrong', { LOG_STORE_SECRET_KEY: 'not-that-one' }, /refuses LOG_STORE_ACCESS_KEY/],
    ['another scheme', { LOG_STORE: 'gs://bucket/logs' }, /must be the path of a folder, or s3:/],
    ['a prefix that climbs', { LOG_STORE: 's3://signalbox-logs/../x' }, /must be the path of a folder, or s3:/],
    ['a server without TLS', { LOG_STORE_ENDPOINT: 'http://minio.example:9000' }, /LOG_STORE_ENDPOINT must be https/],
    ['an endpoint with a password', { LOG_STORE_ENDPOINT: 'https://a:b@minio.example' }, /must be https/],
  ])('%s is told in a sentence without the secret', async (_, more, sentence) => {
    const { code, err } = await type(['logs', 'runbook-1'], { env: settings(more) });
    expect(code).not.toBe(0);
    expect(err).toMatch(sentence);
    expect(err).not.toContain(s3.keeper.secretKey);
  });
});
