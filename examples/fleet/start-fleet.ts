import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { answer, type Answer, type Call, type Fleet } from './api';
import { startInstances } from './instances';
import { startLoad } from './load';
import { openStore } from './state';

/** Milliseconds, and requests a second to each instance. */
export interface FleetIntervals {
  readonly buildMs: number;
  readonly restartMs: number;
  readonly windowMs: number;
  readonly requestsPerSecond: number;
}

export const defaultIntervals: FleetIntervals = {
  buildMs: 2_000,
  restartMs: 300,
  windowMs: 5_000,
  requestsPerSecond: 20,
};

export interface RunningFleet {
  readonly url: string;
  readonly port: number;
  /** Ends every instance; what was wanted stays on disk. */
  stop(): Promise<void>;
}

const MOST_BYTES = 64 * 1024;

/**
 * Starts a small company to deploy to: services with real processes, each in a version, under light traffic. The same
 * `dataDir` continues where the last fleet ended, also after a `kill -9`. Rejects when the port is taken.
 */
export async function startFleet(asked: {
  /** 0 picks a free one. */
  readonly port: number;
  readonly dataDir: string;
  readonly intervals?: Partial<FleetIntervals>;
  /** JavaScript file of an instance; for callers that do not run the compiled tree. */
  readonly instanceProgram?: string;
}): Promise<RunningFleet> {
  const intervals = { ...defaultIntervals, ...asked.intervals };
  const server = createServer();
  const port = await listen(server, asked.port);
  const store = openStore(asked.dataDir);
  store.save();
  const program = asked.instanceProgram ?? join(__dirname, 'instance.js');
  const instances = startInstances({ store, program, restartMs: intervals.restartMs });
  const load = startLoad({ targets: () => instances.targets(), ...intervals });
  const fleet: Fleet = { store, instances, load, buildMs: intervals.buildMs };
  server.on('request', (request: IncomingMessage, response) => {
    readCall(request).then(
      (call) => send(response, call ? answer(fleet, call) : { status: 413, json: { error: 'The body is too large.' } }),
      () => response.destroy(),
    );
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      load.stop();
      server.close();
      server.closeAllConnections();
      await instances.stop();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function readCall(request: IncomingMessage): Promise<Call | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  const url = new URL(request.url ?? '/', 'http://fleet');
  const key = request.headers['idempotency-key'];
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    ...(typeof key === 'string' ? { key } : {}),
    body: parsed(Buffer.concat(chunks).toString('utf8')),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function send(response: import('node:http').ServerResponse, given: Answer): void {
  if ('text' in given)
    return void response
      .writeHead(given.status, given.text ? { 'content-type': 'text/plain; version=0.0.4' } : {})
      .end(given.text);
  response.writeHead(given.status, { 'content-type': 'application/json' }).end(JSON.stringify(given.json));
}
