import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The body as it came. */
  readonly bytes: Buffer;
}

export type Reply = (seen: Seen, response: ServerResponse) => void;

/** A real HTTP server on 127.0.0.1 whose answers a test scripts; it keeps what it was asked. */
export class Endpoint {
  readonly seen: Seen[] = [];
  reply: Reply = json(200, {});
  private readonly server = createServer((request, response) => void this.take(request, response));

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.seen.length = 0;
    this.reply = json(200, {});
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { method, url, headers } = request;
    const seen = { method: method!, url: url!, headers, body: bytes.toString('utf8'), bytes };
    this.seen.push(seen);
    this.reply(seen, response);
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function text(body: string): Reply {
  return (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(body);
}

/** One reply after the other; the last one stays. */
export function inTurn(...replies: readonly Reply[]): Reply {
  let turn = 0;
  return (seen, response) => replies[Math.min(turn++, replies.length - 1)]!(seen, response);
}

/** Takes the request and cuts the line: the other side never learns what became of it. */
export const cutOff: Reply = (_, response) => void response.destroy();
