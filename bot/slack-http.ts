import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  defaultBodyLimit,
  HTTPModuleFunctions,
  HTTPReceiver,
  type App,
  type BufferedIncomingMessage,
  type Logger as BoltLogger,
} from '@slack/bolt';
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
    const body = await bodyOf(request);
    if (body === 'cut_off' || !holdsAnObject(body)) {
      deps.log.warn('a request in the name of Slack had a body that Slack does not send');
      request.resume();
      response.writeHead(400).end();
      return;
    }
    receiver.requestListener(body, response);
  };
}

/** Bolt takes the body from here instead of reading it. */
async function bodyOf(request: IncomingMessage): Promise<BufferedIncomingMessage | 'cut_off'> {
  try {
    return await HTTPModuleFunctions.bufferIncomingMessage(request, defaultBodyLimit);
  } catch {
    return 'cut_off';
  }
}

/** Bolt looks for keys in whatever the JSON is, which kills its handling of `null` unanswered. */
function holdsAnObject({ headers, rawBody }: BufferedIncomingMessage): boolean {
  const text = rawBody.toString();
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
  const json = isForm ? (new URLSearchParams(text).get('payload') ?? '{') : text;
  return json.trimStart().startsWith('{');
}
