import { WebClient } from '@slack/web-api';
import { quiet } from './bolt-app';
import { startSlackRules, type SlackRules, type SlackRulesOptions } from './index';

let slack: SlackRules;

async function start(options: SlackRulesOptions = {}, timeout = 500): Promise<WebClient> {
  slack = await startSlackRules({ users: ['U0ANA'], channels: ['C0OPS', 'C0DEV'], ...options });
  return new WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    logger: quiet,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout,
  });
}
afterEach(() => slack.stop());

const outcomes = async (calls: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === 'fulfilled' ? 'ok' : (result.reason as Error).name,
  );

describe('rate limits', () => {
  it('let a burst into one channel, then one a second, and leave other channels alone', async () => {
    const client = await start({ limits: { postBurst: 3 } }, 30_000);
    const results = await outcomes(
      Array.from({ length: 5 }, () => client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.' })),
    );
    expect(results.filter((result) => result === 'ok')).toHaveLength(3);
    expect(slack.calls.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(await outcomes([client.chat.postMessage({ channel: 'C0DEV', text: 'Hello.' })])).toEqual(['ok']);
    expect(slack.violations).toEqual([]);
  });

  it.each([
    ['conversations.setTopic', 20],
    ['chat.update', 50],
    ['users.info', 100],
  ])('allow %s %i times a minute', async (method, count) => {
    const client = await start({}, 30_000);
    const { ts } = await client.chat.postMessage({ channel: 'C0OPS', text: 'Card.' });
    const args = { channel: 'C0OPS', ts, topic: 'T', text: 'Card.', user: 'U0ANA' };
    const results = await outcomes(Array.from({ length: count + 1 }, () => client.apiCall(method, args)));
    expect(results.filter((result) => result === 'ok')).toHaveLength(count);
  });

  it('name whole seconds to wait, and record a call that does not', async () => {
    const client = await start({ limits: { postBurst: 1, retryGraceMs: 0 } });
    await client.chat.postMessage({ channel: 'C0OPS', text: 'One.' });
    await expect(client.chat.postMessage({ channel: 'C0OPS', text: 'Two.' })).rejects.toMatchObject({ retryAfter: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(client.chat.postMessage({ channel: 'C0OPS', text: 'Three.' })).rejects.toMatchObject({
      retryAfter: 1,
    });
    expect(slack.violations.map(({ rule }) => rule)).toEqual(['retry_after_ignored']);
  });

  it('come in shorter windows when scaled', async () => {
    const client = await start({ limits: { postBurst: 1, scale: 20 } });
    for (let index = 0; index < 3; index += 1) {
      await client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.' });
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(slack.messages('C0OPS')).toHaveLength(3);
  });

  it('count a person and the direct conversation with them as one channel', async () => {
    const client = await start({ limits: { postBurst: 1 } });
    await client.chat.postMessage({ channel: 'U0ANA', text: 'One.' });
    expect(await outcomes([client.chat.postMessage({ channel: 'D0ANA', text: 'Two.' })])).not.toEqual(['ok']);
  });
});

describe('faults', () => {
  it('lose the reply of a message that was posted', async () => {
    const client = await start();
    slack.faults.add({ method: 'chat.postMessage', kind: 'lost_reply' });
    expect(await outcomes([client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.' })])).not.toEqual(['ok']);
    expect(slack.messages('C0OPS')).toHaveLength(1);
    expect(slack.calls[0]).toMatchObject({ fault: 'lost_reply', result: { ok: true } });
  });

  it.each(['http_500', 'timeout', '429'] as const)('refuse with %s and post nothing', async (kind) => {
    const client = await start();
    slack.faults.add({ method: 'chat.postMessage', kind });
    expect(await outcomes([client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.' })])).not.toEqual(['ok']);
    expect(slack.messages('C0OPS')).toEqual([]);
    expect(await outcomes([client.chat.postMessage({ channel: 'C0DEV', text: 'Hello.' })])).toEqual([
      kind === '429' ? 'WebAPIRateLimitedError' : 'ok',
    ]);
  });

  it('strike by the same chances for the same seed', async () => {
    const client = await start({ limits: { postBurst: 50 } });
    const round = async (): Promise<string[]> => {
      slack.faults.clear();
      slack.faults.add({ method: 'auth.test', kind: 'http_500', probability: 0.5, seed: 7 });
      const results: string[] = [];
      for (let index = 0; index < 12; index += 1) results.push(...(await outcomes([client.auth.test()])));
      return results;
    };
    const first = await round();
    expect(await round()).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  it('answer nothing during an outage and everything after it', async () => {
    const client = await start();
    slack.goAway();
    expect(await outcomes([client.auth.test()])).not.toEqual(['ok']);
    expect(slack.calls).toEqual([]);
    slack.comeBack();
    expect(await outcomes([client.auth.test()])).toEqual(['ok']);
  });
});

describe('waiting', () => {
  it('resolves on the change itself', async () => {
    const client = await start();
    const waiting = slack.waitFor(() => slack.messages('C0OPS')[0]);
    await client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.' });
    expect((await waiting).text).toBe('Hello.');
  });

  it('says what was last seen when it gives up', async () => {
    const client = await start();
    await client.auth.test();
    await expect(slack.waitFor(() => slack.messages('C0OPS')[0], { timeoutMs: 20, what: 'a card' })).rejects.toThrow(
      /a card[\s\S]*auth\.test -> ok/,
    );
  });
});
