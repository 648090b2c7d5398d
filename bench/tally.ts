import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The server that steps call. It notes when each call came. */
export interface Tally {
  readonly port: number;
  /** From now on each call of `/each` is answered after so long, ms. */
  eachTakes(ms: number): void;
  /** Forgets what came so far; resolves with the instants (ms) once so many calls have come. */
  await(count: number, timeoutMs: number): Promise<readonly number[]>;
  close(): void;
}

export async function startTally(): Promise<Tally> {
  let times: number[] = [];
  let enough: (() => void) | undefined;
  let eachMs = 0;
  const server = createServer((request, response) => {
    request.resume();
    const { url = '' } = request;
    const many = /\/targets\/(\d+)$/.exec(url)?.[1];
    const answer = (body: unknown): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (many !== undefined) return answer(Array.from({ length: Number(many) }, (_, index) => `host-${index}`));
    times.push(performance.now());
    if (url.includes('/each/') && eachMs > 0) setTimeout(() => answer({}), eachMs);
    else answer({});
    enough?.();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    eachTakes: (ms) => void (eachMs = ms),
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
