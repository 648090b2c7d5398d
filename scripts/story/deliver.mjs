import { operationOn } from './company.mjs';

/** Steps 1 to 4 of the story: asked for, approved, delivered in stages, and taken back when a metric goes bad. */

const PROD = 'deploys-prod';

export async function ask(story) {
  const { people, company, check, camera, urls, note } = story;
  const began = Date.now();
  await people.command('ana', 'deploys', '/deploy checkout v2.4.0 to production --reason "cart fix"');
  await check('one card appears in #deploys-prod, where policy wants it', async () => {
    return (await people.cards(PROD, 'checkout v2.4.0')).length === 1;
  });
  note(`the card stood there after ${Date.now() - began} ms`);
  await check('it offers to approve', async () => people.buttonsOf(await waiting(people)).some(labelled('Approve')));
  const card = await waiting(people);
  const says = people.textOf(card);
  await check('it says what, where, who and for what', hasAll(says, 'v2.4.0', 'production', '<@U0ANA>', 'cart fix'));
  await check('it says which rule asks whom', hasAll(says, 'production deploys', 'security_team', 'team_lead'));
  await check(
    'it says from which commit the rules are, and that there is a way back',
    hasAll(says, 'policy', 'Rollback is ready, to `v2.3.0`'),
  );
  const id = operationOn(people, card);
  await check(`Temporal runs it by a readable id (${id})`, async () => {
    return (await company.workflow(id))?.status === 'WORKFLOW_EXECUTION_STATUS_RUNNING';
  });
  Object.assign(story.memory, { card, id });
  await check('the card links there', says.includes(`${urls.temporal}/namespaces/default/workflows/${id}`));
  await camera.take('1-waiting', { channel: PROD, as: 'Lee Park', ts: card.ts });
}

export async function approve(story) {
  const { people, company, check, camera } = story;
  const { card, id } = story.memory;
  for (const [person, who, word] of [
    ['ana', 'the requester', 'you asked for this yourself'],
    ['gus', 'a guest', 'guests'],
    ['mia', 'a stranger', 'another organisation'],
    ['ci', 'a bot', 'bots never approve'],
    ['dan', 'somebody of no team that decides', 'not in'],
  ]) {
    await people.decide(person, card, 'Approve');
    await check(`${who} is refused privately, with the reason`, async () => (await people.told(person)).includes(word));
  }
  await people.decide('kim', card, 'Approve', {}, (value) => ({ ...value, d: 'f'.repeat(64) }));
  await check('a click for another plan counts for nothing and says so', async () =>
    /has changed since|other plan|newest card/.test(await people.told('kim')),
  );
  await check('nothing of that is on the card', hasAll(people.textOf(await waiting(people)), '(0 of 2)'));

  await people.click('lee', card, 'Approve');
  const form = await people.form();
  await check(
    'Lee is shown what he approves',
    Boolean(form) && hasAll(people.textOf(form), 'v2.4.0', 'Rollback is ready', 'vote 1 of 2'),
  );
  await camera.take('2-approving', { form: true });
  await people.submit('lee', { reason: 'looks good' });
  await people.decide('lee', card, 'Approve');
  await check('Lee presses twice and has one vote', async () =>
    hasAll(people.textOf(await waiting(people)), '(1 of 2)', '<@U0LEE>'),
  );
  await people.decide('sam', card, 'Approve');
  await check('with Sam the gate opens', async () =>
    (await company.records(id)).some(({ event }) => event === 'intent'),
  );
  const votes = (await company.records(id)).filter(({ event }) => event === 'vote');
  await check('two votes are on record, and no more', votes.length === 2);
}

export async function rollout(story) {
  const { people, company, check, camera, kill } = story;
  await check('the canary is one instance of four', async () => (await company.running('checkout', 'v2.4.0')) === 1);
  await check('the card shows how far it is', async () =>
    /\([12] of 7 done\)/.test(people.textOf(await newest(people))),
  );
  await camera.take('3-canary', { channel: PROD, as: 'Ana Ruiz', ts: (await newest(people)).ts });
  await check('kill -9 of the worker, in the middle of it', kill('worker'));
  await check(
    'then every instance runs it all the same',
    async () => (await company.running('checkout', 'v2.4.0')) === 4,
    90_000,
  );
  await check(
    'the card says that it succeeded',
    async () => people.textOf(await newest(people)).includes('Succeeded'),
    90_000,
  );
  const all = await people.cards(PROD, 'checkout v2.4.0');
  await check('there is one card, and no second one', all.length === 1);
  const { card, id } = story.memory;
  const events = (await company.records(id)).map(({ event }) => event).join(' ');
  await check(`the ledger has the whole of it (${events})`, events === 'request verdict vote vote intent outcome');
  await people.decide('kim', card, 'Approve');
  await check('a click on the card as it was counts for nothing and says why', async () =>
    (await people.told('kim')).includes('already ended'),
  );
}

export async function faulty(story) {
  const { people, company, check, camera } = story;
  await people.command('ana', 'deploys', '/deploy checkout v2.5.0 to production');
  await check('the card asks for approval', async () => Boolean(await waiting(people, 'v2.5.0')));
  const card = await waiting(people, 'v2.5.0');
  const id = operationOn(people, card);
  for (const person of ['kim', 'sam']) await people.decide(person, card, 'Approve');
  await check('the canary runs it', async () => (await company.running('checkout', 'v2.5.0')) === 1);
  await check(
    'its error rate misses the criterion, and the card says so',
    async () => {
      const says = people.textOf(await newest(people, 'v2.5.0'));
      return hasAll(says, 'Rolled back', 'Missed criterion', 'error_rate', '0.1%', 'Restored: `v2.4.0`');
    },
    60_000,
  );
  const over = await newest(people, 'v2.5.0');
  await check('it says what was measured', /measured \*[\d.]+/.test(people.textOf(over)));
  await check(
    'it has Retry and Open incident',
    ['Retry', 'Open incident'].every((label) => people.buttonsOf(over).some(labelled(label))),
  );
  await check('every instance is back at v2.4.0', async () => (await company.running('checkout', 'v2.4.0')) === 4);
  const events = async () => (await company.records(id)).map(({ event }) => event);
  await check('the outcome is on record', async () => (await events()).at(-1) === 'outcome');
  await camera.take('4-rolled-back', { channel: PROD, as: 'Ana Ruiz', ts: over.ts });
  await check('a rollback notice goes to #deploys', async () =>
    Boolean(await people.card('deploys', 'v2.5.0', 'error_rate', 'v2.4.0')),
  );
  const notice = await people.card('deploys', 'v2.5.0', 'error_rate', 'v2.4.0');
  await camera.take('5-rollback-notice', { channel: 'deploys', as: 'Ana Ruiz', ts: notice.ts });
}

const hasAll = (text, ...words) => words.every((word) => text.includes(word));
const labelled = (label) => (button) => button.text.text === label;
const newest = (people, version = 'v2.4.0') => people.card(PROD, `checkout ${version}`);

/** The card while it can be approved; undefined before and after. */
async function waiting(people, version = 'v2.4.0') {
  const card = await newest(people, version);
  return people.buttonsOf(card).some(labelled('Approve')) ? card : undefined;
}
