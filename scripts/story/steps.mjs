/**
 * The story as a list. A step gets `people`, `urls`, `camera` and `check(sentence, value or question)`; it looks only at
 * what people see in Slack and at what the fleet really runs.
 */
export const steps = [
  { name: '1. Ana asks for a deploy, and one card says everything', play: ask },
  { name: '2. Only the right people open the gate', play: approve },
  { name: '3. The rollout goes from canary to everybody', play: rollout },
];

const CHANNEL = 'deploys-prod';
const count = async ({ urls }, version) => {
  const { versions } = await (await fetch(`${urls.fleet}/services/checkout`)).json();
  return versions[version] ?? 0;
};
const cards = async ({ people }, words) =>
  (await people.messages(CHANNEL)).filter(
    (message) =>
      !message.thread_ts && !message.ephemeral_to && words.every((word) => people.textOf(message).includes(word)),
  );
const newestCard = async (story, ...words) => (await cards(story, words)).at(-1);

async function ask(story) {
  const { people, check, camera } = story;
  await people.command('ana', 'deploys', '/deploy checkout v2.4.0 to production --reason "cart fix"');
  await check(
    'a card appears where policy wants it',
    async () => (await cards(story, ['checkout', 'v2.4.0'])).length === 1,
  );
  const card = await newestCard(story, 'checkout', 'v2.4.0');
  await check('it says why it was asked', people.textOf(card).includes('cart fix'));
  await check(
    'it offers to approve',
    people.buttonsOf(card).some((button) => button.text.text.includes('Approve')),
  );
  await camera.take('card-waiting', CHANNEL);
}

async function approve(story) {
  const { people, check } = story;
  for (const person of ['ana', 'gus', 'mia', 'ci']) {
    await people.click(person, await newestCard(story, 'checkout', 'v2.4.0'), 'Approve');
    await check(`${person}'s click opens nothing`, (await count(story, 'v2.4.0')) === 0);
  }
  for (const person of ['lee', 'lee', 'sam']) {
    const before = people.views().length;
    await people.click(person, await newestCard(story, 'checkout', 'v2.4.0'), 'Approve');
    if (await check(`${person} is asked to confirm or has voted`, () => people.views().length > before, 5_000))
      people.submit(person, {});
  }
}

async function rollout(story) {
  const { check, camera } = story;
  await check('the canary is one instance of four', async () => (await count(story, 'v2.4.0')) === 1);
  await camera.take('card-canary', CHANNEL);
  await check('then every instance runs it', async () => (await count(story, 'v2.4.0')) === 4, 120_000);
  await check('one card, and no second one', (await cards(story, ['checkout', 'v2.4.0'])).length === 1);
  await camera.take('card-done', CHANNEL);
}
