import { ACTIONS } from '../../src/messages/actions';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import type { StoredMessage } from '../slack-rules';
import { peopleOf } from './people';
import { quickRules } from './quick-rules';

jest.setTimeout(300_000);

let company: Company;
let people: ReturnType<typeof peopleOf>;

beforeAll(async () => {
  company = await openCompany({ policy: { 'policy.yaml': quickRules } });
  people = peopleOf(company);
  await company.adopt({ service: 'checkout', version: 'v2.3.0', environment: 'production' });
  await startAll(company);
});

afterAll(() => endWell(company));

/** Ana's deploy of search to staging, which needs nobody, is held back until something lets it go on. */
async function isHeldBack(
  version: string,
  spec: { readonly shows: readonly string[]; readonly letGo: () => Promise<void> },
): Promise<void> {
  await people.type('U0ANA', '/deploy', `search ${version} to staging`);
  const held = await people.card('#deploys', `search ${version}`, ...spec.shows);
  expect(people.shows('Succeeded')(held)).toBe(false);
  expect((await company.versions('search'))[version]).toBeUndefined();
  await spec.letGo();
  const over = (message: StoredMessage) => message.ts === held.ts && people.shows('Succeeded')(message);
  await company.card('#deploys', over, `the end of what ${spec.shows.join(', ')} held back`);
}

test('a lock holds a second person’s work back and says who holds it; unlocking lets it go on', async () => {
  await people.hears('U0LEE', '/signalbox lock search in staging "index migration" for 1h', 'is locked for you');
  await people.hears('U0ANA', '/signalbox locks', 'index migration');
  await isHeldBack('v2.4.0', {
    shows: ['Lee Park has locked this', 'index migration'],
    letGo: () => people.hears('U0LEE', '/signalbox unlock search in staging', 'search in staging is unlocked'),
  });
});

test('a freeze by command holds its place back until it is thawed, and is not for everybody', async () => {
  await people.hears('U0ANA', '/signalbox freeze staging "because" for 1h', 'freeze staging', 'holds.freeze.who');
  await people.hears('U0DAN', '/signalbox freeze staging "audit week" for 1h', 'staging is frozen until');
  await isHeldBack('v2.3.0', {
    shows: ['Dan Weber has frozen', 'audit week'],
    letGo: () => people.hears('U0DAN', '/signalbox thaw staging', 'staging is thawed'),
  });
});

test('the stop holds everything back until somebody says go', async () => {
  await people.hears('U0DAN', '/signalbox stop "keys leaked"', 'Everything is stopped');
  await isHeldBack('v2.4.0', {
    shows: ['Dan Weber has stopped everything', 'keys leaked'],
    letGo: () => people.hears('U0DAN', '/signalbox go', 'The stop is lifted'),
  });
});

test('why and what-if answer by the rules in force and start nothing', async () => {
  const before = company.slack.messages('#deploys').length;
  await people.hears('U0ANA', '/signalbox why checkout to production', 'security_team', 'team_lead');
  await people.hears('U0ANA', '/signalbox what-if "deploy search v9.1.0 to staging"', 'not signed off yet');
  await people.hears('U0ANA', '/signalbox what-if "deploy search v2.4.0 to archive"', 'archive is closed');
  expect(company.slack.messages('#deploys')).toHaveLength(before);
});

test('a sandbox is made for a while, listed, kept longer, and gone once its owner has typed its name', async () => {
  await people.type('U0ANA', '/provision', 'sandbox for 3d');
  const asks = await people.card('#deploys', 'sandbox', ACTIONS.approve);
  await people.approve('U0LEE', asks);
  await people.card('#deploys', 'sandbox', 'Succeeded');
  await people.hears('U0KIM', '/provision list', 'sandbox', 'U0ANA');
  await people.hears('U0ANA', '/provision extend sandbox by 2d', 'sandbox');

  await people.type('U0ANA', '/provision', 'destroy sandbox');
  await people.form('U0ANA');
  await company.slack.viewSubmit({ user: 'U0ANA', values: { name: 'sandbox' } });
  const destroys = await people.card('#deploys', 'Destroy', 'sandbox', ACTIONS.approve);
  await people.approve('U0LEE', destroys);
  await people.card('#deploys', 'Destroy', 'sandbox', 'Succeeded');
  await people.hears('U0KIM', '/provision destroy sandbox', 'is gone');
});
