import { startBolt, startHttpBolt, type BoltUnderTest } from './bolt-app';
import { startSlackRules, type SlackRules } from './index';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('over Socket Mode', () => {
  let slack: SlackRules;
  let bolt: BoltUnderTest;
  const seen: string[] = [];

  beforeAll(async () => {
    slack = await startSlackRules({ users: ['U0ANA', 'U0BEN'], channels: ['C0OPS'], limits: { scale: 20 } });
    bolt = await startBolt(slack, {
      connections: 2,
      register: (app) => {
        app.command('/quick', async ({ ack, command }) => {
          seen.push(command.text);
          await ack(`Seen: ${command.text}`);
        });
        app.command('/late', async ({ ack }) => {
          await sleep(3_200);
          await ack();
        });
        app.event('app_mention', async ({ event }) => {
          seen.push(`mention ${event.text}`);
        });
      },
    });
  });
  afterAll(async () => {
    await bolt.stop();
    await slack.stop();
  });

  it('shows the acknowledgement of a command to the person alone', async () => {
    const result = await slack.command({ user: 'U0ANA', channel: '#c0ops', command: '/quick', text: 'one' });
    expect(result).toMatchObject({ acked: true, response: { text: 'Seen: one' } });
    expect(slack.ephemerals('U0ANA').map((one) => one.text)).toContain('Seen: one');
    expect(slack.messages('C0OPS')).toEqual([]);
  });

  it('tells the person that a command timed out after three seconds, and notes the late acknowledgement', async () => {
    const result = await slack.command({ user: 'U0BEN', channel: 'C0OPS', command: '/late' });
    expect(result).toMatchObject({ acked: false, error: 'operation_timeout' });
    await slack.waitFor(() => slack.violations.some(({ rule }) => rule === 'late_ack'));
    expect(slack.violations.map(({ rule }) => rule)).toEqual(['no_ack', 'late_ack']);
  });

  it('delivers each of 500 simultaneous commands to exactly one of two connections', async () => {
    seen.length = 0;
    const results = await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: `n${index}` }),
      ),
    );
    expect(results.every(({ acked }) => acked)).toBe(true);
    expect(new Set(seen).size).toBe(500);
    expect(seen).toHaveLength(500);
    const used = slack.deliveries.slice(-500).map(({ attempts }) => attempts[0]?.connection);
    expect(new Set(used).size).toBe(2);
  });

  it('refuses developer commands in threads without telling the app', async () => {
    const before = slack.deliveries.length;
    const result = await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', threadTs: '1.2' });
    expect(result).toMatchObject({ acked: false, error: 'not_supported' });
    expect(slack.deliveries).toHaveLength(before);
  });

  it('delivers a mention as an event', async () => {
    await slack.say({ user: 'U0ANA', channel: 'C0OPS', text: `<@${slack.botUserId}> hello` });
    await slack.waitFor(() => seen.includes(`mention <@${slack.botUserId}> hello`));
  });

  it('sends a former envelope again with the same ids', async () => {
    const first = await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: 'twice' });
    seen.length = 0;
    const second = await slack.redeliver(first.envelopeId);
    expect(second).toMatchObject({ acked: true, envelopeId: first.envelopeId });
    expect(seen).toEqual(['twice']);
  });

  it('delivers twice when told to', async () => {
    seen.length = 0;
    slack.faults.add({ kind: 'redeliver', method: 'slash_commands' });
    await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: 'doubled' });
    await slack.waitFor(() => seen.length === 2);
    expect(seen).toEqual(['doubled', 'doubled']);
  });

  it('asks one connection to leave, and sends everything to the other meanwhile', async () => {
    slack.refresh();
    const results = await Promise.all(
      Array.from({ length: 10 }, () =>
        slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: 'refresh' }),
      ),
    );
    expect(results.every(({ acked }) => acked)).toBe(true);
    const used = new Set(slack.deliveries.slice(-10).map(({ attempts }) => attempts[0]?.connection));
    expect(used.size).toBe(1);
  });

  it('comes back after an outage that broke every connection', async () => {
    slack.goAway();
    expect(await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick' })).toMatchObject({
      acked: false,
      error: 'slack_unavailable',
    });
    slack.comeBack();
    expect(slack.openSockets).toBe(0);
    expect(await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick' })).toMatchObject({
      error: 'no_connection',
    });
    await slack.waitForSocket(2);
    expect(await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick' })).toMatchObject({ acked: true });
  });
});

describe('events nobody acknowledges', () => {
  it('are retried with a number and a reason', async () => {
    const slack = await startSlackRules({ users: ['U0ANA'], limits: { scale: 600 } });
    const first = await slack.event({ type: 'team_join', user: 'U0ANA' });
    expect(first).toMatchObject({ acked: false, error: 'no_connection' });
    const delivery = slack.deliveries[0];
    await slack.waitFor(() => delivery?.attempts.length === 4);
    expect(delivery?.attempts.map(({ retryNum }) => retryNum)).toEqual([undefined, 1, 2, 3]);
    await slack.stop();
  });
});

describe('over HTTP', () => {
  let slack: SlackRules;
  let bolt: BoltUnderTest;
  const seen: string[] = [];

  beforeAll(async () => {
    slack = await startSlackRules({ users: ['U0ANA'], channels: ['C0OPS'] });
    bolt = await startHttpBolt(slack, {
      register: (app) => {
        app.command('/quick', async ({ ack, command }) => {
          seen.push(command.text);
          await ack(command.text === 'text' ? 'plain' : { text: 'json' });
        });
        app.action('press', async ({ ack, body }) => {
          seen.push(`pressed by ${body.user.id}`);
          await ack();
        });
      },
    });
  });
  afterAll(async () => {
    await bolt.stop();
    await slack.stop();
  });

  it('delivers a signed command and shows a plain string as text', async () => {
    const plain = await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: 'text' });
    const json = await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: 'object' });
    expect([plain, json]).toMatchObject([
      { acked: true, status: 200, response: { text: 'plain' } },
      { acked: true, response: { text: 'json' } },
    ]);
  });

  it('delivers a click as a signed form', async () => {
    const message = slack.workspace.addMessage({
      channel: 'C0OPS',
      user: slack.botUserId,
      bot_id: 'B0SIGNALBOX',
      text: 'Press it.',
      blocks: [
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'press', text: { type: 'plain_text', text: 'Press' } }],
        },
      ],
      attachments: [],
      broadcast: false,
    });
    const result = await slack.click({ user: 'U0ANA', channel: 'C0OPS', ts: message.ts, actionId: 'press' });
    expect(result.acked).toBe(true);
    expect(seen).toContain('pressed by U0ANA');
  });

  it.each([
    ['another secret', { secret: 'guessed' }],
    ['a forged signature', { signature: `v0=${'0'.repeat(64)}` }],
    ['a timestamp older than five minutes', { timestamp: Math.floor(Date.now() / 1000) - 301 }],
  ])('sends a request with %s, which Bolt refuses', async (_name, forged) => {
    const before = seen.length;
    const body = 'command=%2Fquick&text=forged&user_id=U0ANA';
    const answer = await slack.http.send({ body, contentType: 'application/x-www-form-urlencoded', ...forged });
    expect(answer.status).toBe(401);
    expect(seen).toHaveLength(before);
  });

  it('replays the same request byte for byte', async () => {
    await slack.command({ user: 'U0ANA', channel: 'C0OPS', command: '/quick', text: 'replayed' });
    const answer = await slack.http.replay();
    expect(answer.status).toBe(200);
    expect(seen.filter((text) => text === 'replayed')).toHaveLength(2);
  });
});
