import { settingNames } from '../config';
import type { Problem } from '../documents/problem';
import { parseDuration } from '../runbooks/duration';
import type { Connection, GitConnection, SecretReference } from './schema';

const reservedHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
]);

/** Whether a request may carry a header of this name at all: none that says where a request goes or where it ends. */
export function isHeaderAllowed(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !reservedHeaders.has(name.toLowerCase());
}

/** Signalbox's own settings never leave as the secret of a connection, however a file of the policy asks. */
export function isOwnSetting(variable: string): boolean {
  return settingNames.some((name) => variable === name || variable === `${name}_FILE`);
}

/** What is wrong with the meaning of a connection; its shape has been read already. */
export function checkConnection(input: {
  readonly file: string;
  readonly connection: Connection | GitConnection;
  readonly lineOf: (path: readonly (string | number)[]) => number;
}): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (key: string, message: string, hint?: string): void => {
    const line = input.lineOf(['connection', ...key.split('.')]);
    problems.push({ file: input.file, line, column: 1, key: `connection.${key}`, message, ...(hint ? { hint } : {}) });
  };
  const stem = /([^/]+)\.ya?ml$/.exec(input.file)?.[1];
  const { name } = input.connection;
  if (stem !== undefined && stem !== name)
    add('name', `"name" is ${name}, but the file is called ${stem}.yaml; steps find a connection by both`);
  if (input.connection.kind === 'git') checkRepository(input.connection, add);
  else checkEndpoint(input.connection, add);
  return problems;
}

type Add = (key: string, message: string, hint?: string) => void;

function checkEndpoint(connection: Connection, add: Add): void {
  const origin = originProblem(connection.origin);
  if (origin) add('origin', origin);
  for (const name of Object.keys(connection.headers ?? {}))
    if (!isHeaderAllowed(name)) add('headers', `the header "${name}" cannot be set by a connection`);
  if (connection.timeout !== undefined && !parseDuration(connection.timeout))
    add('timeout', '"timeout" has to be a duration such as 30s');
  if (connection.metrics_path !== undefined && connection.kind !== 'exposition')
    add('metrics_path', '"metrics_path" is for connections of kind exposition');
  const { auth } = connection;
  if (auth && 'header' in auth && !isHeaderAllowed(auth.header.name))
    add('auth.header.name', `the header "${auth.header.name}" cannot be set by a connection`);
  const secret = auth && secretIn(auth);
  if (secret) checkSecret('auth', secret, add);
}

/** What is wrong with an address is told where it is used, by the same check as for the policy's own repository. */
function checkRepository({ url, token }: GitConnection, add: Add): void {
  if (!/^(?:https:\/\/|ssh:\/\/|file:\/\/|[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:)[^\s-]/.test(url) || /\s/.test(url))
    add('url', '"url" has to be the address of a Git repository', 'write https://, ssh://, git@host:path or file://');
  if (/^[a-z]+:\/\/[^/]*:[^/]*@/i.test(url))
    add('url', 'a password in an address ends up in process lists', 'write token: { env: NAME }');
  if (token && !url.startsWith('https://')) add('token', '"token" is for https:// addresses');
  if (token) checkSecret('token', token, add);
}

function checkSecret(key: string, secret: SecretReference, add: Add): void {
  if ('env' in secret && isOwnSetting(secret.env))
    add(key, `${secret.env} is a setting of Signalbox itself and is never sent to anybody`);
}

/** The reference that an `auth` holds. */
export function secretIn(auth: NonNullable<Connection['auth']>): SecretReference {
  if ('bearer' in auth) return auth.bearer;
  return 'basic' in auth ? auth.basic.password : auth.header.value;
}

/** Says why a text is not an origin (`https://host[:port]` and nothing else); undefined when it is one. */
export function originProblem(origin: string): string | undefined {
  let url: URL;
  try {
    url = new URL(origin);
  } catch {
    return '"origin" has to be a URL such as https://cmdb.example.com';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return '"origin" has to start with https:// or http://';
  if (url.origin !== origin) return `"origin" has to be written as ${url.origin}, without path, user or other spelling`;
  return undefined;
}
