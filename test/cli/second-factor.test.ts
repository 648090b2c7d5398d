import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, URI, type TOTP } from 'otpauth';
import { readAuthenticators } from '../../bot/authenticators-file';
import { type } from './terminal';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-enroll-'));
  file = join(folder, 'factors.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const factor = (...words: readonly string[]) =>
  type(['second-factor', ...words], { env: { SECOND_FACTORS_FILE: file } });

describe('second-factor enroll', () => {
  it('prints once what an authenticator reads, and writes its secret where only the owner reads it', async () => {
    const { code, out, err } = await factor('enroll', 'U0ANN');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const totp = URI.parse(out.split('\n')[0]!) as TOTP;
    expect(totp).toMatchObject({ issuer: 'Signalbox', label: 'U0ANN', algorithm: 'SHA1', digits: 6, period: 30 });
    expect(totp.secret.bytes).toHaveLength(20);
    expect(readAuthenticators(file).get('U0ANN')).toBe(totp.secret.base32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['factors.yaml']);
  });

  it('replaces an authenticator only when told to', async () => {
    await factor('enroll', 'U0ANN');
    const before = readFileSync(file, 'utf8');
    expect(await factor('enroll', 'U0ANN')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/--replace/),
    });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await factor('enroll', 'U0ANN', '--replace')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).not.toBe(before);
  });

  it('keeps everybody else and what was written by hand', async () => {
    const { base32 } = new Secret({ size: 20 });
    writeFileSync(file, `# of the platform team\nU0BOB: ${base32} # in person\n`, { mode: 0o600 });
    await factor('enroll', 'U0ANN');
    expect(readFileSync(file, 'utf8')).toContain(`# of the platform team\nU0BOB: ${base32} # in person`);
    expect([...readAuthenticators(file).keys()]).toEqual(['U0BOB', 'U0ANN']);
  });

  it('changes nothing while somebody else is changing the file', async () => {
    writeFileSync(`${file}.new`, '');
    expect(await factor('enroll', 'U0ANN')).toMatchObject({ code: 78, err: expect.stringMatching(/try again/) });
    expect(readdirSync(folder)).toEqual(['factors.yaml.new']);
  });

  it.each([
    ['a name in place of an id', ['enroll', 'ann'], 2, /not a Slack user id/],
    ['somebody to remove who is not there', ['remove', 'U0ANN'], 1, /not enrolled/],
  ])('refuses %s', async (_what, words, wanted, said) => {
    const { code, err } = await factor(...words);
    expect(code).toBe(wanted);
    expect(err).toMatch(said);
  });

  it('needs the setting', async () => {
    const { code, err } = await type(['second-factor', 'list']);
    expect(code).toBe(78);
    expect(err).toContain('SECOND_FACTORS_FILE is not set');
  });
});

it('lists ids and no secrets, and removes', async () => {
  expect(await factor('list')).toMatchObject({ code: 0, out: 'Nobody is enrolled.' });
  for (const user of ['U0BOB', 'U0ANN']) await factor('enroll', user);
  expect(await factor('list')).toMatchObject({ code: 0, out: 'U0ANN\nU0BOB' });
  expect(JSON.parse((await factor('list', '--json')).out)).toEqual({ enrolled: ['U0ANN', 'U0BOB'] });
  expect(await factor('remove', 'U0BOB')).toMatchObject({ code: 0 });
  expect(await factor('list')).toMatchObject({ out: 'U0ANN' });
});

describe('a file that cannot be used', () => {
  const known = new Secret({ size: 20 }).base32;

  it.each([
    ['with a short secret', 'U0ANN: JBSWY3DP\n', /U0ANN must be a base32 secret/],
    ['with a name in place of an id', `ann: ${known}\n`, /Slack user id/],
    ['with id and secret the wrong way round', `${known}: U0ANN\n`, /Slack user id/],
    ['that is a list', `- ${known}\n`, /not a list of people and secrets/],
    ['that is not YAML', `U0ANN: [${known}\nU0BOB: "\n`, /is not YAML/],
    ['with somebody twice', `U0ANN: ${known}\nU0ANN: ${known}\n`, /is not YAML/],
  ])('%s is refused in a sentence without a secret', (_what, text, words) => {
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => readAuthenticators(file)).toThrow(words);
    expect(() => readAuthenticators(file)).not.toThrow(known);
  });

  it.each([0o644, 0o640, 0o602])('is one that others may look into or write (%o)', (mode) => {
    writeFileSync(file, `U0ANN: ${known}\n`);
    chmodSync(file, mode);
    expect(() => readAuthenticators(file)).toThrow(/chmod 600/);
  });
});
