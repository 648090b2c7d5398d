import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ResponseUrls } from './response-urls';
import type { Sockets } from './sockets';
import type { Json } from './types';
import type { Reply, WebApi } from './web-api-server';

/** Arguments that travel as JSON inside a form (docs.slack.dev/apis/web-api/using-the-web-api). */
const JSON_ARGUMENTS = ['blocks', 'attachments', 'metadata', 'view'];

interface Parts {
  readonly api: WebApi;
  readonly responses: ResponseUrls;
  readonly sockets: Sockets;
  readonly away: () => boolean;
}

/** The HTTP face on 127.0.0.1: `/api/<method>`, `/response/<key>` and the WebSocket upgrade. */
export class SlackServer {
  private readonly http: Server;

  constructor(private readonly parts: Parts) {
    this.http = createServer((request, response) => {
      this.handle(request, response).catch((error: unknown) => {
        response
          .writeHead(500, { 'content-type': 'text/plain' })
          .end(String(error instanceof Error ? error.stack : error));
      });
    });
    this.http.keepAliveTimeout = 60_000;
    parts.sockets.attach(this.http);
  }

  async listen(port: number): Promise<void> {
    this.http.listen(port, '127.0.0.1');
    await once(this.http, 'listening');
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Breaks open HTTP connections, as an outage does. */
  breakConnections(): void {
    this.http.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.http.close();
    this.http.closeAllConnections();
    if (this.http.listening) await once(this.http, 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.parts.away()) {
      request.socket.destroy();
      return;
    }
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', this.origin);
    const [, area, name = ''] = url.pathname.split('/');
    if (area === 'response') {
      send(response, await this.parts.responses.post(name, parseJson(body)));
      return;
    }
    if (area !== 'api') {
      response.writeHead(404).end();
      return;
    }
    const args = readArguments(request, url, body);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const token = bearer ?? (typeof args.token === 'string' ? args.token : undefined);
    const { token: _token, ...rest } = args;
    send(response, await this.parts.api.call({ method: name, args: rest, token, origin: this.origin }));
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.kind === 'silence') return;
  if (reply.kind === 'break') {
    response.socket?.destroy();
    return;
  }
  response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8', ...reply.headers });
  response.end(JSON.stringify(reply.body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function readArguments(request: IncomingMessage, url: URL, body: string): Json {
  const query = Object.fromEntries(url.searchParams);
  if (request.headers['content-type']?.startsWith('application/json')) return { ...query, ...parseJson(body) };
  const fields: Json = { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
  for (const name of JSON_ARGUMENTS) {
    if (typeof fields[name] === 'string') fields[name] = tryJson(fields[name]);
  }
  return fields;
}

function parseJson(body: string): Json {
  const value = tryJson(body);
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** Broken JSON stays a string, which the rules then refuse. */
function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
