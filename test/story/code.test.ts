import { ACTIONS } from '../../src/messages/actions';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { peopleOf } from './people';

jest.setTimeout(300_000);

const prod = '#deploys-prod';
const lee = { name: 'Lee Park', email: 'lee@kestrel.example' };
const service = `service: { name: search, owner: developers, kind: fleet, repository: search-code }\n`;
const rule = '    - { set: { risk_level: high }, when: \'change.paths.exists(path, path.startsWith("ranking/"))\' }\n';

let company: Company;
let code: TestRepository;
let people: ReturnType<typeof peopleOf>;

beforeAll(async () => {
  code = await makeRepository({ files: { 'README.md': 'one\n' } });
  await code.git(['tag', 'v2.3.0', 'main']);
  company = await openCompany({
    policy: {
      'configs/services/search.yaml': service,
      'connections/search-code.yaml': `connection: { name: search-code, kind: git, url: "${code.url}" }\n`,
      'policy_tests/production.yaml': null,
    },
  });
  const rules = await company.policy.read('policy.yaml');
  await company.policy.commit({ 'policy.yaml': rules.replace('  rules:\n', `  rules:\n${rule}`) });
  people = peopleOf(company);
  await company.adopt({ service: 'search', version: 'v2.3.0', environment: 'production' });
  await startAll(company);
});

afterAll(() => endWell(company));

const waitingCard = (version: string) =>
  company.card(prod, people.shows(`search ${version}`, ACTIONS.approve), `a card that asks for ${version}`);

test('the card says what is new and by whom, and whoever wrote it cannot approve it', async () => {
  await code.commit({ 'src/a.ts': '1\n' }, 'Work', { author: lee });
  await code.git(['tag', 'v2.4.0', 'main']);
  await people.type('U0ANA', '/deploy', 'search v2.4.0 to production');
  const card = await waitingCard('v2.4.0');
  expect(people.shows('1 commit by Lee Park', 'production deploys')(card)).toBe(true);

  await people.approve('U0LEE', card);
  await company.slack.waitFor(() => /wrote/i.test(people.told('U0LEE')), {
    timeoutMs: 45_000,
    what: `U0LEE hears why: ${people.told('U0LEE')}`,
  });
  await people.approve('U0KIM', card);
  await people.approve('U0SAM', card);
  await company.card(prod, people.shows('search v2.4.0', 'Succeeded'), 'the outcome');
});

test('a path that matters raises the risk, and the card says by which rule', async () => {
  await code.commit({ 'ranking/a.ts': '1\n' }, 'Rank', { author: lee });
  await code.git(['tag', 'v2.5.0', 'main']);
  await people.type('U0ANA', '/deploy', 'search v2.5.0 to production');
  const card = await waitingCard('v2.5.0');
  expect(people.shows('high risk', 'director', 'risk_level is high, because change.paths.exists')(card)).toBe(true);
});

test('a requester raises a fact and never lowers one', async () => {
  await people.type('U0ANA', '/deploy', 'search v2.4.0 to production --risk high');
  const raised = await waitingCard('v2.4.0');
  expect(people.shows('the requester raised it', 'director')(raised)).toBe(true);

  await people.type('U0ANA', '/deploy', 'search v2.5.0 to production --risk low --reason again');
  const lowered = await company.card(prod, people.shows('search v2.5.0', 'again', ACTIONS.approve), 'the second card');
  expect(people.shows('high risk', 'director')(lowered)).toBe(true);
});
