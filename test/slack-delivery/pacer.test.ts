import { randomUUID } from 'node:crypto';
import { WebAPIRateLimitedError } from '@slack/web-api';
import { Redis } from 'ioredis';
import {
  budgetsOf,
  defaultLimits,
  PacerBusy,
  type Pacer,
  type PacerLimits,
  type Priority,
} from '../../activities/adapters/pacer';
import { createLocalPacer } from '../../activities/adapters/pacer-local';
import { createRedisPacer } from '../../activities/adapters/pacer-redis';

/** A post every 50 ms in a channel, two at once. */
const limits: PacerLimits = { ...defaultLimits, scale: 20 };

const pacers: Pacer[] = [];
const kept = (pacer: Pacer): Pacer => {
  pacers.push(pacer);
  return pacer;
};
const onRedis = (more: { prefix?: string; url?: string; askAgainMs?: number; idleMs?: number } = {}): Pacer =>
  kept(createRedisPacer({ url: process.env.TEST_REDIS_URL!, prefix: `test-${randomUUID()}`, limits, ...more }));

afterEach(async () => {
  await Promise.all(pacers.splice(0).map((pacer) => pacer.close()));
});

const post = (pacer: Pacer, call: () => unknown, priority: Priority = 'progress', channel = 'C1'): Promise<unknown> =>
  pacer.run({ method: 'chat.postMessage', channel, priority, call: async () => call() });

/** Uses up the burst, so that whoever comes next stands in line. */
const crowd = async (pacer: Pacer): Promise<void> => {
  await Promise.all([post(pacer, () => 1), post(pacer, () => 2)]);
};

describe.each([
  ['in this process', () => kept(createLocalPacer(limits))],
  ['on Redis', () => onRedis()],
])('a pacer %s', (_where, start) => {
  it('gives back what the call gave, and throws what it threw', async () => {
    const pacer = start();
    await expect(post(pacer, () => 'sent')).resolves.toBe('sent');
    await expect(post(pacer, () => Promise.reject(new Error('no_text')))).rejects.toThrow('no_text');
  });

  it('keeps posts to one channel apart', async () => {
    const pacer = start();
    const times: number[] = [];
    await Promise.all(Array.from({ length: 7 }, () => post(pacer, () => times.push(performance.now()))));
    // Seven with a burst of two: at the least four intervals lie between the first and the last.
    expect(times.at(-1)! - times[0]!).toBeGreaterThanOrEqual(4 * 50 - 5);
  });

  it('lets the final card overtake progress that came earlier', async () => {
    const pacer = start();
    await crowd(pacer);
    const order: string[] = [];
    const progress = Array.from({ length: 6 }, (_, index) => post(pacer, () => order.push(`progress ${index}`)));
    await Promise.all([...progress, post(pacer, () => order.push('final'), 'final')]);
    expect(order).toHaveLength(7);
    // What was granted before it came cannot be called back; it never goes behind the rest.
    expect(order.indexOf('final')).toBeLessThan(4);
  });

  it('obeys Retry-After for the channel that was limited, and for no other', async () => {
    const pacer = start();
    const order: string[] = [];
    let refused = 0;
    const limited = post(pacer, () => {
      if (refused === 0) {
        refused = performance.now();
        throw new WebAPIRateLimitedError(1);
      }
      order.push('limited channel');
      return performance.now() - refused;
    });
    while (refused === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = post(pacer, () => order.push('same channel'));
    await post(pacer, () => order.push('other channel'), 'progress', 'C2');
    expect(order).toEqual(['other channel']);
    expect(await limited).toBeGreaterThanOrEqual(990);
    await second;
  });

  it('does not call for somebody who gave up their place', async () => {
    const pacer = start();
    await crowd(pacer);
    const leave = new AbortController();
    let called = false;
    const left = pacer.run({
      method: 'chat.postMessage',
      channel: 'C1',
      priority: 'progress',
      signal: leave.signal,
      call: async () => (called = true),
    });
    leave.abort(new Error('newer'));
    await expect(left).rejects.toThrow('newer');
    await post(pacer, () => 1);
    expect(called).toBe(false);
  });

  it('says that it is busy when no place becomes free in time', async () => {
    const pacer = start();
    await expect(
      pacer.run({
        method: 'chat.postMessage',
        channel: 'C1',
        priority: 'final',
        waitMs: 400,
        call: () => Promise.reject(new WebAPIRateLimitedError(30)),
      }),
    ).rejects.toThrow(PacerBusy);
  });
});

describe('a pacer on Redis', () => {
  it('shares one budget with the pacers of other processes', async () => {
    const prefix = `test-${randomUUID()}`;
    const [one, two] = [onRedis({ prefix }), onRedis({ prefix })];
    const times: number[] = [];
    const from = (pacer: Pacer): Promise<unknown>[] =>
      Array.from({ length: 4 }, () => post(pacer, () => times.push(performance.now())));
    await Promise.all([...from(one), ...from(two)]);
    // Alone each would be through after one interval.
    expect(times.at(-1)! - times[0]!).toBeGreaterThanOrEqual(4 * 50);
  });

  it('loses nobody who stands in line when Redis is flushed', async () => {
    const pacer = onRedis({ askAgainMs: 100 });
    await crowd(pacer);
    const waiting = Array.from({ length: 4 }, () => post(pacer, () => 'sent'));
    const redis = new Redis(process.env.TEST_REDIS_URL!);
    await redis.flushall();
    redis.disconnect();
    await expect(Promise.all(waiting)).resolves.toEqual(['sent', 'sent', 'sent', 'sent']);
  });

  it('paces alone while Redis cannot be reached', async () => {
    const pacer = onRedis({ url: 'redis://127.0.0.1:1' });
    const times: number[] = [];
    await Promise.all(Array.from({ length: 5 }, () => post(pacer, () => times.push(performance.now()))));
    expect(times.at(-1)! - times[0]!).toBeGreaterThanOrEqual(2 * 50);
  });

  it('gives connections back that nobody uses', async () => {
    const pacer = onRedis({ idleMs: 20 });
    await post(pacer, () => 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(post(pacer, () => 'again')).resolves.toBe('again');
  });
});

it.each([
  ['chat.update in one channel', { method: 'chat.update', channel: 'C1' }, ['update']],
  ['chat.update in another', { method: 'chat.update', channel: 'C2' }, ['update']],
  ['a post', { method: 'chat.postMessage', channel: 'C1' }, ['post-C1', 'posts']],
  ['a look-up', { method: 'users.info' }, ['users.info']],
])('pays %s from its own budgets', (_what, asked, names) => {
  expect(budgetsOf(asked, defaultLimits).map((budget) => budget.name)).toEqual(names);
});

it('stays below what Slack gives for every method, whatever window is looked at', () => {
  const perMinute = { 'chat.update': 50, 'conversations.create': 20, 'conversations.history': 50, 'users.info': 100 };
  for (const [method, allowed] of Object.entries(perMinute)) {
    const [budget] = budgetsOf({ method }, defaultLimits);
    // Fixed windows of `burst` can meet at their edge.
    expect(60_000 / budget!.intervalMs + 2 * budget!.burst).toBeLessThanOrEqual(allowed);
  }
});
