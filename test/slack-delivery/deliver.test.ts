import { createLocalSlotMemory, createRedisSlotMemory } from '../../activities/adapters/slot-memory';
import { incidentView } from '../messages/views';
import { Redis } from 'ioredis';
import { asAttempt, delivery, startWorld, type World } from './world';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(async () => {
  const { violations } = world.slack;
  await world.stop();
  expect(violations).toEqual([]);
});

const titles = (): string[] => world.slack.messages('#deploys').map((message) => message.text.split(',')[0]!);

it('posts a card once and then edits it in place', async () => {
  const first = await world.activities.deliver(delivery(1));
  const second = await world.activities.deliver(delivery(2, {}, { at: first }));
  expect(first).toEqual({ channel: 'C0DEPLOYS', ts: expect.any(String), version: 1 });
  expect(second).toEqual({ ...first, version: 2 });
  expect(titles()).toEqual([expect.stringContaining('Version 2')]);
  expect(world.slack.message('C0DEPLOYS', first.ts).metadata).toEqual({
    event_type: 'signalbox_slot',
    event_payload: { slot: 'deploy-x/card', version: 2 },
  });
});

it('shows the card of an incident by the same road', async () => {
  const view = incidentView({ declaredAt: new Date().toISOString() });
  await world.activities.deliver({
    slot: 'i/card',
    version: 1,
    channel: 'C0OTHER',
    final: false,
    card: 'incident',
    view,
  });
  expect(world.slack.messages('#other')[0]!.text).toContain('SEV2 incident in checkout, production is open');
});

it('does nothing for an older version than the one shown', async () => {
  const shown = await world.activities.deliver(delivery(5));
  const calls = world.slack.calls.length;
  await expect(world.activities.deliver(delivery(4, {}, { at: shown }))).resolves.toEqual({ ...shown, version: 5 });
  expect(world.slack.calls).toHaveLength(calls);
});

it('does not call Slack when the new version looks the same', async () => {
  const view = { title: 'the same', requestedAt: '2026-11-21T09:00:00Z' };
  const shown = await world.activities.deliver(delivery(1, view));
  await expect(world.activities.deliver(delivery(2, view, { at: shown }))).resolves.toEqual({ ...shown, version: 2 });
  expect(world.slack.callsOf('chat.update')).toHaveLength(0);
});

it('makes a burst of versions one edit, to the newest', async () => {
  const at = await world.activities.deliver(delivery(1));
  const burst = [2, 3, 4, 5, 6].map((version) => world.activities.deliver(delivery(version, {}, { at })));
  const answers = await Promise.all(burst);
  expect(answers.map((answer) => answer.version)).toEqual([6, 6, 6, 6, 6]);
  expect(world.slack.callsOf('chat.update')).toHaveLength(1);
  expect(titles()).toEqual([expect.stringContaining('Version 6')]);
});

it('lets a final card hurry past the pause between two edits', async () => {
  await world.stop();
  world = await startWorld({ deps: { minGapMs: 60_000 } });
  const at = await world.activities.deliver(delivery(1, { state: 'running' }));
  const progress = world.activities.deliver(delivery(2, { state: 'running' }, { at }));
  await expect(
    world.activities.deliver(delivery(3, { state: 'succeeded' }, { at, final: true })),
  ).resolves.toMatchObject({
    version: 3,
  });
  await expect(progress).resolves.toMatchObject({ version: 3 });
});

it.each(['lost_reply', 'timeout', 'http_500'] as const)(
  'shows one message although the reply to its post failed: %s',
  async (kind) => {
    world.slack.faults.add({ method: 'chat.postMessage', kind });
    await expect(world.activities.deliver(delivery(1))).rejects.toMatchObject({
      type: 'SlackAway',
      nonRetryable: false,
    });
    const shown = await asAttempt(2, () => world.activities.deliver(delivery(1)));
    expect(titles()).toHaveLength(1);
    expect(world.slack.messages('#deploys')[0]!.ts).toBe(shown.ts);
  },
);

it('finds the message of a bot that died before it could say that it had posted', async () => {
  const first = await world.activities.deliver(delivery(1));
  const second = await asAttempt(2, () => world.another().activities.deliver(delivery(2)));
  expect(second).toEqual({ ...first, version: 2 });
  expect(titles()).toEqual([expect.stringContaining('Version 2')]);
});

it('finds it for a later version too, when the first delivery had given up', async () => {
  const requestedAt = new Date(Date.now() - 30_000).toISOString();
  const first = await world.activities.deliver(delivery(1, { requestedAt }));
  await expect(world.another().activities.deliver(delivery(2, { requestedAt }))).resolves.toEqual({
    ...first,
    version: 2,
  });
  expect(titles()).toHaveLength(1);
});

it('takes surplus copies away', async () => {
  const [one, two] = [world.another(), world.another()];
  await one.activities.deliver(delivery(1));
  await two.activities.deliver(delivery(1));
  expect(titles()).toHaveLength(2);
  await asAttempt(2, () => world.another().activities.deliver(delivery(2)));
  expect(titles()).toEqual([expect.stringContaining('Version 2')]);
});

it('never shows an older view over the newer one of another process', async () => {
  await world.stop();
  world = await startWorld({ deps: { slots: createLocalSlotMemory() } });
  const at = await world.activities.deliver(delivery(1));
  await world.activities.deliver(delivery(7, {}, { at }));
  await expect(world.another().activities.deliver(delivery(3, {}, { at }))).resolves.toEqual({ ...at, version: 7 });
  expect(titles()).toEqual([expect.stringContaining('Version 7')]);
});

it('posts without looking back where the workspace does not let it look', async () => {
  world.slack.setCapabilities({ history: false });
  await asAttempt(2, () => world.activities.deliver(delivery(1)));
  expect(titles()).toHaveLength(1);
});

it.each([
  ['deleted', async (ts: string) => world.slack.deleteMessage('C0DEPLOYS', ts), 'was deleted in Slack'],
  ['in a channel that was archived', async () => world.slack.archiveChannel('#deploys'), 'is archived'],
  [
    'in a channel that was shared with another organisation',
    async () => world.slack.shareChannel('#deploys'),
    'is shared with another organisation',
  ],
])('gives up the slot of a message that is %s', async (_what, breakIt, sentence) => {
  const at = await world.activities.deliver(delivery(1));
  await breakIt(at.ts);
  await expect(world.another().activities.deliver(delivery(2, {}, { at }))).rejects.toMatchObject({
    type: 'SlotLost',
    nonRetryable: true,
    message: expect.stringContaining(sentence),
  });
});

it('posts anew after the message it stood in was deleted', async () => {
  const at = await world.activities.deliver(delivery(1));
  world.slack.deleteMessage('C0DEPLOYS', at.ts);
  await expect(world.activities.deliver(delivery(2, {}, { at }))).rejects.toMatchObject({ type: 'SlotLost' });
  const again = await asAttempt(1, () => world.activities.deliver(delivery(2)));
  expect(again.ts).not.toBe(at.ts);
  expect(titles()).toEqual([expect.stringContaining('Version 2')]);
});

it.each([
  ['does not exist', '#nowhere', 'channel_not_found'],
  ['the bot is not in', '#quiet', 'not_in_channel'],
  ['another organisation is in', '#shared', 'ext_shared'],
  ['another organisation is invited to', '#pending', 'ext_shared'],
])('says that the slot is lost in a channel that %s', async (_what, channel, code) => {
  world.slack.addChannel({ id: 'C0QUIET', name: 'quiet', members: ['U0LEE'] });
  world.slack.addChannel({ id: 'C0SHARED', name: 'shared', is_ext_shared: true });
  world.slack.addChannel({ id: 'C0PENDING', name: 'pending', is_pending_ext_shared: true });
  await expect(world.activities.deliver(delivery(1, {}, { channel }))).rejects.toMatchObject({
    type: 'SlotLost',
    nonRetryable: true,
    details: [code],
  });
  expect(world.slack.callsOf('chat.postMessage').filter((call) => call.result?.ok)).toHaveLength(0);
});

it('waits out a 429 and edits then', async () => {
  const at = await world.activities.deliver(delivery(1));
  world.slack.faults.add({ method: 'chat.update', kind: '429', retryAfter: 1 });
  await world.activities.deliver(delivery(2, {}, { at }));
  expect(titles()).toEqual([expect.stringContaining('Version 2')]);
});

it('shows the sentence and the buttons when Slack does not take the look of a card', async () => {
  world.slack.faults.add({ method: 'chat.postMessage', kind: 'error', error: 'invalid_blocks' });
  const at = await world.activities.deliver(delivery(1));
  const { blocks } = world.slack.message('C0DEPLOYS', at.ts);
  expect(blocks.map((block) => block.type)).toEqual(['section', 'actions']);
});

it('shares the newest version over Redis, and agrees to everything without it', async () => {
  const redis = new Redis(process.env.TEST_REDIS_URL!);
  await redis.ping();
  const [one, two] = [createRedisSlotMemory(redis), createRedisSlotMemory(redis)];
  const slot = `slot-${Math.random()}`;
  await expect(one.claim(slot, 4)).resolves.toBe(4);
  await expect(two.claim(slot, 3)).resolves.toBe(4);
  await expect(two.claim(slot, 4)).resolves.toBe(4);
  redis.disconnect();
  await expect(two.claim(slot, 1)).resolves.toBe(1);
});
