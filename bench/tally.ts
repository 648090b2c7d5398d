import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The server that steps call. It notes when each call came. */
export interface Tally {
  readonly port: number;
  /** Forgets what came so far; resolves with the instants (ms) once so many calls have come. */
  await(count: number, timeoutMs: number): Promise<readonly number[]>;
  close(): void;
}

export async function startTally(): Promise<Tally> {
  let times: number[] = [];
  let enough: (() => void) | undefined;
  const server = createServer((request, response) => {
    times.push(performance.now());
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    enough?.();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    await(count, timeoutMs) {
      times = [];
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${times.length} of ${count} calls came.`)), timeoutMs);
        enough = () => {
          if (times.length < count) return;
          clearTimeout(timer);
          enough = undefined;
          resolve(times);
        };
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
