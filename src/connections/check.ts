import { settingNames } from '../config';
import type { Problem } from '../documents/problem';
import { parseDuration } from '../runbooks/duration';
import type {
  AnyConnection,
  Connection,
  GitConnection,
  KafkaConnection,
  PostgresConnection,
  SecretReference,
  SmtpConnection,
} from './schema';

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
  readonly connection: AnyConnection;
  readonly lineOf: (path: readonly (string | number)[]) => number;
  /** Column of the same; absent: problems stand at the beginning of the line. */
  readonly columnOf?: (path: readonly (string | number)[]) => number;
}): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (key: string, message: string, hint?: string): void => {
    const path = ['connection', ...key.split('.')];
    const [line, column] = [input.lineOf(path), input.columnOf?.(path) ?? 1];
    problems.push({ file: input.file, line, column, key: `connection.${key}`, message, ...(hint ? { hint } : {}) });
  };
  const stem = /([^/]+)\.ya?ml$/.exec(input.file)?.[1];
  const { name } = input.connection;
  if (stem !== undefined && stem !== name)
    add('name', `"name" is ${name}, but the file is called ${stem}.yaml; steps find a connection by both`);
  checkKind(input.connection, add);
  return problems;
}

function checkKind(connection: AnyConnection, add: Add): void {
  switch (connection.kind) {
    case 'git':
      return checkRepository(connection, add);
    case 'postgres':
      return checkPostgres(connection, add);
    case 'kafka':
      return checkKafka(connection, add);
    case 'smtp':
      return checkSmtp(connection, add);
    default:
      return checkEndpoint(connection, add);
  }
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

const hostName = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/;

function checkPostgres({ host, password }: PostgresConnection, add: Add): void {
  if (!hostName.test(host)) add('host', '"host" has to be a host name or an address, without port, path or user');
  if (password) checkSecret('password', password, add);
}

function checkKafka({ brokers, sasl, tls }: KafkaConnection, add: Add): void {
  for (const broker of brokers) {
    const [, host, port] = /^\[?([^\]]*)\]?:(\d{1,5})$/.exec(broker) ?? [];
    if (host === undefined || !hostName.test(host) || Number(port) > 65_535)
      add('brokers', `"${broker}" has to be a host and a port, such as kafka-1.example.com:9092`);
  }
  if (sasl) checkSecret('sasl.password', sasl.password, add);
  if (sasl?.mechanism === 'plain' && tls === 'off')
    add('sasl.mechanism', 'plain sends the password as it is, so it needs tls: verify');
}

function checkSmtp({ host, user, password, tls }: SmtpConnection, add: Add): void {
  if (!hostName.test(host)) add('host', '"host" has to be a host name or an address, without port, path or user');
  if ((user === undefined) !== (password === undefined)) add('user', '"user" and "password" go together');
  if (password && tls === 'off') add('tls', 'without TLS everybody on the way reads the password');
  if (password) checkSecret('password', password, add);
}

function checkSecret(key: string, secret: SecretReference, add: Add): void {
  if ('env' in secret && isOwnSetting(secret.env))
    add(key, `${secret.env} is a setting of Signalbox itself and is never sent to anybody`);
}

/** The reference that an `auth` holds. */
export function secretIn(auth: NonNullable<Connection['auth']>): SecretReference {
  if ('bearer' in auth) return auth.bearer;
  if ('oauth' in auth) return auth.oauth;
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
