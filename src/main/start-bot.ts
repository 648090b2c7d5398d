import { readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { createLocalPacer } from '../../activities/adapters/pacer-local';
import { createRedisPacer } from '../../activities/adapters/pacer-redis';
import { defaultLimits, type Pacer } from '../../activities/adapters/pacer';
import { createSlackClient } from '../../activities/adapters/slack-client';
import { createLocalSlotMemory, createRedisSlotMemory } from '../../activities/adapters/slot-memory';
import { withHeartbeats } from '../../activities/heartbeat';
import { heldBack, heldBackMs } from '../../activities/worker/held-back';
import { createSlackSide, type SlackSide } from '../../activities/slack';
import { readAuthenticators } from '../../bot/authenticators-file';
import { createBot } from '../../bot/app';
import { defaultWaits, type SlackTransport } from '../../bot/deps';
import { noTokens, readTokens } from '../../bot/tokens';
import { SLACK_QUEUE } from '../../workflows/contract';
import type { Config } from '../config';
import { Refusal } from '../errors';
import { linkTemplateOf } from '../policy/source-link';
import { createAsking } from './asking';
import { infrastructureReader } from './infrastructure-reader';
import { healthOf, holdingNow } from './holding';
import { openLogs } from './log-stores';
import { needs } from './needs';
import type { Running, Start } from './process';
import { runWorker } from './run-worker';
import { openLedgerReader, openPolicy } from './stores';
import { temporalClient, workerConnection } from './temporal';
import { readTimings } from './timings';

export const botNeeds = needs.bot;

/** Slack and the command line in, Slack out. It starts while Slack, Temporal and Redis are away. */
export const startBot: Start = async ({ config, log }) => {
  const redis = openRedis(config, log);
  const pacer = openPacer(config, log);
  const web = createSlackClient({ token: config.SLACK_BOT_TOKEN!, apiUrl: config.SLACK_API_URL });
  const ledger = await openLedgerReader(config, 'bot');
  const policy = await openPolicy(config, { purpose: 'bot', ledger });
  await policy.source.refresh();
  const temporal = temporalClient(config);
  const render = renderOf(config);
  const side = createSlackSide({
    client: web,
    pacer,
    relayKey: config.RELAY_KEY,
    ui: render,
    slots: redis ? createRedisSlotMemory(redis.commands, { prefix: config.REDIS_PREFIX }) : createLocalSlotMemory(),
  });
  const messages = serveSlackQueue(config, log, side);
  const { whyNotRead, ...asking } = createAsking({
    policy: policy.source,
    ledger,
    groupsOf: async (user) => (await side.activities.whoIs({ user })).groups,
    standingOf: async (user) => (await side.activities.whoIs({ user })).standing,
    heldBack: (about) => heldBack({ client: temporal, waitMs: heldBackMs }, about),
    policyUrl: render.policyUrl,
    now: () => new Date(),
  });
  const bot = createBot({
    slack: { ...transportOf(config), botToken: config.SLACK_BOT_TOKEN!, apiUrl: config.SLACK_API_URL },
    web,
    temporal,
    ...(redis ? { redis: { ...redis, prefix: config.REDIS_PREFIX } } : {}),
    listen: { host: config.HOST, port: config.PORT },
    relayKey: config.RELAY_KEY,
    timings: readTimings(config.TIMINGS),
    waits: defaultWaits,
    tokens: config.TOKENS_FILE === undefined ? noTokens : readTokens(readFileSync(config.TOKENS_FILE, 'utf8')),
    ...(config.SECOND_FACTORS_FILE === undefined ? {} : { secondFactorsFile: usableFile(config.SECOND_FACTORS_FILE) }),
    render,
    ...asking,
    logs: {
      store: openLogs(config),
      whyNotRead,
      ...(config.PUBLIC_URL === undefined ? {} : { publicUrl: config.PUBLIC_URL }),
    },
    resources: () => ledger.resources({ maxAgeMs: 2_000 }),
    infrastructure: infrastructureReader({ policy, ledger, ref: config.POLICY_REF }),
    policyHealth: () => healthOf(policy.source.known()),
    holding: () => holdingNow(policy.source, new Date()),
    known: (user) => side.known(user),
    meet: (user) => void side.activities.whoIs({ user }).catch(() => undefined),
    workspaceChanged: () => side.forget(),
    notReady: async () => (messages.isRunning() ? [] : ['Temporal does not answer yet, so no card can be shown.']),
    now: () => new Date(),
    log,
  });
  await startListening(bot, config);
  return {
    async stop() {
      await bot.stop();
      await messages.stop();
      await policy.stop();
      await ledger.close();
      await pacer.close();
      redis?.commands.disconnect();
      redis?.blocking.disconnect();
      await temporal.connection.close();
    },
  };
};

async function startListening(bot: { start(): Promise<void> }, config: Config): Promise<void> {
  try {
    await bot.start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    throw new Refusal(
      'setting_invalid',
      `${config.HOST}:${config.PORT} cannot be used (${code}); free it or set PORT to another.`,
    );
  }
}

function renderOf(config: Config) {
  const policyUrl = config.POLICY_WEB_URL ?? linkTemplateOf(config.POLICY_REPO);
  return {
    ...(policyUrl ? { policyUrl } : {}),
    temporalUiUrl: config.TEMPORAL_UI_URL,
    namespace: config.TEMPORAL_NAMESPACE,
    dateTokens: config.SLACK_DATE_TOKENS,
  };
}

/** The file itself is read at each look; one that cannot be used at all is better known at the start. */
function usableFile(file: string): string {
  readAuthenticators(file);
  return file;
}

/** The Slack queue's worker comes up as soon as Temporal answers; the bot takes commands before that. */
function serveSlackQueue(config: Config, log: Logger, side: SlackSide): Running & { isRunning(): boolean } {
  let running: Running | undefined;
  let stopped = false;
  const starting = (async () => {
    const connection = await workerConnection(config, (sentence) => log.warn(sentence));
    if (stopped) return connection.close();
    const worker = await Worker.create({
      connection,
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: SLACK_QUEUE,
      activities: withHeartbeats(side.activities),
      // Most of them wait for Slack's budgets; a voter must not wait behind 100 cards that do.
      maxConcurrentActivityTaskExecutions: 2_000,
      shutdownGraceTime: '10 seconds',
      shutdownForceTime: '15 seconds',
    });
    running = runWorker({ worker, log, onStopped: () => connection.close() });
  })();
  starting.catch((error: unknown) => {
    log.fatal({ err: error }, 'the Slack queue cannot be served');
    process.exit(1);
  });
  return {
    isRunning: () => running !== undefined,
    async stop() {
      stopped = true;
      await running?.stop();
    },
  };
}

function transportOf(config: Config): SlackTransport {
  if (config.SLACK_APP_TOKEN)
    return { mode: 'socket', appToken: config.SLACK_APP_TOKEN, sockets: config.SLACK_SOCKETS };
  if (config.SLACK_SIGNING_SECRET) return { mode: 'http', signingSecret: config.SLACK_SIGNING_SECRET };
  throw new Refusal(
    'setting_invalid',
    'Slack cannot reach the bot: set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET and PORT for HTTP.',
  );
}

function openRedis(config: Config, log: Logger) {
  if (config.REDIS_URL === undefined) {
    log.warn(
      'REDIS_URL is not set: messages are paced in this process alone and nothing is kept while Temporal is away. That is fine for one bot and one worker.',
    );
    return undefined;
  }
  const away = { said: false };
  const client = (options: object): Redis => {
    const redis = new Redis(config.REDIS_URL!, { connectTimeout: 2_000, ...options });
    redis.on('error', (error) => {
      if (!away.said)
        log.warn({ reason: error.message }, 'Redis does not answer; going on without it until it is back');
      away.said = true;
    });
    redis.on('ready', () => (away.said = false));
    return redis;
  };
  return {
    commands: client({ enableOfflineQueue: false, maxRetriesPerRequest: 1 }),
    blocking: client({ maxRetriesPerRequest: null }),
  };
}

function openPacer(config: Config, log: Logger): Pacer {
  const limits = { ...defaultLimits, scale: config.SLACK_RATE_SCALE };
  if (config.REDIS_URL === undefined) return createLocalPacer(limits);
  return createRedisPacer({
    url: config.REDIS_URL,
    limits,
    prefix: config.REDIS_PREFIX,
    warn: (message) => log.warn(message),
  });
}
