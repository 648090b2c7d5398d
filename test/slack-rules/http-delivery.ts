import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

/** Exactly what went over the wire, so that it can be sent again byte for byte. */
export interface SignedRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface HttpSendOptions {
  readonly body: string;
  readonly contentType?: 'application/json' | 'application/x-www-form-urlencoded' | string;
  /** Seconds since 1970; now if missing. */
  readonly timestamp?: number;
  /** Sent as it is, in place of the right one. */
  readonly signature?: string;
  /** Signs with another secret. */
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Sends signed requests to an app's Request URL (docs.slack.dev/authentication/verifying-requests-from-slack). */
export class HttpDelivery {
  /** Every request sent, oldest first. */
  readonly requests: SignedRequest[] = [];
  requestUrl: string | undefined;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly signingSecret: string) {}

  /** The `X-Slack-Signature` of a body. */
  sign(body: string, timestamp: number, secret: string = this.signingSecret): string {
    return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  }

  /** Signs and sends; every part can be forged. */
  send(options: HttpSendOptions): Promise<HttpAnswer> {
    if (this.requestUrl === undefined) throw new Error('HTTP delivery needs useHttp(requestUrl) first.');
    const timestamp = options.timestamp ?? Math.floor(Date.now() / 1000);
    const signed: SignedRequest = {
      url: this.requestUrl,
      body: options.body,
      headers: {
        'content-type': options.contentType ?? 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': options.signature ?? this.sign(options.body, timestamp, options.secret),
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        ...options.headers,
      },
    };
    this.requests.push(signed);
    return this.transmit(signed, options.timeoutMs ?? 3_000);
  }

  /** Sends a former request again, unchanged: same body, timestamp and signature. The last one if none is named. */
  replay(former: SignedRequest | undefined = this.requests.at(-1)): Promise<HttpAnswer> {
    if (!former) throw new Error('No request has been sent yet.');
    return this.transmit(former, 3_000);
  }

  stop(): void {
    this.agent.destroy();
  }

  private transmit(signed: SignedRequest, timeoutMs: number): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        signed.url,
        {
          method: 'POST',
          agent: this.agent,
          headers: { ...signed.headers, 'content-length': Buffer.byteLength(signed.body) },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            clearTimeout(timer);
            const body = Buffer.concat(chunks).toString();
            resolve({ status: incoming.statusCode ?? 0, body, headers: incoming.headers });
          });
        },
      );
      const timer = setTimeout(() => outgoing.destroy(new HttpTimeout()), timeoutMs);
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(signed.body);
    });
  }
}

/** No answer within the three seconds. */
export class HttpTimeout extends Error {
  override readonly name = 'HttpTimeout';
}
