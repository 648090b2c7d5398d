import type { Address, Notice } from '../../src/messages/notice';
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

const plain: Notice = { kind: 'plain', text: 'The window opened.' };
const send = (to: Address, key = 'k1', notice: Notice = plain): Promise<{ channel?: string; ts?: string }> =>
  world.activities.notify({ key, to, notice });

it('puts a notice under the card, and in the channel too only when asked', async () => {
  const card = await world.activities.deliver(delivery(1));
  const thread = { kind: 'thread', channel: card.channel, ts: card.ts } as const;
  await send({ ...thread, broadcast: false }, 'quiet');
  await send({ ...thread, broadcast: true }, 'loud');
  expect(world.slack.thread(card.channel, card.ts).map((reply) => reply.broadcast)).toEqual([false, true]);
});

it('posts once for one key, however often it is asked', async () => {
  const to = { kind: 'channel', channel: '#deploys' } as const;
  const answers = await Promise.all([send(to), send(to)]);
  await asAttempt(2, () => world.another().activities.notify({ key: 'k1', to, notice: plain }));
  expect(answers[0]).toEqual(answers[1]);
  expect(world.slack.messages('#deploys')).toHaveLength(1);
});

it.each<[string, () => Promise<Address>]>([
  ['a channel', async () => ({ kind: 'channel', channel: '#deploys' })],
  [
    'a thread',
    async () => {
      const { channel, ts } = await world.activities.deliver(delivery(1));
      return { kind: 'thread', channel, ts, broadcast: false };
    },
  ],
  ['a person', async () => ({ kind: 'person', user: 'U0MIA' })],
])('shows one notice in %s although the reply was lost', async (_where, address) => {
  const to = await address();
  world.slack.faults.add({ method: 'chat.postMessage', kind: 'lost_reply' });
  await expect(send(to)).rejects.toMatchObject({ type: 'SlackAway' });
  await asAttempt(2, () => send(to));
  const everywhere = [...world.slack.messages('#deploys'), ...world.slack.dms('U0MIA')];
  expect(everywhere.filter((message) => message.text === 'The window opened.')).toHaveLength(1);
});

it('answers in private where it was asked, and by direct message when the person is not there', async () => {
  world.slack.addChannel({ id: 'C0FEW', name: 'few', members: ['U0LEE', world.slack.botUserId] });
  await send({ kind: 'private', user: 'U0LEE', channel: 'C0FEW' }, 'a');
  await send({ kind: 'private', user: 'U0MIA', channel: 'C0FEW' }, 'b');
  await send({ kind: 'private', user: 'U0KIM' }, 'c');
  expect(world.slack.ephemerals('U0LEE')).toHaveLength(1);
  expect(world.slack.dms('U0MIA')).toHaveLength(1);
  expect(world.slack.dms('U0KIM')).toHaveLength(1);
  expect(world.slack.messages('#few')).toHaveLength(0);
});

it('links a reminder to its card and lets the person decide there', async () => {
  const link = await world.activities.deliver(delivery(1));
  const notice: Notice = {
    kind: 'reminder',
    operationId: 'o',
    ballotId: 'b',
    ballotDigest: 'd',
    title: 'Deploy checkout',
    waitingSince: '2026-11-21T09:00:00Z',
    expiresAt: '2026-11-22T09:00:00Z',
    link,
  };
  await send({ kind: 'person', user: 'U0MIA' }, 'r', notice);
  const [message] = world.slack.dms('U0MIA');
  expect(JSON.stringify(message!.blocks)).toContain(
    `https://acme.slack.com/archives/C0DEPLOYS/p${link.ts.replace('.', '')}`,
  );
  expect(JSON.stringify(message!.blocks)).toContain('vote.approve');
});

it('shows nothing in a channel that another organisation shares', async () => {
  world.slack.shareChannel('#deploys');
  await expect(send({ kind: 'channel', channel: '#deploys' })).rejects.toMatchObject({ type: 'SlotLost' });
  expect(world.slack.messages('#deploys')).toHaveLength(0);
});

it('links to the card where approvers are called in a channel of their own', async () => {
  const link = await world.activities.deliver(delivery(1));
  const notice: Notice = { kind: 'ballot_opened', title: 'Deploy checkout', mention: [], rule: 'high risk', link };
  await send({ kind: 'channel', channel: '#deploys' }, 'elsewhere', notice);

  const called = world.slack.messages('#deploys').at(-1);

  expect(called?.text).toContain(`https://acme.slack.com/archives/C0DEPLOYS/p${link.ts.replace('.', '')}`);
});
