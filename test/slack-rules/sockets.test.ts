import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebClient } from '@slack/web-api';
import { WebSocket } from 'ws';
import { quiet } from './bolt-app';
import { startSlackRules, type SlackRules } from './index';

interface Frame {
  readonly type: string;
  readonly reason?: string;
  readonly envelope_id?: string;
  readonly retry_attempt?: number;
}

/** A connection without Bolt's good manners. */
class RawSocket {
  readonly frames: Frame[] = [];
  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.frames.push(JSON.parse(String(data)) as Frame));
  }
  ack(envelopeId: string | undefined): void {
    this.socket.send(JSON.stringify({ envelope_id: envelopeId, payload: {} }));
  }
  async frame(type: string): Promise<Frame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type);
      if (found) return found;
      await once(this.socket, 'message');
    }
  }
}

let slack: SlackRules;
beforeEach(async () => {
  slack = await startSlackRules({ users: ['U0ANA'], channels: ['C0OPS'], limits: { scale: 100 } });
});
afterEach(() => slack.stop());

const address = async (): Promise<string> => {
  const client = new WebClient(slack.appToken, { slackApiUrl: slack.apiUrl, logger: quiet });
  return (await client.apps.connections.open({})).url as string;
};
const connect = async (): Promise<RawSocket> => {
  const raw = new RawSocket(new WebSocket(await address()));
  await raw.frame('hello');
  return raw;
};
const command = () => slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/deploy' });
const rules = (): string[] => slack.violations.map(({ rule }) => rule);

describe('a Socket Mode connection', () => {
  it('has an address that works once', async () => {
    const url = await address();
    await once(new WebSocket(url), 'open');
    await expect(once(new WebSocket(url), 'open')).rejects.toThrow();
  });

  it('is turned away when ten are open', async () => {
    for (let index = 0; index < 10; index += 1) await connect();
    const eleventh = new RawSocket(new WebSocket(await address()));
    expect(await eleventh.frame('disconnect')).toMatchObject({ reason: 'too_many_websockets' });
    expect(slack.openSockets).toBe(10);
  });

  it('is warned first and closed by Slack later', async () => {
    const raw = await connect();
    slack.refresh();
    await once(raw.socket, 'close');
    expect(raw.frames.filter(({ type }) => type === 'disconnect').map(({ reason }) => reason)).toEqual([
      'warning',
      'refresh_requested',
    ]);
  });

  it('may acknowledge an envelope once', async () => {
    const raw = await connect();
    const sent = command();
    const { envelope_id } = await raw.frame('slash_commands');
    raw.ack(envelope_id);
    raw.ack(envelope_id);
    raw.ack('never sent');
    expect(await sent).toMatchObject({ acked: true });
    await slack.waitFor(() => slack.violations.length === 2);
    expect(rules()).toEqual(['double_ack', 'unknown_envelope']);
  });

  it("may break after it got an envelope, and that is nobody's fault", async () => {
    const raw = await connect();
    slack.faults.add({ kind: 'drop_socket', method: 'slash_commands' });
    const sent = command();
    await raw.frame('slash_commands');
    expect(await sent).toMatchObject({ acked: false, error: 'operation_timeout' });
    expect(rules()).toEqual([]);
  });
});

describe('an event sent over HTTP', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const serve = async (headers: Record<string, string>): Promise<(string | undefined)[]> => {
    const retries: (string | undefined)[] = [];
    server = createServer((request, response) => {
      retries.push(request.headers['x-slack-retry-num'] as string | undefined);
      response.writeHead(500, { connection: 'close', ...headers }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    slack.useHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return retries;
  };

  it('is retried with rising numbers', async () => {
    const retries = await serve({});
    expect(await slack.event({ type: 'team_join' })).toMatchObject({ acked: false, error: 'http_error', status: 500 });
    await slack.waitFor(() => retries.length >= 3);
    expect(retries.slice(0, 3)).toEqual([undefined, '1', '2']);
  });

  it('is not retried when the app asks for that', async () => {
    const retries = await serve({ 'x-slack-no-retry': '1' });
    await slack.event({ type: 'team_join' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(retries).toEqual([undefined]);
  });
});
