import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/helpers/free-port';
import { reachable } from '../test/helpers/reachable';

/**
 * The dev server waits 50 ms on every hop and has the request limits of a laptop; neither is what is measured, so both
 * sides get it without them.
 */
export const temporalSettings = [
  'history.transferProcessorMaxPollRPS=5000',
  'history.timerProcessorMaxPollRPS=5000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'frontend.rps=20000',
  'frontend.namespaceRPS=20000',
  'frontend.namespaceBurstRatio=2',
  'frontend.persistenceMaxQPS=50000',
  'history.rps=50000',
  'history.persistenceMaxQPS=50000',
  'matching.rps=50000',
  'matching.persistenceMaxQPS=50000',
] as const;

export interface Servers {
  readonly temporalAddress: string;
  readonly redisUrl: string;
  readonly temporalPid: number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Ends a child with this process, whatever happens to it. */
export function endWithUs(child: ChildProcess): void {
  running.add(child);
}

/** A new Temporal and a new Redis, both in memory, for one stage. */
export async function startServers(): Promise<Servers> {
  const [temporalPort, redisPort] = [await freePort(), await freePort()];
  const { TEMPORAL_CLI, REDIS_SERVER } = process.env;
  if (!TEMPORAL_CLI || !REDIS_SERVER) throw new Error('Run the bench with `npm run bench`, which finds its servers.');
  const dynamic = temporalSettings.flatMap((value) => ['--dynamic-config-value', value]);
  const where = ['--headless', '--ip', '127.0.0.1', '--port', String(temporalPort), '--log-level', 'never'];
  const temporal = start(TEMPORAL_CLI, ['server', 'start-dev', ...where, ...dynamic]);
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const keep = ['--save', '', '--appendonly', 'yes', '--dir', folder, '--loglevel', 'warning'];
  const redis = start(REDIS_SERVER, ['--port', String(redisPort), '--bind', '127.0.0.1', ...keep]);
  await Promise.all([reachable(temporalPort), reachable(redisPort)]);
  return {
    temporalAddress: `127.0.0.1:${temporalPort}`,
    redisUrl: `redis://127.0.0.1:${redisPort}`,
    temporalPid: temporal.pid!,
    stop: async () => void (await Promise.all([end(temporal), end(redis)])),
  };
}

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  endWithUs(child);
  child.on('error', (error) => console.error(`${program} could not be started: ${error.message}`));
  return child;
}

/** Ends a process and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
