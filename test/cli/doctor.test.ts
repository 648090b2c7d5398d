import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { examplePolicy } from '../helpers/company';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { commitSigned, makeKeyRing, type KeyRing, type SigningKey } from '../helpers/signed-commits';
import { TestS3 } from '../helpers/s3-server';
import { openTemporal, type TestTemporal } from '../helpers/temporal';
import { startSlackRules, type SlackRules } from '../slack-rules';
import { type } from './terminal';

interface Finding {
  readonly check: string;
  readonly result: string;
  readonly sentence: string;
}

let slack: SlackRules;
let temporal: TestTemporal;
let policy: TestRepository;
let ledger: TestRepository;
let folder: string;
let env: { [name: string]: string };

beforeAll(async () => {
  slack = await startSlackRules({ users: [], groups: [], channels: [] });
  temporal = await openTemporal();
  policy = await makeRepository({ files: examplePolicy(7400) });
  ledger = await makeRepository();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-doctor-'));
  env = {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS!,
    TEMPORAL_NAMESPACE: temporal.namespace,
    REDIS_URL: process.env.TEST_REDIS_URL!,
    POLICY_REPO: policy.url,
    LEDGER_REPO: ledger.url,
    RELAY_KEY: randomBytes(32).toString('hex'),
    BLOB_STORE: join(folder, 'blobs'),
    BLOB_KEY: randomBytes(32).toString('hex'),
    DATA_DIR: join(folder, 'data'),
  };
});
afterAll(async () => {
  await slack.stop();
  await temporal.close();
  await policy.remove();
  await ledger.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function doctor(changes: { readonly [name: string]: string | undefined } = {}, words: readonly string[] = []) {
  const { code, out } = await type(['doctor', '--json', ...words], { env: { ...env, ...changes } });
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  const of = (check: string) => findings.find((finding) => finding.check === check);
  return { code, out, findings, of };
}

describe('the log store', () => {
  let s3: TestS3;
  beforeAll(async () => (s3 = await TestS3.start()));
  afterEach(() => s3.set('up'));
  afterAll(() => s3.stop());
  const bucket = (more: { readonly [name: string]: string } = {}) => ({
    LOG_STORE: 's3://signalbox-logs/of-doctor',
    LOG_STORE_ENDPOINT: s3.endpoint,
    LOG_STORE_ACCESS_KEY: s3.keeper.accessKey,
    LOG_STORE_SECRET_KEY: s3.keeper.secretKey,
    ...more,
  });

  it('is written, read and cleaned up, and nothing stays behind', async () => {
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    expect((await doctor({ LOG_STORE: logs })).of('log store')).toEqual({
      check: 'log store',
      result: 'ok',
      sentence: `${logs} can be written, read and cleaned up.`,
    });
    expect(readdirSync(logs)).toEqual([]);
    expect((await doctor(bucket())).of('log store')).toMatchObject({ result: 'ok' });
    const { accessKey, secretKey } = s3.keeper;
    const client = new S3Client({
      endpoint: s3.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      forcePathStyle: true,
    });
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'signalbox-logs' }));
    expect(Contents).toEqual([]);
  });

  it('is not made by looking at it, and is only read for the bot', async () => {
    const place = join(folder, 'not-there-yet');
    const { of } = await doctor({ LOG_STORE: place }, ['--for', 'runner']);
    expect(of('log store')).toMatchObject({ result: 'ok', sentence: `${place} will be made at the first start.` });
    expect(existsSync(place)).toBe(false);
    expect((await doctor(bucket(), ['--for', 'bot'])).of('log store')!.sentence).toMatch(/ can be read\.$/);
  });

  it.each<[string, () => { readonly [name: string]: string }, RegExp]>([
    ['has no such bucket', () => bucket({ LOG_STORE: 's3://nowhere' }), /no bucket nowhere where LOG_STORE_ENDPOINT/],
    [
      'does not let it in',
      () => bucket({ LOG_STORE_ACCESS_KEY: s3.nobody.accessKey, LOG_STORE_SECRET_KEY: s3.nobody.secretKey }),
      /refuses LOG_STORE_ACCESS_KEY/,
    ],
    ['is not there', () => bucket({ LOG_STORE_ENDPOINT: 'http://127.0.0.1:1' }), /does not answer.* Check LOG_STORE\./],
  ])('fails in a sentence that names the setting when it %s', async (_, settings, words) => {
    const { code, of } = await doctor(settings());
    expect(of('log store')).toMatchObject({ result: 'failed', sentence: expect.stringMatching(words) });
    expect(code).toBe(1);
  });
});

describe('doctor', () => {
  it('finds nothing to mend where everything is well', async () => {
    const { code, findings, of } = await doctor();
    expect(findings.filter(({ result, check }) => result === 'failed' && check !== 'workflow bundle')).toEqual([]);
    for (const check of [
      'Slack bot token',
      'Slack app token',
      'Temporal',
      'Redis',
      'policy',
      'ledger',
      'blob store',
      'log store',
      'clock',
    ])
      expect(of(check)).toMatchObject({ result: 'ok' });
    expect(code === 0 || of('workflow bundle')?.result === 'failed').toBe(true);
  });

  it.each<[string, { readonly [name: string]: string | undefined }, string, string, RegExp]>([
    ['a setting that is missing', { RELAY_KEY: undefined }, 'RELAY_KEY', 'failed', /not set/],
    ['a setting that cannot be used', { PORT: 'many' }, 'PORT', 'failed', /number/],
    ['a file that cannot be read', { LEDGER_KEY_FILE: '/nowhere' }, 'LEDGER_KEY_FILE', 'failed', /cannot be read/],
    ['a wrong bot token', { SLACK_BOT_TOKEN: 'xoxb-wrong' }, 'Slack bot token', 'failed', /invalid_auth|not_authed/],
    ['a wrong app token', { SLACK_APP_TOKEN: 'xapp-wrong' }, 'Slack app token', 'failed', /connections:write/],
    [
      'no way for Slack to reach it',
      { SLACK_APP_TOKEN: undefined },
      'Slack transport',
      'failed',
      /SLACK_SIGNING_SECRET/,
    ],
    ['Temporal away', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'Temporal', 'failed', /127\.0\.0\.1:1 cannot be used/],
    [
      'a namespace that is not there',
      { TEMPORAL_NAMESPACE: 'nowhere' },
      'Temporal namespace',
      'failed',
      /create -n nowhere/,
    ],
    ['Redis away', { REDIS_URL: 'redis://127.0.0.1:1' }, 'Redis', 'failed', /does not answer/],
    ['no Redis at all', { REDIS_URL: undefined }, 'Redis', 'missing', /one bot only/],
    ['a policy that is not there', { POLICY_REPO: '/nowhere/policy.git' }, 'policy', 'failed', /could not be read/],
    ['a ledger that is not there', { LEDGER_REPO: '/nowhere/ledger.git' }, 'ledger', 'failed', /cannot be read/],
    ['a ledger key that is none', { LEDGER_KEY: 'not a key' }, 'ledger key', 'failed', /openssl genpkey/],
    ['a blob store that is a file', { BLOB_STORE: __filename }, 'blob store', 'failed', /not a folder/],
    ['a log store that is a file', { LOG_STORE: __filename }, 'log store', 'failed', /set LOG_STORE to one/],
    ['a log store that is no place', { LOG_STORE: 'ftp://x' }, 'log store', 'failed', /LOG_STORE must be/],
    ['a bucket without keys', { LOG_STORE: 's3://x-logs/y' }, 'log store', 'failed', /LOG_STORE_ACCESS_KEY/],
    ['a Vault as nobody', { VAULT_ADDR: 'http://127.0.0.1:1' }, 'Vault', 'failed', /VAULT_TOKEN_FILE/],
    [
      'a Vault without a token',
      { VAULT_ADDR: 'http://127.0.0.1:1', VAULT_TOKEN_FILE: '/nowhere/token' },
      'Vault',
      'failed',
      /VAULT_TOKEN_FILE names holds nothing/,
    ],
    ['a key of SOPS that is not there', { SOPS_KEY_FILE: '/nowhere/key' }, 'SOPS key', 'failed', /age-keygen/],
    ['a key of SOPS that is none', { SOPS_KEY_FILE: __filename }, 'SOPS key', 'failed', /age-keygen/],
    ['SOPS that is not installed', { SOPS_KEY_FILE: __filename, PATH: '/nowhere' }, 'sops', 'failed', /install it/],
    ['a blob key of the wrong length', { BLOB_KEY: 'ab'.repeat(20) }, 'blob key', 'failed', /BLOB_KEY/],
  ])('names %s', async (_, changes, check, result, words) => {
    const { code, of } = await doctor(changes);
    expect(of(check)).toMatchObject({ result, sentence: expect.stringMatching(words) });
    if (result === 'failed') expect(code).toBe(1);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['bot', ['BLOB_STORE', 'BLOB_KEY', 'LEDGER_KEY'], ['blob store', 'workflow bundle', 'ledger key']],
    ['worker', ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'REDIS_URL'], ['Slack transport', 'tokens', 'Redis']],
    [
      'runner',
      ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'POLICY_REPO', 'LEDGER_REPO', 'RELAY_KEY'],
      ['Slack transport', 'policy', 'ledger', 'workflow bundle'],
    ],
  ])('asks of the %s only for what that program is given', async (program, left, unchecked) => {
    const without = Object.fromEntries(left.map((name) => [name, undefined]));
    const { findings } = await doctor(without, ['--for', program]);
    const bad = findings.filter(({ result, check }) => result === 'failed' && check !== 'workflow bundle');
    expect(bad).toEqual([]);
    for (const check of unchecked) expect(findings.map((each) => each.check)).not.toContain(check);
    for (const check of ['Temporal', 'clock']) expect(findings.map((each) => each.check)).toContain(check);
  });

  it.each([
    ['bot', 'RELAY_KEY'],
    ['worker', 'BLOB_STORE'],
    ['runner', 'BLOB_STORE'],
    ['all', 'SLACK_BOT_TOKEN'],
  ])('misses what the %s does need, and says who does: %s', async (program, name) => {
    const { code, of } = await doctor({ [name]: undefined }, ['--for', program]);
    expect(code).toBe(1);
    expect(of(name)).toMatchObject({
      result: 'failed',
      sentence: expect.stringMatching(program === 'all' ? /Needed by: bot\.$/ : new RegExp(`Needed by: .*${program}`)),
    });
  });

  it('names the first problem of a policy that does not bind', async () => {
    const broken = await makeRepository({ files: { 'policy.yaml': 'version: 1\nteems: {}\n' } });
    const { of } = await doctor({ POLICY_REPO: broken.url });
    expect(of('policy')).toMatchObject({ result: 'failed', sentence: expect.stringMatching(/policy\.yaml:\d+:\d+: /) });
    await broken.remove();
  });

  describe('of a policy that asks for signatures', () => {
    let keys: KeyRing;
    let ann: SigningKey;
    let signed: TestRepository;
    beforeAll(async () => {
      keys = await makeKeyRing();
      ann = await keys.make('ann@company.example');
      signed = await makeRepository();
      const verify = `verify: { signers: ["${ann.line}"] }`;
      await commitSigned(signed, { 'policy.yaml': `version: 1\nenvironments: { staging: {} }\n${verify}\n` }, ann);
    });
    afterAll(() => Promise.all([keys.remove(), signed.remove()]));

    const look = async (changes: { readonly [name: string]: string | undefined }) =>
      (await doctor({ POLICY_REPO: signed.url, ...changes }, ['--for', 'worker'])).of('policy signatures');

    it('says that the first commit is believed without POLICY_SIGNERS', async () => {
      expect(await look({})).toMatchObject({ result: 'missing', sentence: expect.stringMatching(/signed or not/) });
    });

    it('says whether the newest commit would be taken with it', async () => {
      const ben = await keys.make('ben@company.example');
      expect(await look({ POLICY_SIGNERS: `${ann.file}.pub` })).toMatchObject({ result: 'ok' });
      expect(await look({ POLICY_SIGNERS: `${ben.file}.pub` })).toMatchObject({
        result: 'missing',
        sentence: expect.stringMatching(/by no key of POLICY_SIGNERS/),
      });
    });

    it('says when ssh-keygen is missing', async () => {
      expect(await look({ PATH: '/nowhere' })).toMatchObject({
        result: 'failed',
        sentence: expect.stringMatching(/^ssh-keygen is not installed here, .*install OpenSSH/),
      });
    });
  });

  it('names a POLICY_SIGNERS that cannot be used', async () => {
    const { of } = await doctor({ POLICY_SIGNERS: '/nowhere/signers' }, ['--for', 'worker']);
    expect(of('policy')).toMatchObject({
      result: 'failed',
      sentence: expect.stringMatching(/cannot be read \(ENOENT\)/),
    });
  });

  it('says when the tokens file cannot be used', async () => {
    const file = join(folder, 'tokens.yaml');
    writeFileSync(file, 'tokens: [{ person: U0ANA }]\n');
    expect((await doctor({ TOKENS_FILE: file })).of('tokens')).toMatchObject({ result: 'failed' });
  });

  describe('where policy asks for a second factor', () => {
    let strict: TestRepository;
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const file = () => join(folder, 'second-factors.yaml');
    beforeAll(async () => {
      const files = examplePolicy(7400);
      const plain = files['policy.yaml']!.replaceAll(/^ +one_click: true\n/gm, '');
      const text = `${plain}\nsecond_factor: { approvals: required }\n`;
      strict = await makeRepository({ files: { ...files, 'policy.yaml': text } });
    });
    afterAll(() => strict.remove());

    it.each<[string, string | undefined, number, string, RegExp]>([
      ['there is no file', undefined, 0o600, 'failed', /SECOND_FACTORS_FILE is not set/],
      ['nobody is enrolled', '{}\n', 0o600, 'failed', /nobody is enrolled/],
      ['some are not', `U0LEE: ${secret}\n`, 0o600, 'missing', /Not enrolled.*: (?!.*U0LEE).*U0KIM/],
      ['others can read the file', `U0LEE: ${secret}\n`, 0o644, 'failed', /chmod 600/],
    ])('says that %s', async (_what, text, mode, result, words) => {
      if (text !== undefined) {
        writeFileSync(file(), text);
        chmodSync(file(), mode);
      }
      const given = { POLICY_REPO: strict.url, ...(text !== undefined && { SECOND_FACTORS_FILE: file() }) };
      const { of, out } = await doctor(given, ['--for', 'bot']);
      expect(of('second factors')).toEqual({
        check: 'second factors',
        result,
        sentence: expect.stringMatching(words),
      });
      expect(out).not.toContain(secret);
    });
  });

  it('says nothing of second factors where nobody asks for one', async () => {
    expect((await doctor({}, ['--for', 'bot'])).of('second factors')).toBeUndefined();
  });

  it('never prints the value of a secret', async () => {
    const secrets = [env.SLACK_BOT_TOKEN!, env.SLACK_APP_TOKEN!, env.RELAY_KEY!, env.BLOB_KEY!, 'hunter2-hunter2'];
    const redis = env.REDIS_URL!.replace('redis://', 'redis://:hunter2-hunter2@');
    for (const changes of [{}, { REDIS_URL: redis }, { LEDGER_KEY: 'hunter2-hunter2' }]) {
      const { out } = await doctor(changes);
      for (const secret of secrets) expect(out).not.toContain(secret);
    }
  });

  it('prints one line a finding for people', async () => {
    const { out } = await type(['doctor'], { env });
    expect(out).toMatch(/^✓ policy: main binds at [0-9a-f]{10}, with 5 services\.$/m);
    expect(
      out
        .split('\n')
        .slice(0, -1)
        .every((line) => /^[✓✗–] /.test(line)),
    ).toBe(true);
  });
});
