import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../activities/adapters/ledger';
import { lastGood } from '../../src/ledger/state';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { type } from './terminal';

const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
let policy: TestRepository;
let ledger: TestRepository;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  policy = await makeRepository({
    files: {
      'policy.yaml':
        'version: 1\nteams: { leads: { users: [U0LEE] } }\nenvironments: { staging: {}, production: {} }\n',
      'services/checkout.yaml': 'service: { name: checkout, owner: leads }\n',
    },
  });
  ledger = await makeRepository();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-adopt-'));
  env = { POLICY_REPO: policy.url, LEDGER_REPO: ledger.url, LEDGER_KEY: key, DATA_DIR: folder };
});
afterEach(async () => {
  await policy.remove();
  await ledger.remove();
  rmSync(folder, { recursive: true, force: true });
});

const adopt = (...words: readonly string[]) => type(['adopt', ...words], { env });

async function asLedger() {
  return openLedger({
    url: ledger.url,
    ref: 'ledger',
    dataDir: join(folder, 'look'),
    signingKey: key,
    now: () => new Date(),
  });
}

describe('adopt', () => {
  it('records what runs, so that a rollback has a target', async () => {
    expect(await adopt('checkout', 'v2.3.0', 'in', 'production')).toMatchObject({ code: 0, err: '' });
    const opened = await asLedger();
    const state = await opened.readState({ service: 'checkout', environment: 'production' });
    expect(state.current).toMatchObject({ version: 'v2.3.0', operation: 'adopt-checkout-production-v2-3-0' });
    expect(lastGood({ ...state, current: { version: 'v2.4.0', operation: 'x', at: '' } })?.version).toBe('v2.3.0');
    expect((await opened.verify()).ok).toBe(true);
  });

  it.each([
    ['the word to', ['checkout', 'v2.3.0', 'to', 'production']],
    ['no word between', ['checkout', 'v2.3.0', 'production']],
    ['the environment second', ['checkout', 'production', 'v2.3.0']],
    ['"in" behind the service', ['checkout', 'in', 'production', 'v2.3.0']],
  ])('understands %s', async (_, words) => {
    const { code, out } = await adopt(...words);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^checkout v2\.3\.0 .* in production;/) });
  });

  it('changes nothing the second time and says so', async () => {
    await adopt('checkout', 'v2.3.0', 'in', 'production');
    const before = await ledger.head('ledger');
    const { code, out } = await adopt('checkout', 'v2.3.0', 'in', 'production');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/on record already/) });
    expect(await ledger.head('ledger')).toBe(before);
  });

  it('records the same version again after another ran in between', async () => {
    for (const version of ['v1', 'v2', 'v1'])
      expect(await adopt('checkout', version, 'in', 'production')).toMatchObject({ code: 0 });
    const state = await (await asLedger()).readState({ service: 'checkout', environment: 'production' });
    expect(state.current?.version).toBe('v1');
    expect(lastGood(state)?.version).toBe('v2');
  });

  it.each([
    ['an unknown service', ['chekout', 'v1', 'in', 'production'], /no service "chekout" \(did you mean "checkout"\?\)/],
    ['an unknown environment', ['checkout', 'v1', 'in', 'prod'], /no environment "prod"/],
    ['something that is no version', ['checkout', '../v1', 'in', 'production'], /cannot be a version/],
    ['too few words', ['checkout', 'v1'], /signalbox adopt <service> <version> in <environment>/],
  ])('refuses %s and records nothing', async (_, words, sentence) => {
    const { code, err } = await adopt(...words);
    expect(code).toBe(2);
    expect(err).toMatch(sentence);
    await expect(ledger.head('ledger')).rejects.toThrow();
  });

  it('refuses while an operation changes what runs', async () => {
    const at = '2026-11-21T10:00:00.000Z';
    const state = { service: 'checkout', environment: 'production', operation: 'deploy-x', at } as const;
    await (
      await asLedger()
    ).append([
      {
        operationId: 'deploy-x',
        event: 'intent',
        index: 0,
        at,
        day: '2026-11-21',
        body: {},
        state: { ...state, kind: 'started', version: 'v9' },
      },
    ]);
    const { code, err } = await adopt('checkout', 'v1', 'in', 'production');
    expect(code).toBe(1);
    expect(err).toMatch(/being changed by deploy-x/);
  });

  it('says which settings are missing, with exit code 78', async () => {
    const { code, err } = await type(['adopt', 'checkout', 'v1', 'in', 'production'], { env: {} });
    expect(code).toBe(78);
    expect(err).toMatch(/POLICY_REPO is not set[\s\S]*LEDGER_REPO is not set/);
  });
});

describe('audit verify', () => {
  it('passes an honest ledger and names what was changed in another', async () => {
    await adopt('checkout', 'v1', 'in', 'production');
    expect(await type(['audit', 'verify'], { env })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/1 record is whole; its head is 1:/),
    });
    const path = (await ledger.git(['ls-tree', '-r', '--name-only', 'ledger']))
      .split('\n')
      .find((name) => name.includes('adopted'))!;
    const text = await ledger.read(path, 'ledger');
    await ledger.commit({ [path]: text.replaceAll('v1', 'v7') }, 'Forge', { branch: 'ledger' });
    const { code, out } = await type(['audit', 'verify'], { env });
    expect(code).toBe(1);
    expect(out).toMatch(/was changed after it was signed/);
  });

  it('trusts only the keys it was given', async () => {
    await adopt('checkout', 'v1', 'in', 'production');
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const file = join(folder, 'other.pem');
    writeFileSync(file, other);
    const { code, out } = await type(['audit', 'verify', '--key', file], { env });
    expect(code).toBe(1);
    expect(out).toMatch(/signed by a key that is not trusted/);
  });
});
