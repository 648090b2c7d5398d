import { readFile } from 'node:fs/promises';
import type { Connection, SecretReference } from '../../src/connections/schema';
import type { Json } from '../../src/json';
import { StepError, StepFailed } from '../steps/outcomes';
import { requestOver, type HttpAnswer, type HttpAsk } from './http-connection';

type VaultReference = Extract<SecretReference, { readonly vault: string }>;

/** Reads one key of a secret; undefined when there is no such secret or key. Nothing that Vault said is in an error. */
export type VaultReader = (reference: VaultReference) => Promise<string | undefined>;

export interface VaultSettings {
  readonly origin: string;
  readonly namespace?: string;
  readonly login:
    | { readonly tokenFile: string }
    /** AppRole, mounted where Vault mounts it by itself. */
    | { readonly roleId: string; readonly secretIdFile: string };
  readonly now: () => number;
}

const limitMs = 10_000;
const longest = 64 * 1024;
/** Vault explains what it refuses, and may repeat what it was sent: all that is told of it is the number. */
const explained = Array.from({ length: 200 }, (_, index) => 400 + index);

/**
 * Vault or OpenBao over its HTTP API, KV version 2. Answers are bounded, redirects are refused, and what a token may
 * read is Vault's own decision. A token of AppRole is kept for most of its time and renewed when Vault refuses it.
 */
export function openVault(settings: VaultSettings): VaultReader {
  const session = new Session(settings);
  return async ({ vault, key, mount = 'secret' }) => {
    const path = `/v1/${encoded(mount)}/data/${encoded(vault)}`;
    const { status, body } = await session.get(path);
    // A secret whose newest version was deleted is answered with 404, too.
    if (status === 404) return undefined;
    const fields = field(field(body, 'data'), 'data');
    if (fields === null) return undefined;
    if (typeof fields !== 'object' || Array.isArray(fields))
      throw new StepFailed(`Vault answered for ${vault} with no secret; the engine ${mount} has to be KV version 2.`);
    const value = field(fields, key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value.length > longest)
      throw new StepFailed(`The key ${key} of ${vault} in Vault is no text of at most 64 KiB.`);
    return value;
  };
}

/** Whether Vault answers and lets this process in; otherwise a sentence about what is in the way. */
export async function lookAtVault(settings: VaultSettings): Promise<string | undefined> {
  try {
    const status = await new Session(settings).whoAmI();
    if (status === 200) return undefined;
    return status === 403
      ? 'Vault does not know the token of this process (403); whoever looks after Vault gives it a new one.'
      : `Vault is not able to answer at the moment (${status}); whoever looks after it may know more.`;
  } catch (error) {
    return (error as Error).message;
  }
}

class Session {
  private kept: { readonly token: string; readonly untilMs: number } | undefined;

  constructor(private readonly settings: VaultSettings) {}

  async get(path: string): Promise<HttpAnswer> {
    const first = await this.ask(path, await this.token());
    // A kept token may have been revoked; a fresh one that is refused really may not.
    if (first.status !== 403 || !this.kept) return judged(first);
    this.kept = undefined;
    return judged(await this.ask(path, await this.token()));
  }

  /** What Vault answers, as a number, to whoever asks about the own token. */
  async whoAmI(): Promise<number> {
    return (await this.ask('/v1/auth/token/lookup-self', await this.token())).status;
  }

  private ask(path: string, token: string): Promise<HttpAnswer> {
    return this.send({ method: 'GET', path, status: explained }, { 'x-vault-token': token });
  }

  private async token(): Promise<string> {
    const { login, now } = this.settings;
    if ('tokenFile' in login) return inFile(login.tokenFile, 'VAULT_TOKEN_FILE');
    if (this.kept && now() < this.kept.untilMs) return this.kept.token;
    const secretId = await inFile(login.secretIdFile, 'VAULT_SECRET_ID_FILE');
    const text = JSON.stringify({ role_id: login.roleId, secret_id: secretId });
    const { status, body } = await this.send({
      method: 'POST',
      path: '/v1/auth/approle/login',
      body: { type: 'application/json', content: text },
      status: explained,
    });
    const auth = field(body, 'auth');
    const token = field(auth, 'client_token');
    const seconds = field(auth, 'lease_duration');
    if (status !== 200 || !isToken(token))
      throw new StepError(
        `Vault did not let this process in (${status}); whoever runs it has to look at VAULT_ROLE_ID and VAULT_SECRET_ID_FILE.`,
        { unsent: true },
      );
    const keepMs = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, 86_400) * 800 : 0;
    this.kept = { token, untilMs: now() + keepMs };
    return token;
  }

  private async send(ask: HttpAsk, auth: { readonly [name: string]: string } = {}): Promise<HttpAnswer> {
    const { origin, namespace } = this.settings;
    const connection: Connection = {
      name: 'vault',
      kind: 'http',
      origin,
      path_prefixes: ['/v1'],
      headers: { 'x-vault-request': 'true', ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }) },
    };
    try {
      return await requestOver({ connection, auth, limitMs, signal: new AbortController().signal }, ask);
    } catch (error) {
      // Whatever was wrong, the step itself has not been begun.
      if (error instanceof StepError) throw new StepError(error.message, { ...error.about, unsent: true });
      throw error;
    }
  }
}

function judged(answer: HttpAnswer): HttpAnswer {
  const { status } = answer;
  if (status === 200 || status === 404) return answer;
  if (status === 403)
    throw new StepFailed(
      'Vault does not let this process read that secret (403); whoever looks after Vault can allow it, and whoever wrote the reference may have meant another.',
    );
  if (status === 400) throw new StepFailed('Vault cannot read that reference (400); whoever wrote it has to mend it.');
  throw new StepError(`Vault is not able to answer at the moment (${status}).`, { unsent: true });
}

async function inFile(file: string, setting: string): Promise<string> {
  const text = await readFile(file, 'utf8').then(
    (found) => found.trim(),
    () => '',
  );
  if (isToken(text)) return text;
  throw new StepError(
    `The file that ${setting} names holds nothing that can be used; whoever runs this has to provide it.`,
    { unsent: true },
  );
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,4096}$/.test(value);
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function field(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined;
  return (value as { readonly [key: string]: Json })[name];
}
