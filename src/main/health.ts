import { createServer } from 'node:http';
import { once } from 'node:events';
import { collectDefaultMetrics, register } from 'prom-client';
import { Refusal } from '../errors';
import type { Running } from './process';

/** `/healthz`, `/readyz` and `/metrics` of a worker or a runner; the bot serves its own. */
export async function serveHealth(spec: {
  readonly host: string;
  readonly port: number;
  /** One sentence for each thing that is missing; none when ready. */
  readonly notReady: () => readonly string[];
}): Promise<Running> {
  collectDefaultMetrics();
  const server = createServer((request, response) => {
    void answer(request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  const answer = async (path: string) => {
    if (path === '/metrics') return { status: 200, type: register.contentType, body: await register.metrics() };
    if (path === '/healthz') return { status: 200, type: 'text/plain', body: 'alive\n' };
    if (path !== '/readyz') return { status: 404, type: 'text/plain', body: 'not here\n' };
    const missing = spec.notReady();
    const status = missing.length === 0 ? 200 : 503;
    return { status, type: 'text/plain', body: missing.length === 0 ? 'ready\n' : `${missing.join('\n')}\n` };
  };
  server.listen(spec.port, spec.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Refusal(
      'setting_invalid',
      `${spec.host}:${spec.port} cannot be used for health and metrics (${(error as NodeJS.ErrnoException).code}); free it or set PORT to another.`,
    );
  }
  return {
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close').catch(() => undefined);
    },
  };
}
