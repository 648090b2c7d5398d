import { setTimeout as sleep } from 'node:timers/promises';
import { operationOn } from './company.mjs';

/** Steps 5 to 8 of the story: the incident, the way back, new nodes, and what waits for its time. */

const PROD = 'deploys-prod';

export async function incident(story) {
  const { people, check, camera } = story;
  const over = await people.card(PROD, 'checkout v2.5.0');
  await people.decide('ana', over, 'Open incident', { severity: 'sev2', summary: 'errors after deploy' });
  await check('a card appears in #incidents', async () => Boolean(await card(people)));
  await check('it is pinned', async () => {
    const { items } = await people.api('pins.list', { channel: await people.channelOf('incidents') });
    const { ts } = await card(people);
    return items.some(({ message }) => message.ts === ts);
  });
  await check('its timeline knows who approved and what failed', async () =>
    hasAll(people.textOf(await card(people)), 'approved the deploy of checkout v2.5.0', 'error_rate has to be'),
  );
  await people.decide('kim', over, 'Open incident', { severity: 'sev2', summary: 'the same errors' });
  await people.command('sue', 'deploys', '/incident assign lead @sue');
  await people.command('sue', 'deploys', '/incident update "the cart service times out"');
  await check('it takes roles and updates', async () =>
    hasAll(people.textOf(await card(people)), '*Lead*\n<@U0SUE>', 'the cart service times out'),
  );
  await check('a second click joined the first', async () => (await people.cards('incidents', 'errors')).length === 1);
  await camera.take('6-incident', { channel: 'incidents', as: 'Sue Novak', ts: (await card(people)).ts });
  await people.command('sue', 'deploys', '/incident resolve "v2.5.0 is withdrawn"');
  await check('it is resolved', async () => people.textOf(await card(people)).includes('Resolved'));
}

export async function rollback(story) {
  const { people, company, check } = story;
  await people.command('sue', 'deploys', '/rollback checkout in production');
  await check(
    'every instance runs the version before, and nobody was asked',
    async () => (await company.running('checkout', 'v2.3.0')) === 4,
  );
  await check('the card says that it succeeded', async () =>
    Boolean(await people.card(PROD, 'Roll back checkout', 'v2.3.0', 'Succeeded')),
  );
}

export async function provision(story) {
  const { people, company, check } = story;
  await people.command('ana', 'deploys', '/provision web 2');
  await check('a card asks for one approval', async () => Boolean(await asking(people)));
  await people.decide('lee', await asking(people), 'Approve');
  await check('two nodes serve in the group', async () => (await company.group('web')).nodes.length === 2);
  await check('the card says that it succeeded', async () =>
    Boolean(await people.card('deploys', 'Provision web', 'Succeeded')),
  );

  await company.fail('join');
  await people.command('ana', 'deploys', '/provision web 1 more');
  await check('another one is asked for', async () => Boolean(await asking(people)));
  await people.decide('lee', await asking(people), 'Approve');
  await check(
    'joining the group fails, and the card says that it was undone',
    async () => {
      const says = people.textOf(await people.card('deploys', 'Provision web'));
      return /undone|rolled back/i.test(says);
    },
    60_000,
  );
  await check('the node it had built is given back', async () => (await company.batches()).length === 1);
  await company.fail(null);
}

export async function windows(story) {
  const { people, company, check, note } = story;
  const opens = nextMinute();
  const at = opens.toISOString().slice(11, 16);
  await company.changePolicy(`Open the window of production-eu at ${at} UTC`, {
    'policy.yaml': (text) =>
      text.replace(
        /sunday-night: \{.*\}/,
        `sunday-night: { days: mon-sun, from: "${at}", to: "24:00", timezone: UTC }`,
      ),
    // Its own tests have to pass, whatever the time of day is now; at midnight the window is always closed.
    'policy_tests/production.yaml': (text) =>
      text.replace(/(name: Europe waits for Sunday night.*\n *at: )\S+/, (_, head) => `${head}2026-11-24T00:00:00Z`),
  });
  await check('the changed rule is in force', async () => {
    await people.command('ana', 'deploys', '/signalbox why checkout to production-eu');
    return (await people.told('ana')).includes(`${at}–24:00`);
  });
  // The bot has it; the worker looks every two seconds too.
  await sleep(2_500);
  await people.command('ana', 'deploys', '/deploy checkout v2.3.0 to production-eu');
  const eu = () => people.card(PROD, 'checkout v2.3.0 to production-eu');
  await check('it can be asked for outside its window', async () => asks(people, await eu()));
  const id = operationOn(people, await eu());
  for (const person of ['lee', 'sam']) await people.decide(person, await eu(), 'Approve');
  await check('both approve now, and the card says when it will run', async () =>
    hasAll(people.textOf(await eu()), '(2 of 2)', at),
  );
  const has = async (wanted) => (await company.records(id)).some(({ event }) => event === wanted);
  await check('nothing has been done yet', !(await has('intent')));
  note(`waiting for ${at} UTC, in ${Math.max(0, Math.round((opens - Date.now()) / 1000))} s`);
  await check('then it runs', () => has('intent'), opens - Date.now() + 30_000);
  await check('not a second too early', async () => {
    const intent = (await company.records(id)).find(({ event }) => event === 'intent');
    return Date.parse(intent.at) >= opens.getTime();
  });
  await check('and it succeeds', async () => people.textOf(await eu()).includes('Succeeded'), 60_000);
}

export async function words(story) {
  const { people, check } = story;
  await people.command('ana', 'deploys', '/deploy search v2.4.0 to archive');
  await check('a closed place refuses and says why', async () =>
    (await people.told('ana')).includes('archive is closed'),
  );
  await people.command('dan', 'deploys', '/signalbox why checkout to production');
  await check('why explains without doing', async () => hasAll(await people.told('dan'), 'security_team', 'team_lead'));
  await people.command('kim', 'deploys', '/signalbox status');
  await check('status answers', async () => /under way|waiting|nothing/i.test(await people.told('kim')));
  await people.command('lee', 'general', '/signalbox help');
  await check('help answers', async () => (await people.told('lee')).includes('/signalbox'));
  await people.command('ana', 'deploys', '/deploy chekout v2.4.0 to production');
  await check('a mistyped name gets a hint', async () => (await people.told('ana')).includes('Did you mean'));
}

/** A card begins without Approve while the handler looks whether there is such a version. */
const asks = (people, message) => people.buttonsOf(message).some((button) => button.text.text === 'Approve');
const hasAll = (text, ...wanted) => wanted.every((word) => text.includes(word));
const card = (people) => people.card('incidents', 'errors after deploy');

async function asking(people) {
  const found = await people.card('deploys', 'Provision web');
  return people.buttonsOf(found).some(({ text }) => text.text === 'Approve') ? found : undefined;
}

/** The first full minute that leaves time to ask and to approve. */
function nextMinute() {
  const soon = new Date(Date.now() + 25_000);
  return new Date(Math.ceil(soon.getTime() / 60_000) * 60_000);
}
