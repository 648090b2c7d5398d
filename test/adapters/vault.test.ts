import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookAtVault, openVault, type VaultSettings } from '../../activities/adapters/vault';
import { secretReference } from '../../src/connections/schema';
import { openVaultOf } from '../../src/main/stores';
import { Endpoint, json, text, type Reply } from '../steps/endpoint';

/** Vault's HTTP API as its documentation describes it: KV version 2 and AppRole. */
const server = new Endpoint();
const folder = mkdtempSync(join(tmpdir(), 'signalbox-vault-'));
const [tokenFile, secretIdFile] = [join(folder, 'token'), join(folder, 'secret-id')];
const rootToken = 'hvs.token-of-an-agent';
const roleId = 'role-of-the-runner';
const secretId = 'secret-id-of-the-runner';
const value = 'password-of-the-shop';

const secrets: { readonly [path: string]: unknown } = {
  '/v1/secret/data/apps/shop': { password: value, port: 5432, long: 'x'.repeat(70_000), nested: { password: value } },
  '/v1/teams/pay/data/ledger': { password: 'password-of-the-ledger' },
};
let valid = new Set<string>();
let issued = 0;
let now = 0;

const vault: Reply = (seen, response) => {
  if (seen.method === 'POST' && seen.url === '/v1/auth/approle/login') {
    const { role_id, secret_id } = JSON.parse(seen.body) as { readonly [key: string]: string };
    if (role_id !== roleId || secret_id !== secretId)
      return json(400, { errors: [`invalid role or secret ID: ${secret_id}`] })(seen, response);
    const client_token = `hvs.issued-${(issued += 1)}`;
    valid.add(client_token);
    return json(200, { auth: { client_token, lease_duration: 3600, renewable: true } })(seen, response);
  }
  const token = seen.headers['x-vault-token'];
  if (typeof token !== 'string' || !valid.has(token) || seen.headers['x-vault-request'] !== 'true')
    return json(403, { errors: ['permission denied', `token ${String(token)}`] })(seen, response);
  if (seen.url === '/v1/auth/token/lookup-self') return json(200, { data: { id: token } })(seen, response);
  const data = secrets[seen.url];
  if (!data) return json(404, { errors: [] })(seen, response);
  return json(200, { data: { data, metadata: { version: 3, destroyed: false } }, lease_duration: 0 })(seen, response);
};

beforeAll(() => server.start());
beforeEach(() => {
  server.reset();
  server.reply = vault;
  valid = new Set([rootToken]);
  issued = 0;
  now = 0;
  writeFileSync(tokenFile, `${rootToken}\n`);
  writeFileSync(secretIdFile, secretId);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const reader = (login: VaultSettings['login'] = { tokenFile }, more: Partial<VaultSettings> = {}) =>
  openVault({ origin: server.origin, login, now: () => now, ...more });
const password = { vault: 'apps/shop', key: 'password' };
const appRole = { roleId, secretIdFile };
const logins = (): number => server.seen.filter(({ url }) => url.endsWith('/login')).length;
const failureOf = (reading: Promise<unknown>): Promise<Error> =>
  reading.then(
    (read) => Promise.reject(new Error(`it was read: ${String(read)}`)),
    (error: Error) => error,
  );

test('a secret is read by its path and key with the token of a file, which may be renewed', async () => {
  const read = reader();
  expect(await read(password)).toBe(value);
  expect(await read({ vault: 'ledger', key: 'password', mount: 'teams/pay' })).toBe('password-of-the-ledger');
  valid = new Set(['hvs.renewed']);
  writeFileSync(tokenFile, 'hvs.renewed');
  expect(await read(password)).toBe(value);
});

test('a namespace is told to Vault', async () => {
  await reader({ tokenFile }, { namespace: 'platform' })(password);
  expect(server.seen[0]!.headers['x-vault-namespace']).toBe('platform');
});

test('with AppRole it logs in once, again before its time is over, and again when the token was revoked', async () => {
  const read = reader(appRole);
  expect(await read(password)).toBe(value);
  expect(await read(password)).toBe(value);
  expect(logins()).toBe(1);
  now = 2_881_000;
  await read(password);
  expect(logins()).toBe(2);
  valid = new Set();
  expect(await read(password)).toBe(value);
  expect(logins()).toBe(3);
});

test.each<[string, { readonly vault: string; readonly key: string }]>([
  ['no such secret', { vault: 'apps/none', key: 'password' }],
  ['no such key', { vault: 'apps/shop', key: 'passwort' }],
  ['a name that every object has', { vault: 'apps/shop', key: 'constructor' }],
])('what is not there is not there: %s', async (_name, reference) => {
  expect(await reader()(reference)).toBeUndefined();
});

test.each<[string, Reply | undefined, string, { readonly key?: string; readonly login?: VaultSettings['login'] }]>([
  ['no text', undefined, 'is no text of at most 64 KiB', { key: 'port' }],
  ['a document', undefined, 'is no text of at most 64 KiB', { key: 'nested' }],
  ['too long a text', undefined, 'is no text of at most 64 KiB', { key: 'long' }],
  ['a flood', text('x'.repeat(2 * 1024 * 1024)), 'more than 1 MiB', {}],
  ['a page', text('<html>'), 'has to be KV version 2', {}],
  [
    'JSON that is none',
    (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{'),
    'it is none',
    {},
  ],
  ['an engine of version 1', json(200, { data: { data: 'text' } }), 'has to be KV version 2', {}],
  [
    'a redirect',
    (_, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    'a redirect',
    {},
  ],
  ['a sealed Vault', json(503, { errors: [`Vault is sealed ${rootToken}`] }), 'not able to answer', {}],
  ['a teapot that repeats what it got', json(418, { error: rootToken }), 'not able to answer', {}],
  ['a line that is cut', (_, response) => void response.destroy(), 'was cut', {}],
  ['a refusal', json(403, { errors: [rootToken] }), 'does not let this process read that secret', {}],
  [
    'a login without a token',
    json(200, { auth: { client_token: 'a\nb' } }),
    'did not let this process in',
    { login: appRole },
  ],
  ['a wrong secret id', json(400, { errors: [secretId] }), 'did not let this process in', { login: appRole }],
  ['no token file', undefined, 'that VAULT_TOKEN_FILE names', { login: { tokenFile: join(folder, 'none') } }],
])('%s is told in plain words, without anything secret', async (_name, reply, words, { key = 'password', login }) => {
  if (reply) server.reply = reply;
  const { message } = await failureOf(reader(login)({ vault: 'apps/shop', key }));
  expect(message).toContain(words);
  for (const secret of [rootToken, secretId, value]) expect(message).not.toContain(secret);
});

test.each([
  '../sys/mounts',
  'apps/../../sys',
  '/apps',
  'apps//shop',
  'apps/.hidden',
  'apps/shop?version=1',
  'apps/%2e%2e',
  '',
])('a path that leads elsewhere is no reference: %s', (path) => {
  expect(secretReference.safeParse({ vault: path, key: 'k' }).success).toBe(false);
  expect(secretReference.safeParse({ vault: 'apps/shop', key: 'k', mount: path }).success).toBe(false);
});

test('an address without an identity is refused at start, and no address is no Vault', () => {
  expect(openVaultOf({})).toBeUndefined();
  expect(() => openVaultOf({ VAULT_ADDR: server.origin })).toThrow(/VAULT_TOKEN_FILE, or VAULT_ROLE_ID/);
  expect(openVaultOf({ VAULT_ADDR: server.origin, VAULT_TOKEN_FILE: tokenFile })).toBeDefined();
});

test('a look at Vault says whether it lets this process in, and nothing that Vault said', async () => {
  const look = (login: VaultSettings['login'] = { tokenFile }) =>
    lookAtVault({ origin: server.origin, login, now: () => now });
  expect(await look()).toBeUndefined();
  expect(await look({ roleId, secretIdFile })).toBeUndefined();
  expect(await look({ roleId: 'another', secretIdFile })).toMatch(/did not let this process in \(400\)/);
  valid.clear();
  expect(await look()).toBe(
    'Vault does not know the token of this process (403); whoever looks after Vault gives it a new one.',
  );
  server.reply = json(503, { errors: ['sealed'] });
  expect(await look()).toMatch(/not able to answer at the moment \(503\)/);
});
