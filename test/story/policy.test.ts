import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCompany, startAll, type Company } from '../helpers/company';
import type { StoredMessage } from '../slack-rules';
import { peopleOf } from './people';

jest.setTimeout(300_000);

/** The example's rules with a soft one, reviewers who are not on call, and watches that end at once. */
const rules = `${readFileSync(join(__dirname, '../../examples/policy/policy.yaml'), 'utf8')
  .replace('review_by: [director]', 'review_by: [security_team]')
  .replaceAll(/watch: \d+s/g, 'watch: 1s')}
rules:
  - name: no nines
    when: 'change.version.startsWith("v9.")'
    level: soft
    message: "Versions of the ninth line are not signed off yet; ask a team lead."
    override: { who: [team_lead] }
`;

let company: Company;
let people: ReturnType<typeof peopleOf>;

beforeAll(async () => {
  company = await openCompany({ policy: { 'policy.yaml': rules } });
  people = peopleOf(company);
  await company.adopt({ service: 'checkout', version: 'v2.3.0', environment: 'production' });
  await startAll(company);
});

afterAll(async () => {
  const broken = company?.slack.violations;
  await company?.close();
  expect(broken).toEqual([]);
});

/** Asks something of Signalbox, and waits until the answer has these words. */
async function hears(user: string, text: string, ...words: readonly string[]): Promise<void> {
  const answer = await people.type(user, '/signalbox', text);
  const heard = () => `${JSON.stringify(answer.response ?? '')}\n${people.told(user)}`;
  await company.slack.waitFor(() => words.every((word) => heard().includes(word)), {
    timeoutMs: 45_000,
    what: `${user} hears ${words.join(', ')} of "${text}": ${heard()}`,
  });
}

const card = (channel: string, ...words: readonly string[]): Promise<StoredMessage> =>
  company.card(channel, people.shows(...words), `a card in ${channel} that shows ${words.join(', ')}`);

/** Ana's deploy to staging, which needs nobody, is held back until something lets it go on. */
async function isHeldBack(
  what: string,
  spec: { readonly shows: readonly string[]; readonly letGo: () => Promise<void> },
): Promise<void> {
  const [service, version] = what.split(' ') as [string, string];
  await people.type('U0ANA', '/deploy', `${what} to staging`);
  const held = await card('#deploys', what, ...spec.shows);
  expect(people.shows('Succeeded')(held)).toBe(false);
  expect((await company.versions(service))[version]).toBeUndefined();
  await spec.letGo();
  const over = await card('#deploys', what, 'Succeeded');
  expect(over.ts).toBe(held.ts);
}

test('a lock holds a second person’s work back and says who holds it; unlocking lets it go on', async () => {
  await hears('U0LEE', 'lock search in staging "index migration" for 1h', 'search in staging is locked for you');
  await isHeldBack('search v2.4.0', {
    shows: ['Lee Park has locked this', 'index migration'],
    letGo: () => hears('U0LEE', 'unlock search in staging', 'search in staging is unlocked'),
  });
});

test('why and what-if answer by the rules in force and start nothing', async () => {
  const before = company.slack.messages('#deploys').length;
  await hears('U0ANA', 'why checkout to production', 'production deploys', 'security_team', 'team_lead');
  await hears('U0ANA', 'what-if "deploy search v9.1.0 to staging"', 'not signed off yet');
  await hears('U0ANA', 'what-if "deploy search v2.4.0 to archive"', 'archive is closed');
  expect(company.slack.messages('#deploys')).toHaveLength(before);
});
