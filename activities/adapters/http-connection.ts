import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { isHeaderAllowed } from '../../src/connections/check';
import type { Connection } from '../../src/connections/schema';
import type { Json } from '../../src/json';
import { formatDuration, parseDuration } from '../../src/runbooks/duration';
import { StepError, StepFailed } from '../steps/outcomes';
import { addressOf, isAddressAllowed } from './address-guard';
import { pathProblem } from './request-path';

const maxBodyBytes = 1024 * 1024;
const defaultTimeoutMs = 30_000;
const maxRetryAfterMs = 5 * 60_000;

export interface HttpAsk {
  readonly method: Dispatcher.HttpMethod;
  /** From the root of the origin, query included. */
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: { readonly type: string; readonly content: string | Uint8Array };
  /** Statuses that count as success besides 200 to 299. */
  readonly status?: readonly number[];
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  /** Parsed when it says it is JSON, else text; null when there is none. */
  readonly body: Json;
}

export interface HttpEndpoint {
  readonly connection: Connection;
  /** Headers of the connection's `auth`, secrets included. */
  readonly auth: { readonly [name: string]: string };
  /** Upper bound of one request, ms, besides the connection's own. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * One request over a connection: only to its origin, below its prefixes, with its methods; to the address that its name
 * had when it was looked up; without redirects and proxies; with at most 1 MiB of answer. Throws `StepError` for what
 * may pass and `StepFailed` for what will not.
 */
export async function requestOver(endpoint: HttpEndpoint, ask: HttpAsk): Promise<HttpAnswer> {
  refuseOutside(endpoint.connection, ask);
  const where = `${ask.method} ${endpoint.connection.name}${ask.path.split('?')[0]}`;
  const timeoutMs = Math.min(parseDuration(endpoint.connection.timeout ?? '') ?? defaultTimeoutMs, endpoint.limitMs);
  const origin = new URL(endpoint.connection.origin);
  const client = new Client(origin, { connect: await guardedConnect(origin, where), pipelining: 0 });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await client.request({
      method: ask.method,
      path: ask.path,
      headers: headersOf(endpoint, ask),
      ...(ask.body ? { body: ask.body.content } : {}),
      signal: AbortSignal.any([endpoint.signal, timeout]),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const answer = await answerOf(response, where);
    judgeStatus(answer, ask, where);
    return answer;
  } catch (error) {
    if (error instanceof StepError || error instanceof StepFailed) throw error;
    if (timeout.aborted) throw new StepError(`${where} did not answer within ${formatDuration(timeoutMs)}.`);
    throw brokenOf(error, where);
  } finally {
    await client.destroy();
  }
}

function refuseOutside(connection: Connection, ask: HttpAsk): void {
  const { name, methods, path_prefixes: prefixes } = connection;
  if (methods && !methods.some((method) => method === ask.method))
    throw new StepFailed(
      `The connection ${name} does not allow ${ask.method}; its methods are in connections/${name}.yaml.`,
    );
  const problem = pathProblem(ask.path, prefixes);
  if (problem) throw new StepFailed(`The connection ${name} refuses this path: ${problem}.`);
}

async function guardedConnect(origin: URL, where: string): Promise<buildConnector.connector> {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const address = await addressOf(host).catch(() => {
    throw new StepError(`${where} failed: the name ${host} could not be looked up.`, { unsent: true });
  });
  if (address === undefined)
    throw new StepFailed(`${where} was not sent: ${host} leads to an address that is never allowed.`);
  const connect = buildConnector({
    timeout: 10_000,
    lookup: (_host, options, done) => {
      const family = address.includes(':') ? 6 : 4;
      if (options.all) done(null, [{ address, family }]);
      else done(null, address, family);
    },
  });
  return (options, done) =>
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error) return done(error, null);
      const reached = (socket as Socket).remoteAddress ?? '';
      if (isAddressAllowed(host, reached)) return done(null, socket);
      socket.destroy();
      return done(new StepFailed(`${where} was not sent: ${host} leads to an address that is never allowed.`), null);
    });
}

function headersOf(endpoint: HttpEndpoint, ask: HttpAsk): { readonly [name: string]: string } {
  const fixed = { ...lowerCase(endpoint.connection.headers ?? {}), ...lowerCase(endpoint.auth) };
  const asked = lowerCase(ask.headers ?? {});
  for (const [name, value] of Object.entries(asked)) {
    if (!isHeaderAllowed(name) || Object.hasOwn(fixed, name))
      throw new StepFailed(
        `The step may not set the header "${name}" over the connection ${endpoint.connection.name}.`,
      );
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw new StepFailed(`The header "${name}" has characters that no header may have.`);
  }
  return {
    'user-agent': 'signalbox',
    accept: 'application/json, */*;q=0.5',
    // What comes packed could unpack to any size.
    'accept-encoding': 'identity',
    ...(ask.body ? { 'content-type': ask.body.type } : {}),
    ...asked,
    ...fixed,
  };
}

function lowerCase(headers: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function answerOf(response: Dispatcher.ResponseData, where: string): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new StepFailed(`${where} answered with more than 1 MiB, which is the limit.`);
    chunks.push(chunk);
  }
  const headers = Object.fromEntries(
    Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode, headers, body: bodyOf(text, headers['content-type'] ?? '', where) };
}

function bodyOf(text: string, type: string, where: string): Json {
  if (text === '') return null;
  if (!/^application\/(json|[\w.+-]+\+json)\b/i.test(type)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StepError(`${where} said it answered in JSON, and it is none.`);
  }
}

function judgeStatus(answer: HttpAnswer, ask: HttpAsk, where: string): void {
  const { status } = answer;
  if ((status >= 200 && status < 300) || ask.status?.includes(status)) return;
  if (status >= 300 && status < 400)
    throw new StepFailed(`${where} answered ${status}, a redirect; Signalbox follows none, so name the right path.`);
  const told = `${where} answered ${status}${reasonIn(answer.body)}.`;
  if (status >= 500 || status === 408 || status === 425 || status === 429)
    throw new StepError(told, { retryAfterMs: retryAfterMs(answer.headers['retry-after']) });
  throw new StepFailed(told);
}

/** The reason that most APIs give in one of these fields, cut short. */
function reasonIn(body: Json): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return '';
  const fields = body as { readonly [key: string]: Json };
  const reason = [fields.error, fields.message, fields.detail].find((field) => typeof field === 'string');
  return typeof reason === 'string' ? `: ${reason.replace(/\s+/g, ' ').replace(/\.$/, '').slice(0, 200)}` : '';
}

function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,6}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1000, maxRetryAfterMs);
}

/** Failures before a single byte of the request left. */
const unsent: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nobody listens there',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'it could not be reached in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

const sent: { readonly [code: string]: string } = {
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
};

/** A network failure by its code: its message may hold an address or a header and stays here. */
function brokenOf(error: unknown, where: string): StepError {
  const code = String((error as { readonly code?: unknown } | null)?.code ?? '');
  const words = unsent[code] ?? sent[code] ?? (code || 'the request broke');
  return new StepError(`${where} failed: ${words}.`, { unsent: Object.hasOwn(unsent, code) });
}
