import { setTimeout as sleep } from 'node:timers/promises';

/** Steps 8 and 9 of the story: servers that a file declares, and a runbook whose program fails. */

export async function declared(story) {
  const { people, company, check, camera } = story;
  await people.command('ana', 'deploys', '/provision servers --apply');
  await check('the card asks for one approval', async () => Boolean(await asking(people, 'declared servers')));
  await people.decide('lee', await asking(people, 'declared servers'), 'Approve');
  const there = async (name) =>
    (await company.batches()).some(({ group, state }) => group === name && state === 'ready');
  await check('all three servers are built', async () => {
    return (await there('build-1')) && (await there('build-2')) && (await there('cache-1'));
  });
  // Whoever writes what is declared does not count as an approver of it.
  const change = (text) => text.replace('count: 2', 'count: 1').replace('type: cx32', 'type: cx42');
  await company.changePolicy(
    'Fewer servers to build on, and a larger cache',
    { 'infrastructure/servers.yaml': change },
    { name: 'Ana Ruiz', email: 'ana@kestrel.example' },
  );
  // The bot looks every two seconds.
  await sleep(2_500);
  const compared = () => people.answer('ana', 'deploys', 'replace `cache-1`');
  const ask = askEvery(10_000, () => people.command('ana', 'deploys', '/provision servers'));
  await check('what lies between the file and what is there is said', async () => {
    await ask();
    return Boolean(await compared());
  });
  const answer = await compared();
  await camera.take('7-servers', { channel: 'deploys', as: 'Ana Ruiz', ts: answer.ts });
  await people.click('ana', answer, 'Carry it out');
  const form = await people.form();
  await check('whose data is lost is said, and its name asked for', people.textOf(form).includes('cache-1'));
  await camera.take('7-servers', { form: true, beside: answer.ts });
  await people.submit('ana', { name: 'cache' });
  await check('what destroys is of high risk: three teams are asked', async () =>
    Boolean(await asking(people, 'declared servers', '(0 of 3)')),
  );
  for (const person of ['lee', 'sam', 'dan'])
    await people.decide(person, await people.card('deploys', 'declared servers'), 'Approve');
  await check('the cache has its new server', () => there('cache-2'), 60_000);
  await check('and the old ones are gone', async () => !(await there('cache-1')) && !(await there('build-2')));
}

export async function decide(story) {
  const { people, check, camera } = story;
  await people.command('ana', 'deploys', '/runbook run empty-caches caches=sessions,prises');
  const card = () => people.card('deploys', 'Run empty-caches', 'Asked by');
  await check('the card asks for one approval', async () => Boolean(await asking(people, 'Run empty-caches')));
  await people.decide('lee', await card(), 'Approve');
  await check(
    'one cache of two fails, and the card asks what to do',
    async () => people.textOf(await card()).includes('Needs a decision'),
    60_000,
  );
  const failed = await card();
  await camera.take('8-runbook', { channel: 'deploys', as: 'Ana Ruiz', ts: failed.ts });
  await people.click('ana', failed, 'Log');
  const log = await people.log();
  await check('its log says why', people.textOf(log).includes('there is no cache prises'));
  await camera.take('8-runbook', { form: true, beside: failed.ts });
  people.closeForm('ana');
  await people.decide('ana', await card(), 'Skip step');
  await check('skipped, it ends well', async () => people.textOf(await card()).includes('Succeeded'));
}

async function asking(people, ...words) {
  const found = await people.card('deploys', ...words);
  return people.buttonsOf(found).some(({ text }) => text.text === 'Approve') ? found : undefined;
}

/** Asks at once, and again when so long has passed without an answer: a busy machine says "try again in a minute". */
function askEvery(ms, ask) {
  let next = 0;
  return async () => {
    if (Date.now() < next) return;
    next = Date.now() + ms;
    await ask();
  };
}
