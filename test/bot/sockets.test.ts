import { catalogue, openBotWorld, type BotWorld } from './support/bot-world';

let world: BotWorld;
let looked: () => void = () => undefined;
beforeAll(async () => {
  const deps = { catalogue: () => Promise.resolve(looked()).then(() => catalogue) };
  world = await openBotWorld({ sockets: 2, deps });
});
afterAll(() => world?.close());

const help = () => world.slack.command({ user: 'U0ANN', channel: 'C0DEPLOYS', command: '/signalbox', text: 'help' });

it('while Slack recycles one connection, the other takes what comes in, and both are there again after', async () => {
  world.slack.refresh();
  for (let count = 0; count < 5; count += 1) expect(await help()).toMatchObject({ acked: true });
  await world.slack.waitForSocket(2);
});

it('after every connection broke, the bot is back by itself', async () => {
  world.slack.dropSockets();
  await world.slack.waitForSocket(2);
  expect(await help()).toMatchObject({ acked: true });
});

it('a stop lets a command that has arrived be acknowledged, though Temporal keeps it waiting', async () => {
  const other = await openBotWorld({ deps: { catalogue: () => Promise.resolve(looked()).then(() => catalogue) } });
  other.line.goAway();
  const arrived = new Promise<void>((resolve) => (looked = resolve));
  const asked = other.slack.command({
    user: 'U0ANN',
    channel: 'C0DEPLOYS',
    command: '/deploy',
    text: 'checkout v1 to staging',
  });
  await arrived;
  await other.bot.stop();
  expect(await asked).toMatchObject({ acked: true });
  await other.close();
});

it('an app token that is refused leaves the process and its health alone, and says that it is not ready', async () => {
  world.slack.revoke(world.slack.appToken);
  world.slack.dropSockets();
  await world.slack.waitFor(() =>
    world.slack.callsOf('apps.connections.open').some((call) => call.result?.ok === false),
  );
  expect((await fetch(`${world.bot.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${world.bot.url}/readyz`)).status).toBe(503);
});
