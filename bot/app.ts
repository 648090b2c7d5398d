import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { App, LogLevel, type Logger as BoltLogger, type Receiver, type ReceiverEvent } from '@slack/bolt';
import type { AnswerDeps } from './answers';
import type { BotDeps } from './deps';
import { startRelayedIncident, startRelayedOperation } from './intake';
import { serveApi } from './http-api';
import { declareIncident } from './incidents';
import { registerListeners } from './listeners';
import { InFlight } from './in-flight';
import { addPolicyGauges, botMetrics, type BotMetrics } from './metrics';
import { policyAge } from '../src/policy/policy-health';
import { secondFactors } from './second-factors';
import { slackHttp } from './slack-http';
import { SupervisedSocket } from './sockets';
import { serveLog } from './log-links';
import { openSpill, type Kept, type Spill, type SpillOutcome } from './spill';
import { plainMessage, tellPrivately } from './tell';
import { signalTo } from './relaying';
import { isAway, isGone, within } from './temporal';
import { Turns } from './turns';
import { startOf } from './votes';
import { isRelayed, relay } from '../src/operation/relay';
import type { Relayed } from '../src/operation/request';
import { ACT_SIGNAL, VOTE_SIGNAL } from '../workflows/contract';

export interface Bot {
  readonly app: App;
  /** Address of the HTTP listener once started: `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Begins to listen and to connect. Slack, Temporal and Redis may all be away: each is tried until it is back. */
  start(): Promise<void>;
  /** Lets what is being handled be acknowledged and answered (bounded by `waits.answer`), then closes what it opened. */
  stop(): Promise<void>;
}

/** Slack's bound for an acknowledgement. */
const acknowledgeMs = 3_000;

/** More than this and Temporal gets slower for each; measured with the bench. */
const startsAtOnce = 32;

/** The bot: Slack, the command line and webhooks in, Temporal out. */
export function createBot(given: BotDeps): Bot {
  const spill = openSpill(given);
  const sockets: SupervisedSocket[] = [];
  const metrics = botMetrics(() => sockets.filter((socket) => socket.connected).length);
  addPolicyGauges(metrics.registry, () => deps.policyHealth?.());
  const deps: AnswerDeps = {
    ...given,
    ...(spill === undefined ? {} : { spill }),
    secondFactors: secondFactors(given),
    turns: new Turns(startsAtOnce),
    count: metrics.handedOver,
  };
  const boltLogger = boltLoggerOn(deps.log);
  const app = boltApp(deps, boltLogger);
  registerListeners(app, deps);
  const inFlight = new InFlight();
  const intake = {
    processEvent: (event: ReceiverEvent) =>
      inFlight.track(app.processEvent({ ...event, ack: calmAck(deps, event.ack) })),
  };
  const server = httpServer(deps, { metrics, app: intake, boltLogger, sockets, inFlight });
  return {
    app,
    get url() {
      const { address, port } = server.address() as AddressInfo;
      return `http://${address}:${port}`;
    },
    async start() {
      server.listen(deps.listen.port, deps.listen.host);
      await once(server, 'listening');
      if (spill !== undefined) drain(deps, spill);
      const { slack, waits, log } = deps;
      if (slack.mode !== 'socket') return;
      for (let index = 0; index < slack.sockets; index += 1) {
        const { appToken, apiUrl } = slack;
        const parts = { appToken, apiUrl, app: intake, boltLogger, log, supervise: waits.supervise };
        const socket = new SupervisedSocket(parts);
        sockets.push(socket);
        socket.start(index * waits.stagger);
      }
    },
    async stop() {
      server.close();
      server.closeIdleConnections();
      // First what is not acknowledged yet, while its connection is still there; then what people still wait for.
      await inFlight.settle(acknowledgeMs);
      await Promise.all(sockets.map((socket) => socket.stop()));
      await inFlight.settle(deps.waits.answer);
      await spill?.close();
      server.closeAllConnections();
    },
  };
}

/** Receivers come and go with their connections, so the app itself has none. */
const noReceiver: Receiver = {
  init: () => undefined,
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

function boltApp(deps: AnswerDeps, logger: BoltLogger): App {
  const { botToken, apiUrl } = deps.slack;
  const app = new App({
    receiver: noReceiver,
    logger,
    // Not `token`: that would ask Slack at once, and a bot that starts while Slack is away would not start.
    authorize: () => Promise.resolve({ botToken }),
    // Bolt would remember something about every conversation; nothing here asks it to.
    convoStore: false,
    clientOptions: { ...(apiUrl && { slackApiUrl: apiUrl }), retryConfig: { retries: 0 }, timeout: 10_000 },
  });
  app.error(async (error) => {
    deps.log.error({ err: error }, 'Bolt could not handle a delivery');
  });
  return app;
}

/** An acknowledgement that cannot be sent any more changes nothing: what it was about is handed over already. */
function calmAck(deps: Pick<BotDeps, 'log'>, ack: ReceiverEvent['ack']): ReceiverEvent['ack'] {
  return async (response) => {
    try {
      await ack(response);
    } catch (error) {
      deps.log.warn({ err: error }, 'an acknowledgement could not be sent');
    }
  };
}

function httpServer(
  deps: AnswerDeps,
  parts: {
    readonly metrics: BotMetrics;
    readonly app: Pick<App, 'processEvent'>;
    readonly boltLogger: BoltLogger;
    readonly sockets: readonly SupervisedSocket[];
    readonly inFlight: InFlight;
  },
): Server {
  const { slack } = deps;
  const fromSlack =
    slack.mode === 'http' ? slackHttp(deps, { ...parts, signingSecret: slack.signingSecret }) : undefined;
  const apiDeps = { ...deps, countRequest: parts.metrics.request };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/slack/events' && request.method === 'POST' && fromSlack) return fromSlack(request, response);
    if (await serveApi(apiDeps, request, response)) return;
    if (await serveLog(deps, request, response)) return;
    request.resume();
    if (path === '/healthz') return send(response, 200, { ok: true });
    if (path === '/readyz') return ready(deps, parts.sockets, response);
    if (path === '/metrics') {
      const text = await parts.metrics.registry.metrics();
      response.writeHead(200, { 'content-type': parts.metrics.registry.contentType }).end(text);
      return;
    }
    send(response, 404, { error: { code: 'not_found', message: `There is nothing at ${path}.` } });
  };
  return createServer((request, response) => {
    parts.inFlight.track(serve(request, response)).catch((error: unknown) => {
      deps.log.error({ err: error }, 'a request failed');
      if (response.headersSent) response.destroy();
      else
        send(response, 500, {
          error: { code: 'internal', message: 'Something broke on our side; the log says what.' },
        });
    });
  });
}

async function ready(deps: AnswerDeps, sockets: readonly SupervisedSocket[], response: ServerResponse): Promise<void> {
  const missing = [...((await deps.notReady?.()) ?? [])];
  if (deps.slack.mode === 'socket' && !sockets.some((socket) => socket.connected))
    missing.push('No connection to Slack is open.');
  const health = deps.policyHealth?.();
  const policy = health && { ...health, ageSeconds: policyAge(health, deps.now()) };
  send(response, missing.length === 0 ? 200 : 503, { ready: missing.length === 0, missing, ...(policy && { policy }) });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

/** Hands over what was kept while Temporal was away, and tells people what came too late. */
function drain(deps: AnswerDeps, spill: Spill): void {
  spill.drain(
    (kept) => handKeptOver(deps, kept),
    async (kept) => {
      const { user, channel, what } = senderOf(kept);
      deps.log.warn({ kind: kept.kind, user }, 'a kept delivery came too late and is dropped');
      const until = `${kept.notAfter.slice(0, 16).replace('T', ' ')} UTC`;
      if (user !== undefined)
        await tellPrivately(
          deps,
          { user, ...(channel === undefined ? {} : { channel }) },
          plainMessage(
            `${what} was kept while Temporal did not answer, but that lasted past ${until}, so nothing was done; ask again if it is still wanted.`,
          ),
        );
    },
  );
}

async function handKeptOver(deps: AnswerDeps, kept: Kept): Promise<SpillOutcome> {
  try {
    if (kept.kind === 'start') await startRelayedOperation(deps, kept.payload);
    else if (kept.kind === 'incident') await declareKept(deps, kept);
    else {
      const [id, signal] =
        kept.kind === 'vote'
          ? [kept.payload.body.operationId, VOTE_SIGNAL]
          : [kept.payload.body.workflowId, ACT_SIGNAL];
      // A signal: durable without a worker, and the workflow tells the person itself when it does not count.
      const sent = { workflowId: id, signal, relayed: kept.payload as Relayed<unknown>, ...startOf(deps, id) };
      await within(deps.temporal, deps.waits.handOver, () => signalTo(deps, sent));
    }
    return 'done';
  } catch (error) {
    if (isGone(error) && kept.kind !== 'start' && kept.kind !== 'incident') {
      const { user, channel, what } = senderOf(kept);
      const sentence = `${what} was kept while Temporal did not answer, and what it was about has ended meanwhile, so it changed nothing.`;
      if (user !== undefined) await tellPrivately(deps, { user, ...(channel && { channel }) }, plainMessage(sentence));
      return 'done';
    }
    if (isAway(error)) return 'away';
    throw error;
  }
}

/** Meanwhile somebody else may have declared the same: then this joins it. */
async function declareKept(deps: AnswerDeps, kept: Extract<Kept, { kind: 'incident' }>): Promise<void> {
  const { channel, notAfter, payload } = kept;
  // It may be started under another id, which is signed anew: only what a bot of ours signed before.
  if (!isRelayed('incident', payload, deps.relayKey)) throw new Error('no bot of ours kept this declaration');
  await declareIncident(deps, { request: payload.body, channel, notAfter }, async ({ request }) => ({
    kind: await startRelayedIncident(deps, { payload: relay('incident', request, deps.relayKey), channel }),
  }));
}

function senderOf(kept: Kept): { readonly user?: string; readonly channel?: string; readonly what: string } {
  switch (kept.kind) {
    case 'start': {
      const { requester, asked, kind, service, runbook } = kept.payload.body;
      const user = requester.kind === 'person' ? { user: requester.id } : {};
      return {
        ...user,
        ...(asked.channel && { channel: asked.channel }),
        what: `Your ${kind} of ${service ?? runbook}`,
      };
    }
    case 'incident':
      return { user: kept.payload.body.declaredBy, what: 'Your incident' };
    case 'vote': {
      const { by, channel } = kept.payload.body;
      return { user: by, ...(channel && { channel }), what: 'Your vote' };
    }
    case 'act':
      return { user: kept.payload.body.by, what: 'What you pressed' };
  }
}

function boltLoggerOn(log: BotDeps['log']): BoltLogger {
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...parts: unknown[]): void =>
      log[level]({ from: 'bolt' }, parts.map(String).join(' '));
  return {
    // Bolt's debug lines hold whole payloads; they stay out of the log.
    debug: () => undefined,
    info: line('debug'),
    warn: line('warn'),
    error: line('error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
