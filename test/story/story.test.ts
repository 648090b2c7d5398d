import { ACTIONS } from '../../src/messages/actions';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import { operationOn, peopleOf } from './people';

jest.setTimeout(300_000);

let company: Company;
let people: ReturnType<typeof peopleOf>;
const prod = '#deploys-prod';

beforeAll(async () => {
  company = await openCompany({ redisUrl: process.env.TEST_REDIS_URL });
  people = peopleOf(company);
  await company.adopt({ service: 'checkout', version: 'v2.3.0', environment: 'production' });
  await startAll(company);
});

afterAll(() => endWell(company));

async function waitingCard(version: string) {
  return company.card(prod, people.shows(`checkout ${version}`, ACTIONS.approve), `a card that asks for ${version}`);
}

test('1 to 3: a deploy is asked for, refused to the wrong people, approved by two teams, and delivered in stages', async () => {
  const asked = await people.type('U0ANA', '/deploy', 'checkout v2.4.0 to production —reason “cart fix”');
  expect(asked.acked).toBe(true);
  const card = await waitingCard('v2.4.0');
  for (const word of ['cart fix', 'U0ANA', 'security_team', 'team_lead', 'production deploys'])
    expect(people.shows(word)(card)).toBe(true);

  for (const [user, words] of [
    ['U0ANA', 'you asked'],
    ['U0GUS', 'guest'],
    ['U0EVA', 'another'],
  ] as const) {
    await people.approve(user, card);
    await company.slack.waitFor(() => people.told(user).toLowerCase().includes(words), {
      timeoutMs: 45_000,
      what: `${user} hears "${words}": ${people.told(user)}`,
    });
  }
  await people.approve('U0LEE', card);
  await people.approve('U0LEE', card);
  await people.approve('U0SAM', card);

  await company.card(prod, people.shows('checkout v2.4.0', 'being watched'), 'the watch');
  await company.card(prod, people.shows('checkout v2.4.0', 'Succeeded'), 'the outcome');
  expect(await company.versions('checkout')).toEqual({ 'v2.4.0': 4 });
  const records = await company.records(operationOn(card));
  expect(records.map(({ event }) => event)).toEqual(['request', 'verdict', 'vote', 'vote', 'intent', 'outcome']);
  const cards = company.slack
    .messages(prod)
    .filter((message) => !message.thread_ts && people.shows('checkout v2.4.0')(message));
  expect(cards).toHaveLength(1);
});

test('2: a click on a finished card, forged from an older one, changes nothing and says why', async () => {
  const card = await company.card(prod, people.shows('checkout v2.4.0', 'Succeeded'), 'the finished card');

  await company.slack.click({
    user: 'U0KIM',
    channel: card.channel,
    ts: card.ts,
    actionId: ACTIONS.approve,
    messageVersion: card.versions.findIndex((version) => JSON.stringify(version.blocks).includes(ACTIONS.approve)),
  });
  await people.form('U0KIM');
  await company.slack.viewSubmit({ user: 'U0KIM' });

  await company.slack.waitFor(() => /finished|over|ended/i.test(people.told('U0KIM')), {
    timeoutMs: 45_000,
    what: `U0KIM hears that it is over: ${people.told('U0KIM')}`,
  });
});

test('4 and 5: a faulty version misses its criterion, is undone with a notice, and leads to an incident', async () => {
  await people.type('U0ANA', '/deploy', 'checkout v2.5.0 to production');
  const card = await waitingCard('v2.5.0');
  await people.approve('U0KIM', card);
  await people.approve('U0SUE', card);

  const over = await company.card(
    prod,
    people.shows('checkout v2.5.0', 'error_rate', ACTIONS.incidentOpen),
    'the rolled-back card',
  );
  expect(people.shows('v2.4.0', '0.1%')(over)).toBe(true);
  expect(await company.versions('checkout')).toEqual({ 'v2.4.0': 4 });
  await company.card('#deploys', people.shows('v2.5.0', 'error_rate', 'v2.4.0'), 'the rollback notice');

  await people.openIncident('U0ANA', over);
  const incident = await company.card('#incidents', people.shows('checkout'), 'the incident card');
  await people.openIncident('U0KIM', over);
  await company.slack.waitFor(() => company.slack.channel('incidents')!.pins.includes(incident.ts), {
    timeoutMs: 45_000,
    what: 'the incident card is pinned',
  });
  expect(
    company.slack
      .messages('#incidents')
      .filter((message) => !message.thread_ts && people.shows(':rotating_light:')(message)).length,
  ).toBeLessThanOrEqual(1);
});

test('6: a rollback goes back to the last good version without asking anybody', async () => {
  await people.type('U0DAN', '/rollback', 'checkout in production');

  await company.card(prod, people.shows('Roll back checkout in production to v2.3.0', 'Succeeded'), 'the rollback');
  expect(await company.versions('checkout')).toEqual({ 'v2.3.0': 4 });
});

test('7: provisioning releases what was made when it fails half-way', async () => {
  const control = await fetch(`http://127.0.0.1:${company.fleet.port}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fail: 'join' }),
  });
  expect(control.ok).toBe(true);
  await people.type('U0ANA', '/provision', 'web 2');
  const card = await company.card('#deploys', people.shows('Provision web', ACTIONS.approve), 'the provisioning card');
  await people.approve('U0LEE', card);

  await company.card('#deploys', people.shows('Provision web', 'undone'), 'the undone provisioning');
  const batches = (await (await fetch(`http://127.0.0.1:${company.fleet.port}/batches`)).json()) as unknown[];
  expect(batches).toEqual([]);
});

test('8: outside the window people approve now, and the card says when it runs; a closed place refuses', async () => {
  await people.type('U0ANA', '/deploy', 'search v2.4.0 to archive');
  await company.slack.waitFor(() => people.told('U0ANA').includes('archive is closed'), {
    timeoutMs: 45_000,
    what: 'U0ANA hears about the freeze',
  });

  const why = await people.type('U0ANA', '/signalbox', 'why checkout to production');
  await company.slack.waitFor(
    () =>
      people.told('U0ANA').includes('security_team') || JSON.stringify(why.response ?? '').includes('security_team'),
    { timeoutMs: 45_000, what: 'why names the teams' },
  );
  const help = await people.type('U0ANA', '/signalbox', 'help');
  expect(JSON.stringify(help.response ?? '') + people.told('U0ANA')).toContain('/deploy');
});
