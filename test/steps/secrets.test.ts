import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Endpoint, json } from './endpoint';
import { attemptOf, failureOf, type Attempt } from './attempt';

const api = new Endpoint();
beforeAll(() => api.start());
beforeEach(() => api.reset());
afterAll(() => api.stop());

const token = 'canary+/&"token-ää';
const spellings = [
  token,
  JSON.stringify(token).slice(1, -1),
  encodeURIComponent(token),
  Buffer.from(token).toString('base64'),
  Buffer.from(token).toString('base64url'),
  Buffer.from(token).toString('hex'),
];
const asking = (more: Partial<Attempt> = {}): Attempt => ({
  step: { id: 'x', uses: 'http/request', with: { connection: 'api', path: '/x' }, outputs: { all: 'response.body' } },
  connection: { auth: { header: { name: 'x-token', value: { env: 'API_TOKEN' } } } },
  env: { API_TOKEN: token },
  ...more,
});
const plainToken = 'plain-bearer-token';

describe('the secret of a connection', () => {
  it('is sent to its connection', async () => {
    const connection = { auth: { bearer: { env: 'API_TOKEN' } } };
    await attemptOf(api.origin, asking({ connection, env: { API_TOKEN: plainToken } }));
    expect(api.seen[0]!.headers.authorization).toBe(`Bearer ${plainToken}`);
  });

  it('is sent with its user in basic authentication, and masked as that too', async () => {
    const connection = { auth: { basic: { user: 'ops', password: { env: 'API_TOKEN' } } } };
    const pair = Buffer.from(`ops:${plainToken}`).toString('base64');
    api.reply = json(200, { echo: `Basic ${pair}` });
    const result = await attemptOf(api.origin, asking({ connection, env: { API_TOKEN: plainToken } }));
    expect(api.seen[0]!.headers.authorization).toBe(`Basic ${pair}`);
    expect(result.outputs).toEqual({ all: { echo: 'Basic ***' } });
  });

  test.each(spellings)('appears in no output, however the other side spells it: %s', async (spelling) => {
    const connection = { auth: { basic: { user: 'u', password: { env: 'API_TOKEN' } } } };
    api.reply = json(200, { echo: `<${spelling}>`, [spelling]: 1 });
    const result = await attemptOf(api.origin, asking({ connection }));
    expect(JSON.stringify(result)).not.toContain(JSON.stringify(spelling).slice(1, -1));
    expect(result.outputs.all).toMatchObject({ echo: '<***>' });
  });

  test.each(spellings)('appears in no error: %s', async (spelling) => {
    const connection = { auth: { basic: { user: 'u', password: { env: 'API_TOKEN' } } } };
    api.reply = json(400, { error: `bad token ${spelling}` });
    const failure = await failureOf(api.origin, asking({ connection }));
    expect(`${failure.message}${failure.stack}`).not.toContain(spelling);
    expect(failure.message).toContain('bad token ***');
  });

  it('that is not on this runner is named, and nothing is sent', async () => {
    const failure = await failureOf(api.origin, asking({ env: {} }));
    expect(failure.message).toContain('API_TOKEN is not there');
    expect(api.seen).toEqual([]);
  });

  it('that is too short to be masked is refused', async () => {
    const failure = await failureOf(api.origin, asking({ env: { API_TOKEN: 'abc' } }));
    expect(failure).toMatchObject({ type: 'StepFailed' });
    expect(api.seen).toEqual([]);
  });

  test.each(['RELAY_KEY', 'LEDGER_KEY', 'SLACK_BOT_TOKEN', 'BLOB_KEY', 'RELAY_KEY_FILE'])(
    'is never the setting %s of Signalbox itself',
    async (name) => {
      const connection = { auth: { bearer: { env: name } } };
      const failure = await failureOf(api.origin, asking({ connection, env: { [name]: 'x'.repeat(40) } }));
      expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringContaining('never sent') });
      expect(api.seen).toEqual([]);
    },
  );

  describe('in Vault', () => {
    const connection = { auth: { bearer: { vault: 'apps/shop', key: 'token' } } };

    it('is sent to its connection and masked', async () => {
      api.reply = json(200, { echo: plainToken });
      const asked: unknown[] = [];
      const vault = async (reference: unknown) => {
        asked.push(reference);
        return plainToken;
      };
      const result = await attemptOf(api.origin, asking({ connection, vault }));
      expect(asked).toEqual([{ vault: 'apps/shop', key: 'token' }]);
      expect(api.seen[0]!.headers.authorization).toBe(`Bearer ${plainToken}`);
      expect(result.outputs).toEqual({ all: { echo: '***' } });
    });

    it('that is not there is named by its path and key, and nothing is sent', async () => {
      const failure = await failureOf(api.origin, asking({ connection, vault: async () => undefined }));
      expect(failure.message).toContain('apps/shop#token is not there');
      expect(api.seen).toEqual([]);
    });

    it('is refused in plain words where this process has no Vault', async () => {
      const failure = await failureOf(api.origin, asking({ connection }));
      expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringContaining('has no VAULT_ADDR') });
    });
  });

  describe('in a file', () => {
    const secretsFolder = mkdtempSync(join(tmpdir(), 'signalbox-secrets-'));
    const elsewhere = join(mkdtempSync(join(tmpdir(), 'signalbox-other-')), 'secret');
    writeFileSync(join(secretsFolder, 'token'), `${plainToken}\n`);
    writeFileSync(elsewhere, 'not-for-anybody');
    symlinkSync(elsewhere, join(secretsFolder, 'link'));
    const from = (file: string) => asking({ connection: { auth: { bearer: { file } } }, secretsFolder });

    it('is read from the folder of secrets', async () => {
      await attemptOf(api.origin, from(join(secretsFolder, 'token')));
      expect(api.seen[0]!.headers.authorization).toBe(`Bearer ${plainToken}`);
    });

    test.each([elsewhere, join(secretsFolder, 'link'), `${secretsFolder}/../../etc/hostname`])(
      'is read from nowhere else: %s',
      async (file) => {
        await failureOf(api.origin, from(file));
        expect(api.seen).toEqual([]);
      },
    );
  });
});
