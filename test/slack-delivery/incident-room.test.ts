import { asAttempt, delivery, startWorld, type World } from './world';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const room = {
  incidentId: 'incident-x',
  name: 'inc-20261121 Checkout!',
  topic: 'SEV2',
  invite: ['U0LEE', 'U0MIA', 'U0LEE'],
};

it('makes a room with a topic and its people', async () => {
  const { channel, notDone } = await world.activities.openRoom(room);
  expect(notDone).toEqual([]);
  expect(world.slack.channel(channel!)).toMatchObject({ name: 'inc-20261121-checkout', topic: 'SEV2' });
  expect([...world.slack.channel(channel!)!.members]).toEqual(expect.arrayContaining(['U0LEE', 'U0MIA']));
});

it('makes one room although the reply was lost', async () => {
  const first = await world.activities.openRoom(room);
  const second = await asAttempt(2, () => world.another().activities.openRoom(room));
  expect(second.channel).toBe(first.channel);
  expect(world.slack.callsOf('conversations.create')).toHaveLength(1);
});

it('takes another name when the name belongs to somebody else', async () => {
  world.slack.addChannel({ id: 'C0TAKEN', name: 'inc-20261121-checkout' });
  const { channel } = await world.activities.openRoom(room);
  expect(world.slack.channel(channel!)!.name).toBe('inc-20261121-checkout-2');
});

it('says once what the workspace lacks and does without', async () => {
  world.slack.setCapabilities({ createChannels: false, pins: false });
  const first = await world.activities.openRoom(room);
  expect(first).toEqual({ notDone: [expect.stringContaining('does not let Signalbox create channels')] });
  const calls = world.slack.callsOf('conversations.create').length;
  await world.activities.openRoom(room);
  expect(world.slack.callsOf('conversations.create')).toHaveLength(calls);
  const card = await world.activities.deliver(delivery(1));
  await expect(world.activities.pin(card)).resolves.toMatchObject({
    done: false,
    why: expect.stringContaining('pins:write'),
  });
});

it('goes on without the parts of a room that the workspace lacks', async () => {
  world.slack.setCapabilities({ invite: false, setTopic: false });
  const { channel, notDone } = await world.activities.openRoom(room);
  expect(channel).toBeDefined();
  expect(notDone).toHaveLength(2);
});

it('pins a card, and is content when it is pinned already', async () => {
  const card = await world.activities.deliver(delivery(1));
  await expect(world.activities.pin(card)).resolves.toEqual({ done: true });
  await expect(world.activities.pin(card)).resolves.toEqual({ done: true });
});

it('invites who comes later, and is content when they are in already', async () => {
  const { channel } = await world.activities.openRoom({ ...room, invite: ['U0LEE'] });
  const later = { channel: channel!, people: ['U0MIA'] };
  await expect(world.activities.invite(later)).resolves.toEqual({ notDone: [] });
  await expect(world.activities.invite(later)).resolves.toEqual({ notDone: [] });
  expect([...world.slack.channel(channel!)!.members]).toEqual(expect.arrayContaining(['U0LEE', 'U0MIA']));
});

it('says what is missing when it may not invite', async () => {
  const { channel } = await world.activities.openRoom(room);
  world.slack.setCapabilities({ invite: false });
  await expect(world.activities.invite({ channel: channel!, people: ['U0SAM'] })).resolves.toEqual({
    notDone: ['Nobody was invited: the workspace does not let Signalbox invite people.'],
  });
});
