import type { IncomingMessage, ServerResponse } from 'node:http';
import { HTTPReceiver, type App, type Logger as BoltLogger } from '@slack/bolt';
import type { BotDeps } from './deps';
import { replayCache } from './replay-cache';

/** Slack's requests in HTTP mode: signature by Bolt, and on top the future and replays that Bolt lets through. */
export function slackHttp(
  deps: Pick<BotDeps, 'redis' | 'now' | 'log' | 'waits'>,
  parts: { readonly signingSecret: string; readonly app: Pick<App, 'processEvent'>; readonly boltLogger: BoltLogger },
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const receiver = new HTTPReceiver({ signingSecret: parts.signingSecret, logger: parts.boltLogger });
  receiver.init(parts.app as App);
  const replays = replayCache(deps);
  return async (request, response) => {
    const signature = String(request.headers['x-slack-signature'] ?? '');
    const timestamp = String(request.headers['x-slack-request-timestamp'] ?? '');
    const freshness = await replays.check({ signature, timestamp });
    if (freshness !== 'fresh') {
      deps.log.warn({ freshness }, 'a request in the name of Slack was refused');
      request.resume();
      response.writeHead(401).end();
      return;
    }
    response.once('finish', () => {
      if (response.statusCode >= 400) void replays.forget(signature);
    });
    receiver.requestListener(request, response);
  };
}
