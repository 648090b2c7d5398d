import { LogLevel, WebClient, type Logger } from '@slack/web-api';

/**
 * A Web API client that never waits and never repeats by itself: one 429 must not stop calls to other channels, and a
 * repeated `chat.postMessage` is a second message. Pacing is the pacer's, repeating is Temporal's.
 */
export function createSlackClient(options: {
  readonly token: string;
  /** `https://slack.com/api/` when absent. */
  readonly apiUrl?: string;
  /** Of one call. Default 10 s. */
  readonly timeoutMs?: number;
  readonly logger?: Logger;
}): WebClient {
  const { apiUrl } = options;
  return new WebClient(options.token, {
    ...(apiUrl && { slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/` }),
    timeout: options.timeoutMs ?? 10_000,
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    maxRequestConcurrency: 50,
    allowAbsoluteUrls: false,
    // The client's own log repeats what the thrown error says, and debug output would hold message bodies.
    ...(options.logger ? { logger: options.logger } : { logLevel: LogLevel.ERROR }),
  });
}
