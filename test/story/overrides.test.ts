import { ACTIONS } from '../../src/messages/actions';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import { operationOn, peopleOf } from './people';
import { quickRules } from './quick-rules';

jest.setTimeout(300_000);

let company: Company;
let people: ReturnType<typeof peopleOf>;

const dayFromNow = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Sam of the security team is away this week, and Dan sits in for him. */
const away = (text: string): string =>
  text.replace(
    /(U0SAM: \{.*timezone: Europe\/London) \}/,
    `$1, delegate: { to: U0DAN, from: ${dayFromNow(-2)}, until: ${dayFromNow(2)} } }`,
  );

beforeAll(async () => {
  company = await openCompany({ policy: { 'policy.yaml': `${quickRules}policy_changes: gated\n` } });
  await company.policy.commit({ 'people.yaml': away(await company.policy.read('people.yaml')) });
  await company.fleet.publish('search', 'v9.1.0');
  people = peopleOf(company);
  await company.adopt({ service: 'checkout', version: 'v2.3.0', environment: 'production' });
  await company.adopt({ service: 'search', version: 'v2.3.0', environment: 'production' });
  await startAll(company);
});

afterAll(() => endWell(company));

const eventsOf = async (operation: string): Promise<readonly string[]> =>
  (await company.records(operation)).map(({ event }) => event);

test('a soft rule waits on its card, and goes on once one of those who may has overridden it with a reason', async () => {
  await people.type('U0ANA', '/deploy', 'search v9.1.0 to staging');
  const asks = await people.card('#deploys', 'search v9.1.0', 'not signed off yet', ACTIONS.approveWithReason);
  await people.approveWithReason('U0LEE', asks, 'signed off by phone');
  const over = await people.card('#deploys', 'search v9.1.0', 'Succeeded');
  const records = await company.records(operationOn(over));
  expect(records.find(({ event }) => event === 'override')?.body).toMatchObject({ reason: 'signed off by phone' });
});

test('who sits in for somebody away fills the seat, and the card says in whose place', async () => {
  await people.type('U0ANA', '/deploy', 'search v2.4.0 to production');
  const asks = await people.card('#deploys-prod', 'search v2.4.0', ACTIONS.approve);
  await people.approve('U0DAN', asks);
  await people.card('#deploys-prod', 'search v2.4.0', '<@U0DAN>, sitting in for <@U0SAM>');
  await people.approve('U0KIM', asks);
  await people.card('#deploys-prod', 'search v2.4.0', 'Succeeded');
});

test('break-glass begins without anybody, is announced, and stays owed until somebody else has looked at it', async () => {
  const glass = 'checkout v2.4.0 to production --label break_glass --reason "cards are declined"';
  await people.type('U0DAN', '/deploy', glass);
  const done = await people.card('#deploys-prod', 'checkout v2.4.0', 'Succeeded');
  expect(await eventsOf(operationOn(done))).not.toContain('vote');
  const review = await people.card('#watch', 'cards are declined', ACTIONS.approveWithReason);

  const again = 'checkout v2.5.0 to production --label break_glass --reason "once more"';
  await people.hears('U0DAN', `/deploy ${again}`, 'may not break the glass again yet');

  await people.approveWithReason('U0SUE', review, 'it was the right thing to do');
  const closed = await company.card(
    '#watch',
    (message) => message.ts === review.ts && !people.shows(ACTIONS.approveWithReason)(message),
    'the closed review',
  );
  expect(JSON.stringify(closed.blocks)).toContain('<@U0SUE>');
  expect(JSON.stringify(closed.blocks)).toContain('it was the right thing to do');
});

test('a commit that touches the rules binds only after somebody has approved it under the old ones', async () => {
  const rules = await company.policy.read('policy.yaml');
  const commit = await company.policy.commit({
    'policy.yaml': rules.replace('startsWith("v9.")', 'startsWith("v8.")'),
  });
  const asks = await people.card('#policy', commit.slice(0, 8), ACTIONS.approve);
  await people.hears('U0ANA', '/signalbox what-if "deploy search v9.1.0 to staging"', 'not signed off yet');
  await people.approve('U0KIM', asks);
  // Nobody in people.yaml bears the author's name, so one more person has to approve.
  await people.approve('U0LEE', asks);
  await people.card('#policy', commit.slice(0, 8), 'Succeeded');
  await people.hears('U0LEE', `/signalbox what-if "deploy search v9.1.0 to staging"`, `policy ${commit.slice(0, 10)}`);
  expect(people.told('U0LEE')).not.toContain('not signed off yet');
});
