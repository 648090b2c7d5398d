import { Redis } from 'ioredis';
import { openBotWorld, eventually, type BotWorld } from './support/bot-world';

const worlds: BotWorld[] = [];
const open = async (options: Parameters<typeof openBotWorld>[0]) => {
  const world = await openBotWorld(options);
  worlds.push(world);
  return world;
};
afterAll(() => Promise.all(worlds.map((world) => world.close())));

const ask = (world: BotWorld, version: string) =>
  world.slack.command({
    user: 'U0ANN',
    channel: 'C0DEPLOYS',
    command: '/deploy',
    text: `checkout ${version} to staging`,
  });
const told = (world: BotWorld) =>
  [...world.slack.ephemerals('U0ANN'), ...world.slack.dms('U0ANN')].map((each) => each.text).join('\n');

/** Jobs of the spill queue whose data say something. */
async function jobsWith(redis: Redis, text: string): Promise<readonly string[]> {
  const keys = (await redis.keys('*signalbox-spill:kept-*')).filter((key) => /kept-[0-9a-f]+$/.test(key));
  const data = await Promise.all(keys.map(async (key) => [key, (await redis.hget(key, 'data')) ?? ''] as const));
  return data.filter(([, said]) => said.includes(text)).map(([key]) => key);
}

async function inRedis<Result>(work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(process.env.TEST_REDIS_URL!);
  return work(redis).finally(() => redis.disconnect());
}

const rewriteKept = (from: string, to: string) =>
  inRedis(async (redis) => {
    const keys = await jobsWith(redis, from);
    for (const key of keys) await redis.hset(key, 'data', (await redis.hget(key, 'data'))!.replaceAll(from, to));
    return keys.length;
  });

const keptWith = (text: string, field: string) =>
  inRedis(async (redis) => {
    const [key] = await jobsWith(redis, text);
    return key === undefined ? undefined : ((await redis.hget(key, field)) ?? undefined);
  });

describe('while Temporal is away', () => {
  it('a command is kept, said so, and started once when Temporal is back, though Slack delivered it twice', async () => {
    const world = await open({ redis: true, waits: { handOver: 500 } });
    world.line.goAway();
    const result = await ask(world, 'v1');
    expect(result.acked).toBe(true);
    expect(told(world)).toContain('kept as');
    expect(told(world)).toContain('not yet started');
    await world.slack.redeliver(result.envelopeId);
    expect(await world.started()).toEqual([]);
    world.line.comeBack();
    const started = await eventually(async () => {
      const all = await world.started();
      return all.length > 0 && all;
    });
    expect(started).toMatchObject([{ version: 'v1', requester: { id: 'U0ANN' } }]);
  });

  it('a command that was kept too long is not started late, and the person is told', async () => {
    const world = await open({ redis: true, waits: { handOver: 300, notAfter: 900 } });
    world.line.goAway();
    await ask(world, 'v2');
    await world.slack.waitFor(() => told(world).includes('so nothing was done'));
    world.line.comeBack();
    expect(await world.started()).toEqual([]);
  });

  it('a declaration that somebody changed in Redis is not signed anew, and opens no incident', async () => {
    const world = await open({ redis: true, waits: { handOver: 300 } });
    const [mine, changed] = ['the cart is slow', 'the payments are slow'];
    world.line.goAway();
    for (const summary of [mine, changed])
      await world.slack.command({
        user: 'U0ANN',
        channel: 'C0DEPLOYS',
        command: '/incident',
        text: `declare sev2 checkout "${summary}"`,
      });
    expect(await rewriteKept(changed, 'somebody else says so')).toBe(1);
    // An attempt that had read it before is over by then: it would hand over what it had read.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    world.line.comeBack();
    await eventually(() => keptWith('somebody else says so', 'finishedOn'));
    expect(await keptWith('somebody else says so', 'failedReason')).toBe('no bot of ours kept this declaration');
    await eventually(() => keptWith(mine, 'returnvalue'));
  });

  it('and Redis too, the person hears within three seconds that nobody has it', async () => {
    const world = await open({ redis: true });
    world.line.goAway();
    world.redisLine.goAway();
    const result = await ask(world, 'v3');
    expect(result.acked).toBe(true);
    expect(told(world)).toContain('neither Temporal nor Redis answers');
    world.line.comeBack();
    world.redisLine.comeBack();
  });

  it('and there is no Redis, the person hears the same', async () => {
    const world = await open({ waits: { handOver: 300 } });
    world.line.goAway();
    await ask(world, 'v4');
    expect(told(world)).toContain('was not started and could not be kept');
    expect(world.log.join('\n')).not.toContain('a listener failed');
    world.line.comeBack();
  });

  it('a vote is kept and arrives when Temporal is back', async () => {
    const world = await open({ redis: true, waits: { handOver: 400, signal: 200 } });
    await world.startWorker();
    await ask(world, 'v5');
    const [{ id }] = await eventually(async () => {
      const all = await world.started();
      return all.length > 0 && (all as [(typeof all)[0]]);
    });
    const card = await world.slack.say({ user: 'U0BOB', channel: 'C0DEPLOYS', text: 'card' });
    world.line.goAway();
    const value = JSON.stringify({ o: id, b: 'ballot-1', d: 'd'.repeat(64), q: 1 });
    const action = { type: 'button', block_id: 'x', action_ts: '1.2', action_id: 'vote.approve', value };
    await world.slack.click({
      user: 'U0BOB',
      channel: 'C0DEPLOYS',
      ts: card.ts,
      actionId: 'vote.approve',
      forge: action,
    });
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0BOB').some((each) => each.text.includes('is kept because Temporal')),
    );
    world.line.comeBack();
    const arrived = await eventually(async () => {
      const all = await world.arrived(id);
      return all.length > 0 && all;
    });
    expect(arrived).toMatchObject([{ way: 'signal', relayed: { body: { by: 'U0BOB' } } }]);
  });
});
