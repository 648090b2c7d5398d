import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../lib/build.mjs';
import { answers, freePort, isReady, pickPort, until } from '../lib/ports.mjs';
import { inRoot, run } from '../lib/run.mjs';
import { say, Stop } from '../lib/say.mjs';
import { ensurePackages, ensureRedis, ensureTemporal } from '../lib/setup.mjs';
import { ensureKeys, readKey } from './keys.mjs';
import { ensureLedger, ensurePolicy } from './repositories.mjs';

/** The demo's processes, and what each is started with. */

const START_LIMIT_MS = 60_000;
/** Waits of the demo, ms: seconds where a company has minutes, so that it goes on soon after a kill. */
const timings = { deliveryMs: 20_000, lastDeliveryMs: 60_000, heartbeatMs: 5_000, livenessMs: 5_000, recordMs: 60_000 };
export const programs = ['bot', 'worker', 'runner'];
const companyFile = inRoot('scripts/slack-proxy/company.json');
export const company = JSON.parse(readFileSync(companyFile, 'utf8'));

/** Sets everything up and starts it; resolves when all of it answers. `{ urls, env, pids }`. */
export async function startWorld({ folder, supervisor }) {
  await ensurePackages();
  const slack = chooseSlack();
  const temporal = await ensureTemporal();
  const redis = await ensureRedis();
  if (!redis) say('There is no Redis here, so the queues are embedded: one bot, and no spill while Temporal is away.');
  await build();
  requirePrograms();

  const ports = await pickPorts({ redis, slack });
  const keys = ensureKeys(join(folder, 'keys'));
  const fleetUrl = `http://127.0.0.1:${ports.fleet}`;
  const policy = join(folder, 'policy.git');
  const ledger = join(folder, 'ledger.git');
  await Promise.all([ensurePolicy({ path: policy, fleetUrl }), ensureLedger(ledger)]);

  const urls = {
    slack: slack.kind === 'local' ? `http://127.0.0.1:${ports.slack}` : undefined,
    temporal: `http://127.0.0.1:${ports.temporalUi}`,
    fleet: fleetUrl,
    bot: `http://127.0.0.1:${ports.bot}`,
    policy,
    ledger,
  };
  const env = settings({ folder, ports, keys, urls, redis, slack });
  say('Starting Temporal, Redis, Slack and the fleet.');
  startNeighbours({ supervisor, folder, ports, temporal, redis, slack });
  const adopted = adoptRunningVersions({ folder, env });
  say('Starting bot, worker and runner.');
  for (const name of programs)
    supervisor.start({
      name,
      program: process.execPath,
      args: ['--enable-source-maps', inRoot(`dist/src/main/${name}.js`)],
      env: { ...env, PORT: String(ports[name]) },
    });
  await neighboursAnswer({ supervisor, ports, redis, slack, fleetUrl });
  for (const name of programs) await ready(supervisor, name, () => isReady(`http://127.0.0.1:${ports[name]}/readyz`));
  await adopted;
  return { urls, env, ports, isolated: slack.kind === 'local' ? isolation(supervisor) : undefined };
}

/** A workspace of your own when its tokens are set; else local-slack, which exists for Linux on x64 only. */
function chooseSlack() {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = process.env;
  if (botToken && appToken) return { kind: 'workspace', botToken, appToken };
  if (existsSync(inRoot('node_modules/local-slack-linux-x64/bin/local-slack')))
    return { kind: 'local', ...company.app };
  throw new Stop(
    `The demo's own Slack runs on Linux x64 only, and this is ${process.platform} ${process.arch}: create an app in a real workspace ` +
      'from manifest.yml (https://api.slack.com/apps, "From a manifest"), set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, and run `npm run demo` again.',
  );
}

function requirePrograms() {
  const missing = programs.filter((name) => !existsSync(inRoot(`dist/src/main/${name}.js`)));
  if (missing.length > 0)
    throw new Stop(`The build made no ${missing.join(', ')}: delete dist and run \`npm run build\`.`);
}

async function pickPorts({ redis, slack }) {
  return {
    temporal: await pickPort(7233, 'Temporal'),
    temporalUi: await pickPort(8233, "Temporal's Web UI"),
    ...(slack.kind === 'local' ? { slack: await pickPort(3100, 'Slack') } : {}),
    ...(redis?.server ? { redis: await freePort() } : {}),
    fleet: await pickPort(3200, 'the fleet'),
    bot: await pickPort(3000, 'the bot'),
    worker: await pickPort(3001, 'the worker'),
    runner: await pickPort(3002, 'the runner'),
  };
}

function startNeighbours({ supervisor, folder, ports, temporal, redis, slack }) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...(process.env.TZ ? { TZ: process.env.TZ } : {}) };
  const folderOf = (name) => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  supervisor.start({ name: 'temporal', program: temporal, args: temporalArguments(ports, folderOf('temporal')), env });
  if (redis?.server)
    supervisor.start({ name: 'redis', program: redis.server, args: redisArguments(ports, folderOf('redis')), env });
  if (slack.kind === 'local')
    supervisor.start({
      name: 'slack',
      program: process.execPath,
      args: [inRoot('scripts/slack-proxy/main.mjs'), String(ports.slack), companyFile, folderOf('slack')],
      env,
    });
  supervisor.start({
    name: 'fleet',
    program: process.execPath,
    args: [inRoot('dist/examples/fleet/main.js'), String(ports.fleet), folderOf('fleet')],
    env,
  });
}

/** The dev server waits 50 ms at every hop by default and stalls now and then; these lift that. */
function temporalArguments(ports, folder) {
  const dynamic = [
    'history.transferProcessorMaxPollRPS=5000',
    'history.timerProcessorMaxPollRPS=5000',
    'matching.numTaskqueueReadPartitions=1',
    'matching.numTaskqueueWritePartitions=1',
  ];
  return [
    ...[
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      ports.temporal,
      '--ui-ip',
      '127.0.0.1',
      '--ui-port',
      ports.temporalUi,
    ],
    ...['--db-filename', join(folder, 'temporal.db'), '--log-level', 'warn'],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...dynamic.flatMap((value) => ['--dynamic-config-value', value]),
  ].map(String);
}

function redisArguments(ports, folder) {
  return [
    '--port',
    ports.redis,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--appendonly',
    'yes',
    '--save',
    '',
    '--loglevel',
    'warning',
    '--maxmemory-policy',
    'noeviction',
  ].map(String);
}

async function neighboursAnswer({ supervisor, ports, redis, slack, fleetUrl }) {
  await ready(supervisor, 'temporal', () => answers(ports.temporal));
  if (redis?.server) await ready(supervisor, 'redis', () => answers(ports.redis));
  if (slack.kind === 'local')
    await ready(supervisor, 'slack', () => isReady(`http://127.0.0.1:${ports.slack}/_control/state`));
  await ready(supervisor, 'fleet', () => isReady(`${fleetUrl}/healthz`));
}

async function ready(supervisor, name, question) {
  const answered = await until(async () => supervisor.gaveUp(name) || (await question()), START_LIMIT_MS);
  if (supervisor.gaveUp(name)) throw new Stop(`${name} refused its settings:\n${supervisor.lastWords(name)}`);
  if (answered) return;
  throw new Stop(
    `${name} did not get ready within ${START_LIMIT_MS / 1000} s; its log is ${supervisor.logOf(name)} and ends with:\n${supervisor.lastWords(name)}`,
  );
}

/** Nothing but environment variables reaches the programs, as anywhere else. */
function settings({ folder, ports, keys, urls, redis, slack }) {
  const tokens = join(folder, 'tokens.yaml');
  writeFileSync(tokens, tokensFile(readKey(keys.TOKEN)), { mode: 0o600 });
  const redisUrl = redis?.url ?? (redis?.server ? `redis://127.0.0.1:${ports.redis}` : undefined);
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ...(process.env.TZ ? { TZ: process.env.TZ } : {}),
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    // The demo's own Slack limits nothing.
    ...(urls.slack ? { SLACK_API_URL: `${urls.slack}/api/`, SLACK_RATE_SCALE: '20', SLACK_SOCKETS: '2' } : {}),
    TIMINGS: JSON.stringify(timings),
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
    TEMPORAL_UI_URL: urls.temporal,
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
    POLICY_REPO: urls.policy,
    POLICY_POLL_MS: '2000',
    LEDGER_REPO: urls.ledger,
    LEDGER_KEY_FILE: keys.LEDGER_KEY,
    RELAY_KEY_FILE: keys.RELAY_KEY,
    BLOB_STORE: join(folder, 'blobs'),
    BLOB_KEY_FILE: keys.BLOB_KEY,
    DATA_DIR: join(folder, 'data'),
    TOKENS_FILE: tokens,
    RUNNER_PROGRAMS: allowedPrograms(folder),
    HOST: '127.0.0.1',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
  };
}

/** The one program that steps may run here: its file, as any runner has one. */
function allowedPrograms(folder) {
  const file = join(folder, 'programs.yaml');
  const emptyCache = { path: process.execPath, args: [inRoot('examples/programs/empty-cache.mjs')], repeat: 'safe' };
  writeFileSync(file, JSON.stringify({ programs: { 'empty-cache': emptyCache } }, null, 2));
  return file;
}

/** Whose token the demo's own command line calls carry: its hash, as in any such file. */
function tokensFile(token) {
  const sha256 = createHash('sha256').update(token).digest('hex');
  return `tokens:\n  - sha256: ${sha256}\n    person: ${company.people.operator}\n`;
}

/** Records what the fleet runs before anything is deployed, so that the first rollback has a target. */
async function adoptRunningVersions({ folder, env }) {
  const done = join(folder, 'adopted');
  if (existsSync(done)) return;
  const cli = inRoot('dist/src/main/cli.js');
  for (const service of company.adopt) {
    const adopted = await run(
      process.execPath,
      [cli, 'adopt', service.name, service.version, 'in', service.environment],
      { env, limitMs: 60_000 },
    );
    if (adopted.code !== 0)
      return say(`The running versions could not be recorded: ${(adopted.stderr || adopted.stdout).trim()}`);
  }
  writeFileSync(done, '');
  say('Recorded the versions that already run, so that the first rollback has a target.');
}

/** What the proxy said about its own safety. */
function isolation(supervisor) {
  const log = readFileSync(supervisor.logOf('slack'), 'utf8');
  return /"isolated":true/.test(log);
}
