import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { defaultWaits } from '../../bot/deps';
import { replayCache } from '../../bot/replay-cache';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const at = new Date('2026-11-21T12:00:00Z');
const timestamp = String(at.getTime() / 1_000);
let redis: Redis;
beforeAll(() => {
  redis = new Redis(process.env.TEST_REDIS_URL!);
});
afterAll(() => redis.disconnect());

const cacheAt = (now: () => Date, shared?: { prefix: string }) =>
  replayCache({
    now,
    log,
    waits: defaultWaits,
    ...(shared ? { redis: { commands: redis, blocking: redis, ...shared } } : {}),
  });

it('knows a signature for five minutes, and one that was refused not at all', async () => {
  let now = at;
  const cache = cacheAt(() => now);
  expect(await cache.check({ signature: 'v0=a', timestamp })).toBe('fresh');
  expect(await cache.check({ signature: 'v0=a', timestamp })).toBe('replayed');
  await cache.forget('v0=a');
  expect(await cache.check({ signature: 'v0=a', timestamp })).toBe('fresh');
  now = new Date(at.getTime() + 5 * 60_000);
  expect(await cache.check({ signature: 'v0=a', timestamp })).toBe('fresh');
});

it('remembers through a restart when there is Redis', async () => {
  const shared = { prefix: `test-${randomUUID()}` };
  expect(await cacheAt(() => at, shared).check({ signature: 'v0=b', timestamp })).toBe('fresh');
  expect(await cacheAt(() => at, shared).check({ signature: 'v0=b', timestamp })).toBe('replayed');
  expect(await cacheAt(() => at).check({ signature: 'v0=b', timestamp })).toBe('fresh');
});

it('refuses what is dated more than a minute ahead', async () => {
  const cache = cacheAt(() => new Date(at.getTime() - 61_000));
  expect(await cache.check({ signature: 'v0=c', timestamp })).toBe('from_the_future');
});
