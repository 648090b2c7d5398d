import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port';
import { reachable } from './reachable';

/** A Temporal server of one's own that suggests beginning anew after so few events. */
export async function startShortHistory(events: number): Promise<{
  readonly address: string;
  stop(): Promise<void>;
}> {
  const port = await freePort();
  const where = ['--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'never'];
  const short = ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${events}`];
  const server = spawn(process.env.TEMPORAL_CLI!, ['server', 'start-dev', ...where, ...short], { stdio: 'ignore' });
  await reachable(port);
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    },
  };
}
