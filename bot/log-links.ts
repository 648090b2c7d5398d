import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { z } from 'zod';
import { LogStoreAway } from '../src/errors';
import type { LogDeps } from './logs';

/** How long a link to a log opens it, ms. Long enough to be opened on another screen. */
export const logLinkMs = 15 * 60_000;

const granted = z.strictObject({
  /** Key of the log. */
  k: z.string().min(1).max(1_000),
  /** For whom it was made. */
  u: z.string().min(1).max(200),
  /** ms since the epoch. */
  e: z.number().int(),
});

/** Address of a whole log for whoever holds it, for a while; nothing where people cannot reach the bot. */
export function linkToLog(
  { logs, relayKey, now }: Pick<LogDeps, 'logs' | 'relayKey' | 'now'>,
  about: { readonly key: string; readonly by: string },
): string | undefined {
  if (logs?.publicUrl === undefined) return undefined;
  const grant = { k: about.key, u: about.by, e: now().getTime() + logLinkMs };
  const body = Buffer.from(JSON.stringify(grant)).toString('base64url');
  return `${logs.publicUrl.replace(/\/+$/, '')}/logs/${body}.${sealOf(body, relayKey).toString('base64url')}`;
}

/** Serves a whole log to whoever holds a link to it. Returns whether the path was one of its own. */
export async function serveLog(deps: LogDeps, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const given = /^\/logs\/([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{43})$/.exec(pathname);
  if (!given || request.method !== 'GET' || deps.logs === undefined) return false;
  request.resume();
  const grant = grantIn(given[1]!, given[2]!, deps.relayKey);
  if (!grant) return said(response, 403, 'This is no link to a log that this bot has made.');
  if (grant.e < deps.now().getTime())
    return said(response, 410, 'This link to a log is over; open the log from its card again for a new one.');
  try {
    await send(deps.logs.store.stream(grant.k), response);
    deps.log.info({ log: grant.k, by: grant.u }, 'a whole log was read');
  } catch (error) {
    deps.log.warn({ err: error }, 'a log could not be served');
    if (response.headersSent) response.destroy();
    else said(response, 503, error instanceof LogStoreAway ? error.message : 'The store of the logs does not answer.');
  }
  return true;
}

/** Text and nothing else: what a program wrote is never markup, and no page may hold it. */
const headers = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
} as const;

async function send(parts: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  for await (const part of parts) {
    if (!response.headersSent) response.writeHead(200, headers);
    if (response.destroyed) return;
    if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  if (response.headersSent) response.end();
  else said(response, 404, 'This log is gone, because policy keeps logs no longer.');
}

function said(response: ServerResponse, status: number, sentence: string): true {
  response.writeHead(status, headers).end(`${sentence}\n`);
  return true;
}

function sealOf(body: string, relayKey: string): Buffer {
  const key = createHmac('sha256', relayKey).update('signalbox link to a log').digest();
  return createHmac('sha256', key).update(body).digest();
}

function grantIn(body: string, seal: string, relayKey: string): z.infer<typeof granted> | undefined {
  const [wanted, given] = [sealOf(body, relayKey), Buffer.from(seal, 'base64url')];
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return undefined;
  const parsed = granted.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  return parsed.success ? parsed.data : undefined;
}
