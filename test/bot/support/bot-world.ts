import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { LogLevel, WebClient } from '@slack/web-api';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { Redis } from 'ioredis';
import { createBot, type Bot } from '../../../bot/app';
import { defaultWaits, type BotDeps, type Catalogue } from '../../../bot/deps';
import { understandInstant } from '../../../src/commands/instant';
import { readTokens } from '../../../bot/tokens';
import type { OperationRequest } from '../../../src/operation/request';
import { defaultTimings, WORKER_QUEUE, type OperationInput } from '../../../workflows/contract';
import { openTemporal, type TestTemporal } from '../../helpers/temporal';
import { startSlackRules, type SlackRules, type SlackRulesOptions } from '../../slack-rules';
import type { Arrived } from './stand-in-workflows';
import { TcpProxy } from './tcp-proxy';

export const relayKey = 'relay-key-of-the-tests-0123456789abcdef';
export const personToken = 'token-of-ann';
export const machineToken = 'token-of-ci';
export const alertToken = 'token-of-alertmanager';
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

export const catalogue: Catalogue = {
  services: ['checkout', 'payments'],
  environments: ['staging', 'production'],
  runbooks: [
    {
      name: 'provision-node',
      about: 'Adds a node',
      folder: 'provision',
      inputs: {
        hostname: { type: 'string', pattern: '[a-z0-9-]+', help: 'What it is called' },
        join: { type: 'boolean', default: true },
      },
      lease: { usual: '1d', most: '7d' },
    },
    {
      name: 'drain',
      about: 'Takes hosts out of service.\nSlowly.',
      folder: 'hosts',
      inputs: {
        hosts: { type: 'list', items: { type: 'string' }, max: 3 },
        minutes: { type: 'integer', min: 1, max: 60, default: 10 },
        how: { type: 'choice', options: ['slow', 'fast'], default: 'slow' },
        where: { type: 'environment' },
      },
    },
    { name: 'secret-thing', folder: '', inputs: {} },
  ],
  handlers: [
    {
      name: 'deliver-service',
      folder: '',
      inputs: { service: { type: 'service' }, version: { type: 'version' } },
    },
  ],
  incidentChannel: '#incidents',
};

const workspace: SlackRulesOptions = {
  limits: { postBurst: 100 },
  users: [
    { id: 'U0ANN', name: 'ann' },
    { id: 'U0BOB', name: 'bob' },
  ],
  channels: [
    { id: 'C0DEPLOYS', name: 'deploys' },
    { id: 'C0INC', name: 'incidents' },
  ],
};

export interface BotWorld {
  readonly slack: SlackRules;
  /** The bot's own client, for posting cards as the app. */
  readonly web: WebClient;
  readonly temporal: TestTemporal;
  /** The bot's way to Temporal. */
  readonly line: TcpProxy;
  /** The bot's way to Redis. */
  readonly redisLine: TcpProxy;
  readonly bot: Bot;
  readonly log: string[];
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  /** Requests of all operations there are. */
  started(): Promise<OperationRequest[]>;
  arrived(id: string): Promise<Arrived[]>;
  close(): Promise<void>;
}

interface WorldOptions {
  readonly mode?: 'socket' | 'http';
  readonly redis?: boolean;
  readonly sockets?: number;
  readonly waits?: Partial<BotDeps['waits']>;
  readonly deps?: Partial<BotDeps>;
}

let bundled: Promise<{ code: string }> | undefined;

/** A real bot between a strict Slack and a real Temporal, with stand-in workflows behind it. */
export async function openBotWorld(options: WorldOptions = {}): Promise<BotWorld> {
  const [slack, temporal, line, redisLine] = await Promise.all([
    startSlackRules(workspace),
    openTemporal(),
    TcpProxy.to(process.env.TEST_TEMPORAL_ADDRESS!),
    TcpProxy.to(process.env.TEST_REDIS_URL!),
  ]);
  const connection = Connection.lazy({ address: line.address });
  const redis = options.redis === true ? redisOf(redisLine) : undefined;
  const log: string[] = [];
  const web = new WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logLevel: LogLevel.ERROR,
  });
  const bot = createBot({
    slack: {
      botToken: slack.botToken,
      apiUrl: slack.apiUrl,
      ...(options.mode === 'http'
        ? { mode: 'http', signingSecret: slack.signingSecret }
        : { mode: 'socket', appToken: slack.appToken, sockets: options.sockets ?? 1 }),
    },
    web,
    temporal: new Client({ connection, namespace: temporal.namespace }),
    ...(redis === undefined ? {} : { redis }),
    listen: { host: '127.0.0.1', port: 0 },
    relayKey,
    timings: defaultTimings,
    waits: { ...defaultWaits, stagger: 0, spillRetry: 300, ...options.waits },
    tokens: readTokens(
      `tokens:\n  - { sha256: ${hashOf(personToken)}, person: U0ANN }\n  - { sha256: ${hashOf(machineToken)}, machine: ci, via: webhook, may: [deploy] }\n  - { sha256: ${hashOf(alertToken)}, machine: alertmanager, via: webhook, may: [runbook.run] }\n`,
    ),
    render: {},
    catalogue: () => Promise.resolve(catalogue),
    explain: (asked) =>
      Promise.resolve([
        {
          sentence: `Two people of security_team would have to agree on ${asked.service}.`,
          place: 'policy.yaml:7',
          url: 'https://git.example/policy.yaml#L7',
        },
      ]),
    understand: ({ text }) => Promise.resolve(understandInstant({ text, now: new Date(), zone: 'Europe/Berlin' })),
    whatIf: ({ request, when }) =>
      Promise.resolve(
        when === 'never'
          ? { ok: false, problem: '"never" is not an instant that Signalbox understands.' }
          : { ok: true, lines: [{ sentence: `A ${request.kind} of ${request.version} was judged for ${when}.` }] },
      ),
    mayRequest: () => Promise.resolve((kind) => kind !== 'provision'),
    mayRun: () => Promise.resolve((runbook) => runbook !== 'secret-thing'),
    teamsOf: () => Promise.resolve(['security_team']),
    now: () => new Date(),
    log: logOn(log),
    ...options.deps,
  });
  await bot.start();
  if (options.mode === 'http') slack.useHttp(`${bot.url}/slack/events`);
  else await slack.waitForSocket(options.sockets ?? 1);
  let running: { readonly worker: Worker; readonly done: Promise<void> } | undefined;
  const stopWorker = async () => {
    running?.worker.shutdown();
    await running?.done;
    running = undefined;
  };
  return {
    slack,
    web,
    temporal,
    line,
    redisLine,
    bot,
    log,
    stopWorker,
    async startWorker() {
      bundled ??= bundleWorkflowCode({ workflowsPath: join(__dirname, 'stand-in-workflows.ts'), logger: quiet });
      const worker = await Worker.create({
        connection: temporal.connection,
        namespace: temporal.namespace,
        taskQueue: WORKER_QUEUE,
        workflowBundle: await bundled,
      });
      running = { worker, done: worker.run() };
    },
    started: () => startedIn(temporal),
    arrived: (id) => temporal.client.workflow.getHandle(id).query<Arrived[]>('arrived'),
    async close() {
      await bot.stop();
      await stopWorker();
      redis?.commands.disconnect();
      redis?.blocking.disconnect();
      // The client tries a call that was cut off once more; on a closed connection that try would throw.
      if (line.wasCut) await new Promise((resolve) => setTimeout(resolve, 1_500));
      await connection.close();
      await Promise.all([slack.stop(), line.stop(), redisLine.stop()]);
      await temporal.close();
    },
  };
}

function redisOf(line: TcpProxy) {
  const [host, port] = line.address.split(':');
  const at = { host: host!, port: Number(port), retryStrategy: () => 100 };
  const commands = new Redis({ ...at, enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  const blocking = new Redis({ ...at, maxRetriesPerRequest: null });
  for (const client of [commands, blocking]) client.on('error', () => undefined);
  return { commands, blocking, prefix: `test-${randomUUID().slice(0, 8)}` };
}

/** Read from history, so that no worker is needed; tried for a while, because visibility lags behind. */
async function startedIn(temporal: TestTemporal): Promise<OperationRequest[]> {
  const requests: OperationRequest[] = [];
  for await (const info of temporal.client.workflow.list({ query: "WorkflowType = 'operation'" })) {
    const history = await temporal.client.workflow.getHandle(info.workflowId).fetchHistory();
    const payload = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    requests.push((JSON.parse(Buffer.from(payload!.data!).toString()) as OperationInput).request.body);
  }
  return requests;
}

/** Waits until the look gives something; each look is a call, so it waits a little between them. */
export async function eventually<Value>(look: () => Promise<Value | undefined | false>, ms = 20_000): Promise<Value> {
  const until = Date.now() + ms;
  for (;;) {
    const value = await look().catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
    if (value !== undefined && value !== false) return value;
    if (Date.now() > until) throw new Error(`it did not come about within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const quiet = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function logOn(lines: string[]): BotDeps['log'] {
  const write = (level: string) => (given: unknown, text?: string) => {
    const error = (given as { err?: Error }).err;
    lines.push(`${level} ${text ?? ''} ${error?.stack ?? ''}`);
  };
  const made = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return made as unknown as BotDeps['log'];
}
