import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Plan } from '../../src/operation/plan';
import { attemptOf, failureOf, type Attempt } from './attempt';
import { Endpoint, json } from './endpoint';
import { openTools, packFiles, type TestTools } from './tools';

/** The real sops and the real age. */
const sops = process.env.SOPS_BIN ?? 'sops';
if (process.env.SOPS_BIN) process.env.PATH = `${dirname(process.env.SOPS_BIN)}:${process.env.PATH}`;

const token = 'canary+/&"token';
const plain = { database: { password: token, port: 5432, short: 'abc' }, note: 'not-a-secret-of-this-step' };
const api = new Endpoint();
const folder = mkdtempSync(join(tmpdir(), 'signalbox-sops-'));
const [own, other] = [makeKey('own'), makeKey('other')];

let tools: TestTools;
let trees: NonNullable<Plan['trees']>;
beforeAll(async () => {
  await api.start();
  tools = await openTools();
  const good = encrypted('good.yaml', JSON.stringify(plain), own.recipient);
  const header = (more: string): string => good.replace(/^sops:\n/m, `sops:\n${more.replace(/^/gm, '    ')}\n`);
  trees = {
    secrets: await packFiles(tools.blobs, {
      'shop.yaml': good,
      'deep/shop.json': 'is in another folder',
      'shop.json': encrypted('good.json', JSON.stringify(plain), own.recipient),
      'theirs.yaml': encrypted('theirs.yaml', JSON.stringify(plain), other.recipient),
      'plain.yaml': 'database: { password: everybody-reads-this }\n',
      'changed.yaml': good.replace(/note: ENC\[AES256_GCM,data:(.)/, (whole, letter: string) =>
        whole.replace(/.$/, letter === 'A' ? 'B' : 'A'),
      ),
      'unmarked.yaml': `${good}added: by hand\n`,
      'kms.yaml': header('kms:\n    - arn: arn:aws:kms:eu-west-1:1:key/x\n      enc: x'),
      'vault.yaml': header(
        `hc_vault:\n    - vault_address: ${'http://127.0.0.1:1'}\n      engine_path: x\n      key_name: x\n      enc: x`,
      ),
      'groups.yaml': header('key_groups:\n    - pgp: [{ fp: x, enc: x }]'),
      'bomb.yaml': `a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n${good}`,
      'broken.yaml': 'a: [',
      'list.yaml': '- a\n',
      'half.yaml': 'sops: { age: [], mac: x }\n',
    }),
  };
});
beforeEach(() => api.reset());
afterAll(() => api.stop());

function makeKey(name: string): { readonly file: string; readonly recipient: string } {
  const file = join(folder, name);
  execFileSync(process.env.AGE_KEYGEN_BIN ?? 'age-keygen', ['-o', file], { stdio: 'ignore' });
  return { file, recipient: /public key: (\S+)/.exec(readFileSync(file, 'utf8'))![1]! };
}

function encrypted(name: string, body: string, recipient: string): string {
  const file = join(folder, name);
  writeFileSync(file, body);
  execFileSync(sops, ['encrypt', '--age', recipient, '--in-place', file], { stdio: 'ignore' });
  return readFileSync(file, 'utf8');
}

const asking = (reference: { readonly sops: string; readonly key: string }, more: Partial<Attempt> = {}): Attempt => ({
  step: { id: 'x', uses: 'http/request', with: { connection: 'api', path: '/x' }, outputs: { all: 'response.body' } },
  connection: { auth: { header: { name: 'x-token', value: reference } } },
  tools,
  trees,
  sopsKeyFile: own.file,
  ...more,
});
const password = { sops: 'secrets/shop.yaml', key: 'database.password' };

test.each(['secrets/shop.yaml', 'secrets/shop.json'])(
  'a secret in %s is sent to its connection and masked',
  async (file) => {
    api.reply = json(200, { echo: `<${token}>` });
    const result = await attemptOf(api.origin, asking({ sops: file, key: 'database.password' }));
    expect(api.seen[0]!.headers['x-token']).toBe(token);
    expect(result.outputs).toEqual({ all: { echo: '<***>' } });
    expect(readdirSync(tools.workPlace)).toEqual([]);
  },
);

test('what was decrypted stands in no log', async () => {
  await attemptOf(api.origin, asking(password));
  const logs = join(tools.folder, 'logs/deploy-checkout-x');
  for (const name of readdirSync(logs)) {
    const log = readFileSync(join(logs, name), 'utf8');
    expect(log).not.toContain(token);
    expect(log).not.toContain(plain.note);
  }
});

test.each<[string, { readonly sops: string; readonly key: string }, RegExp, Partial<Attempt>]>([
  [
    'of another key',
    { ...password, sops: 'secrets/theirs.yaml' },
    /The key of this runner does not open secrets\/theirs\.yaml/,
    {},
  ],
  [
    'that is not there',
    { ...password, sops: 'secrets/none.yaml' },
    /secrets\/none\.yaml is not in the policy repository/,
    {},
  ],
  [
    'that nobody encrypted',
    { ...password, sops: 'secrets/plain.yaml' },
    /secrets\/plain\.yaml is not encrypted with SOPS/,
    {},
  ],
  [
    'that was changed by hand',
    { ...password, sops: 'secrets/changed.yaml' },
    /could not decrypt secrets\/changed\.yaml/,
    {},
  ],
  ['that something was added to', { ...password, sops: 'secrets/unmarked.yaml' }, /secrets\/unmarked\.yaml/, {}],
  ['that asks a cloud for its key', { ...password, sops: 'secrets/kms.yaml' }, /asks for a key elsewhere \(kms\)/, {}],
  [
    'that asks a Vault for its key',
    { ...password, sops: 'secrets/vault.yaml' },
    /asks for a key elsewhere \(hc_vault\)/,
    {},
  ],
  ['with groups of keys', { ...password, sops: 'secrets/groups.yaml' }, /asks for a key elsewhere \(key_groups\)/, {}],
  ['that is a bomb', { ...password, sops: 'secrets/bomb.yaml' }, /secrets\/bomb\.yaml is not encrypted/, {}],
  ['that is not YAML', { ...password, sops: 'secrets/broken.yaml' }, /secrets\/broken\.yaml is not encrypted/, {}],
  ['that is a list', { ...password, sops: 'secrets/list.yaml' }, /secrets\/list\.yaml is not encrypted/, {}],
  ['with half a header', { ...password, sops: 'secrets/half.yaml' }, /secrets\/half\.yaml/, {}],
  ['without that key', { ...password, key: 'database.user' }, /secrets\/shop\.yaml#database\.user is not there/, {}],
  [
    'with a key that has more below it',
    { ...password, key: 'database' },
    /database in secrets\/shop\.yaml is no text/,
    {},
  ],
  ['with a secret that is too short', { ...password, key: 'database.short' }, /fewer than 8 characters/, {}],
  ['on a runner without a key', password, /this process has no SOPS_KEY_FILE/, { sopsKeyFile: undefined }],
  [
    'on a runner whose key is not there',
    password,
    /SOPS_KEY_FILE names holds no age key/,
    { sopsKeyFile: '/nowhere/key' },
  ],
  ['on a runner whose key is none', password, /SOPS_KEY_FILE names holds no age key/, { sopsKeyFile: __filename }],
])('a file %s ends in a sentence, and nothing is sent', async (_, reference, sentence, more) => {
  const failure = await failureOf(api.origin, asking(reference, more));
  expect(failure.message).toMatch(sentence);
  expect(failure.message).not.toContain(token);
  expect(api.seen).toEqual([]);
});

test('a sops that hangs is ended, and says so', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'signalbox-hanging-'));
  writeFileSync(join(bin, 'sops'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before}`;
  try {
    const asks = asking(password);
    const failure = await failureOf(api.origin, { ...asks, step: { ...asks.step, timeout: '1s' } });
    expect(failure.message).toMatch(/sops was not done after \S+ and was ended/);
    expect(failure.nonRetryable).toBe(false);
  } finally {
    process.env.PATH = before;
  }
});

test('a runner that cannot run programs says so', async () => {
  expect((await failureOf(api.origin, asking(password, { tools: undefined }))).message).toMatch(
    /needs a runner that can run programs/,
  );
});
