import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small side that makes hosts, names and databases, for what is provisioned and taken away again. */
export interface Maker {
  readonly origin: string;
  /** id -> name */
  readonly hosts: Map<string, string>;
  /** Hosts that it has ever made. */
  made: number;
  readonly names: Set<string>;
  readonly databases: Set<string>;
  /** `DELETE /names/demo`, oldest first. */
  readonly calls: string[];
  /** Answers with this to what it says; undefined: as usual. */
  broken: ((call: string) => number | undefined) | undefined;
  close(): Promise<void>;
}

export async function openMaker(): Promise<Maker> {
  const maker: Omit<Maker, 'origin' | 'close'> = {
    hosts: new Map(),
    made: 0,
    names: new Set(),
    databases: new Set(),
    calls: [],
    broken: undefined,
  };
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    request.on('end', () => {
      const call = `${request.method} ${request.url}`;
      maker.calls.push(call);
      const status = maker.broken?.(call);
      const answer = status === undefined ? answerTo(maker, call, text) : { status, body: { error: 'broken' } };
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(maker, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

function answerTo(
  maker: Omit<Maker, 'origin' | 'close'>,
  call: string,
  text: string,
): { readonly status: number; readonly body: unknown } {
  const [method, path = ''] = call.split(' ');
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (path.startsWith('/hosts')) {
    if (method === 'GET') {
      const wanted = new URL(path, 'http://maker').searchParams.get('name');
      const found = [...maker.hosts].filter(([, name]) => name === wanted);
      return { status: 200, body: found.map(([id, name]) => ({ id, name })) };
    }
    if (method === 'POST') {
      const { name } = JSON.parse(text) as { readonly name: string };
      maker.made += 1;
      const id = `h-${maker.made + 16}`;
      maker.hosts.set(id, name);
      return { status: 201, body: { id, noise: 'x'.repeat(12_000) } };
    }
    return { status: maker.hosts.delete(last) ? 200 : 404, body: {} };
  }
  const kept = path.startsWith('/names') ? maker.names : maker.databases;
  if (method === 'PUT') kept.add(last);
  if (method === 'DELETE') return { status: kept.delete(last) ? 200 : 404, body: {} };
  return { status: 200, body: { dsn: last } };
}
