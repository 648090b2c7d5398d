import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { reachable } from './reachable';

declare global {
  var signalboxChildren: ChildProcess[];
}

/** Starts one Temporal dev server and one Redis for the whole run; addresses travel in process.env. */
export default async function globalSetup(): Promise<void> {
  globalThis.signalboxChildren = [];
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-test-'));
  const [temporalPort, redisPort] = [await freePort(), await freePort()];
  const temporal = process.env.TEMPORAL_CLI;
  const redis = process.env.REDIS_SERVER ?? 'redis-server';
  if (!temporal) throw new Error('TEMPORAL_CLI is not set: run the tests with `npm test`, which finds or builds it.');
  start(temporal, [
    'server',
    'start-dev',
    '--headless',
    '--ip',
    '127.0.0.1',
    '--port',
    String(temporalPort),
    '--log-level',
    'error',
    ...[
      'history.transferProcessorMaxPollRPS=5000',
      'history.timerProcessorMaxPollRPS=5000',
      'matching.numTaskqueueReadPartitions=1',
      'matching.numTaskqueueWritePartitions=1',
    ].flatMap((value) => ['--dynamic-config-value', value]),
    ...[
      'Kind=Keyword',
      'State=Keyword',
      'Service=Keyword',
      'Environment=Keyword',
      'Requester=Keyword',
      'WaitingFor=KeywordList',
    ].flatMap((attribute) => ['--search-attribute', `Signalbox${attribute}`]),
  ]);
  start(redis, [
    '--port',
    String(redisPort),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'yes',
    '--dir',
    folder,
    '--loglevel',
    'warning',
  ]);
  await Promise.all([reachable(temporalPort), reachable(redisPort)]);
  process.env.TEST_TEMPORAL_ADDRESS = `127.0.0.1:${temporalPort}`;
  process.env.TEST_REDIS_URL = `redis://127.0.0.1:${redisPort}`;
}

function start(program: string, args: string[]): void {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  child.on('error', (error) => console.error(`${program} could not be started: ${error.message}`));
  globalThis.signalboxChildren.push(child);
}
