import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examplePolicy, openCompany, startAll, type Company } from './company';
import { freePort } from './free-port';
import { childrenOf, commandOf, isAlive, knownProcess, type KnownProcess } from './process-family';
import { eventually } from './temporal';

export const victims = ['bot', 'worker', 'runner', 'redis', 'temporal'] as const;
export type Victim = (typeof victims)[number];

/** A company of which everything can be killed: its Temporal server and its Redis are its own, on disk. */
export interface FaultyCompany extends Company {
  /** `kill -9` of one process, at once. */
  strike(victim: Victim): Promise<void>;
  /** Starts it again, on the same port and data; resolves when it answers. */
  bringBack(victim: Victim): Promise<void>;
  /** Command lines of what killed processes had started and that still runs. */
  orphans(): readonly string[];
}

export async function openFaultyCompany(): Promise<FaultyCompany> {
  const temporal = await startServer('temporal', (port, folder) => [
    process.env.TEMPORAL_CLI!,
    ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--log-level', 'never'],
    ...['--port', String(port), '--db-filename', join(folder, 'temporal.db')],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...[
      'history.transferProcessorMaxPollRPS=5000',
      'history.timerProcessorMaxPollRPS=5000',
      'matching.numTaskqueueReadPartitions=1',
      'matching.numTaskqueueWritePartitions=1',
    ].flatMap((value) => ['--dynamic-config-value', value]),
  ]);
  const redis = await startServer('redis', (port, folder) => [
    process.env.REDIS_SERVER ?? 'redis-server',
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'yes', '--loglevel', 'warning'],
  ]);
  const company = await openCompany({
    redisUrl: `redis://127.0.0.1:${redis.port}`,
    temporalAddress: `127.0.0.1:${temporal.port}`,
    policy: quickPolicy(),
    // Light traffic: the machine has enough to do. The faulty version is slow and fails at this rate too.
    fleet: { intervals: { requestsPerSecond: 10, windowMs: 3_000 } },
    env: { SLACK_RATE_SCALE: '20' },
  });
  await company.adopt({ service: 'checkout', version: 'v2.3.0', environment: 'production' });
  await startAll(company);
  const servers = { temporal, redis };
  const left: KnownProcess[] = [];
  return {
    ...company,
    async strike(victim) {
      if (victim === 'temporal' || victim === 'redis') return servers[victim].kill();
      left.push(...childrenOf(company.pid(victim)).flatMap((child) => knownProcess(child) ?? []));
      await company.kill(victim);
    },
    bringBack: (victim) =>
      victim === 'temporal' || victim === 'redis' ? servers[victim].start() : company.start(victim),
    orphans: () => left.filter(isAlive).map(({ pid }) => commandOf(pid)),
    async close() {
      await company.close();
      await Promise.all([temporal.kill(), redis.kill()]);
    },
  };
}

/** The example company with seconds where it has ten. */
function quickPolicy(): { [path: string]: string } {
  const files = examplePolicy(0);
  const changed = (path: string, ...changes: readonly (readonly [from: string, to: string])[]) => {
    let text = files[path]!;
    for (const [from, to] of changes) {
      if (!text.includes(from)) throw new Error(`${path} no longer says "${from}"`);
      text = text.replaceAll(from, to);
    }
    return { [path]: text };
  };
  return {
    ...changed('deployments/checkout.yaml', ['duration: 8s', 'duration: 2s'], ['duration: 4s', 'duration: 1s']),
    ...changed('policy.yaml', ['watch: 10s', 'watch: 1s']),
  };
}

interface Server {
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
}

async function startServer(
  name: string,
  command: (port: number, folder: string) => readonly string[],
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), `signalbox-${name}-`));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const server: Server = {
    port,
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async start() {
      const [program, ...args] = command(port, folder);
      child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      await eventually(() => reachable(port), 30_000);
    },
  };
  await server.start();
  return server;
}

async function reachable(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
