import { ACTIONS } from '../../src/messages/actions';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import { peopleOf } from './people';

jest.setTimeout(300_000);

let company: Company;
let people: ReturnType<typeof peopleOf>;

beforeAll(async () => {
  company = await openCompany();
  await company.fleet.publish('checkout', 'v2.4.2', 'v2.4.3');
  await company.fleet.publish('search', 'v2.6.0');
  people = peopleOf(company);
  await startAll(company);
});

afterAll(() => endWell(company));

/** What one command led to, privately: its acknowledgement and every message after it. */
async function hears(user: string, command: string, text: string, words: RegExp): Promise<string> {
  const before = people.told(user).length;
  const result = await people.type(user, command, text);
  expect(result.acked).toBe(true);
  const said = () => JSON.stringify(result.response ?? '') + people.told(user).slice(before);
  await company.slack.waitFor(() => words.test(said()), { timeoutMs: 45_000, what: `${words} in: ${said()}` });
  return said();
}

test.each`
  what                        | command         | text                                                   | words
  ${'an unknown service'}     | ${'/deploy'}    | ${'chekout v2.4.0 to production'}                      | ${/checkout/}
  ${'an unknown environment'} | ${'/deploy'}    | ${'checkout v2.4.0 to prodution'}                      | ${/production/}
  ${'an unknown word'}        | ${'/signalbox'} | ${'statsu'}                                            | ${/status/}
  ${'an unknown runbook'}     | ${'/provision'} | ${'wbe 2'}                                             | ${/web/}
  ${'a number out of range'}  | ${'/provision'} | ${'web 99'}                                            | ${/5/}
  ${'a missing version'}      | ${'/deploy'}    | ${'checkout to production'}                            | ${/version/i}
  ${'an unclosed quote'}      | ${'/deploy'}    | ${'checkout v2.4.0 to production --reason "cart fix'}  | ${/quot/i}
  ${'an unknown flag'}        | ${'/deploy'}    | ${'checkout v2.4.0 to production --raeson "cart fix"'} | ${/--reason/}
  ${'nothing to go back to'}  | ${'/rollback'}  | ${'search in production'}                              | ${/adopt/}
  ${'an unknown operation'}   | ${'/signalbox'} | ${'show deploy-nothing-here'}                          | ${/no operation|not known|find/i}
`('$what: one clear private sentence, nothing started', async ({ command, text, words }) => {
  const said = await hears('U0ANA', command as string, text as string, words as RegExp);

  expect(said).not.toMatch(/\bat .*\.(ts|js):\d+|TypeError|undefined|\[object/);
});

test.each([
  ['in stages', 'checkout v9.9.9 to production', '#deploys-prod'],
  ['all at once', 'search v9.9.9 to staging', '#deploys'],
])(
  'a version that does not exist, delivered %s: refused on its card before anybody is asked',
  async (_how, text, channel) => {
    await people.type('U0ANA', '/deploy', text);

    const card = await company.card(channel, people.shows('There is no version v9.9.9'), 'the refusal on the card');

    expect(people.shows('v2.3.0, v2.4.0, v2.5.0')(card)).toBe(true);
    expect(people.shows('before anything was changed')(card)).toBe(true);
    expect(people.shows(ACTIONS.approve)(card)).toBe(false);
  },
);

test.each([
  ['4,000 characters', 'x'.repeat(4_000)],
  ['newlines and quotes', 'first\nsecond “curly” ’single’'],
  ['a mention of everybody', '<!channel> <!here> <@U0LEE>'],
  ['right-to-left marks and emoji', '\u202Egnp.exe\u202C 🚀🚀'],
  ['markup', '*bold* `code` & <https://evil.example|click>'],
])('a reason of %s reaches the card as plain text or is refused in words', async (_what, reason) => {
  const before = company.slack.messages('#deploys').length;
  const result = await people.type(
    'U0ANA',
    '/deploy',
    `web v2.4.0 to staging --reason "${reason.replaceAll('"', '')}"`,
  );
  expect(result.acked).toBe(true);

  const message = await company.slack.waitFor(
    () =>
      company.slack.messages('#deploys').length > before ||
      /reason|long|characters/i.test(JSON.stringify(result.response ?? '') + people.told('U0ANA')),
    { timeoutMs: 45_000, what: 'a card or a refusal' },
  );

  expect(message).toBeTruthy();
  const shown = JSON.stringify(company.slack.messages('#deploys').slice(before));
  expect(shown).not.toMatch(/<!channel>|<!here>|\u202E/);
});

test('from the list to its form: what fits no field is refused there, and what fits is asked for under its card', async () => {
  await people.type('U0ANA', '/provision', '');
  const list = await company.slack.waitFor(
    () => company.slack.ephemerals('U0ANA').find(({ blocks }) => JSON.stringify(blocks).includes('"r\\":\\"web\\"')),
    { timeoutMs: 30_000, what: 'the list of what can be provisioned' },
  );
  const value = JSON.stringify({ r: 'web', k: 'provision' });
  await company.slack.click({ user: 'U0ANA', channel: 'deploys', ts: list.ts, actionId: ACTIONS.runbookRun, value });
  await people.form('U0ANA');
  const wrong = await company.slack.viewSubmit({ user: 'U0ANA', values: { 'input.count': '99' } });
  expect(wrong.errors).toEqual({ 'input.count': '"count" has to be from 1 to 5.' });
  await company.slack.viewSubmit({ user: 'U0ANA', values: { 'input.count': '2' } });

  const card = await company.card('#deploys', people.shows('Provision web', '`count` 2', ACTIONS.approve), 'its card');
  expect(people.shows('<@U0ANA>')(card)).toBe(true);
});

test('a policy commit that does not compile does not bind: strict places refuse, others say so and go on', async () => {
  const good = await company.policy.head();
  const text = await company.policy.read('policy.yaml');
  await company.policy.commit({ 'policy.yaml': text.replace('timezone: Europe/Berlin', 'timezon: Europe/Berlin') });
  await new Promise((resolve) => setTimeout(resolve, 2_000));

  await hears('U0ANA', '/deploy', 'checkout v2.4.0 to production', /strict/);
  await people.type('U0ANA', '/deploy', 'search v2.6.0 to staging');
  const card = await company.card('#deploys', people.shows('search v2.6.0'), 'the staging card');
  expect(people.shows(good.slice(0, 7))(card)).toBe(true);

  await company.policy.commit({ 'policy.yaml': text });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await people.type('U0ANA', '/deploy', 'checkout v2.4.0 to production');
  await company.card('#deploys-prod', people.shows('checkout v2.4.0', ACTIONS.approve), 'the card once it is mended');
});

test('a channel that is closed: the card falls back to where it was asked', async () => {
  company.slack.archiveChannel('#deploys-prod');

  await people.type('U0LEE', '/deploy', 'checkout v2.4.2 to production');

  await company.card(
    '#deploys',
    people.shows('checkout v2.4.2', ACTIONS.approve),
    'the card in the channel it was asked in',
  );
});

test('nowhere to show a card: whoever asked hears it and how to follow', async () => {
  company.slack.archiveChannel('#deploys');

  await company.slack.command({
    user: 'U0LEE',
    channel: '#deploys',
    command: '/deploy',
    text: 'checkout v2.4.3 to production',
  });

  await company.slack.waitFor(() => people.told('U0LEE').includes('/signalbox show'), {
    timeoutMs: 45_000,
    what: `U0LEE hears that there is no card: ${people.told('U0LEE')}`,
  });
});
