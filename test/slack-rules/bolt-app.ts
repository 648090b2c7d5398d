import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import type { SlackRules } from './index';

/** Swallows what Bolt and its clients would print about refusals that a test provokes. */
export const quiet = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

export interface BoltUnderTest {
  readonly app: App;
  stop(): Promise<void>;
}

/** A real Bolt app on as many Socket Mode connections as asked for, talking to the pretended Slack. */
export async function startBolt(
  slack: SlackRules,
  options: { connections?: number; register(app: App): void },
): Promise<BoltUnderTest> {
  const receivers = Array.from(
    { length: options.connections ?? 1 },
    () =>
      new SocketModeReceiver({
        appToken: slack.appToken,
        logger: quiet,
        installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
      }),
  );
  const [first, ...others] = receivers;
  const app = new App({ receiver: first, ...clientOptions(slack) });
  for (const receiver of others) receiver.init(app);
  options.register(app);
  await app.init();
  await Promise.all(receivers.map((receiver) => receiver.start()));
  await slack.waitForSocket(receivers.length);
  return {
    app,
    stop: async () => {
      await Promise.all(receivers.map((receiver) => receiver.client.disconnect()));
    },
  };
}

/** A real Bolt app behind a Request URL. */
export async function startHttpBolt(slack: SlackRules, options: { register(app: App): void }): Promise<BoltUnderTest> {
  const receiver = new HTTPReceiver({ signingSecret: slack.signingSecret, logger: quiet });
  const app = new App({ receiver, ...clientOptions(slack) });
  options.register(app);
  await app.init();
  const server = await receiver.start(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  slack.useHttp(`http://127.0.0.1:${address.port}/slack/events`);
  return { app, stop: () => receiver.stop().then(() => undefined) };
}

function clientOptions(slack: SlackRules) {
  return {
    token: slack.botToken,
    logger: quiet,
    deferInitialization: true,
    clientOptions: {
      slackApiUrl: slack.apiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: 5_000,
    },
  };
}
