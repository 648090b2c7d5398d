import { ACTIONS } from '../../src/messages/actions';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import type { StoredMessage } from '../slack-rules';
import { operationOn, peopleOf } from './people';

jest.setTimeout(300_000);

const runbook = `name: release
help: Staging, then a decision, then what comes after.
inputs:
  version: { type: version }
steps:
  - id: staging
    name: Deploy to staging
    uses: deploy
    with: { service: search, version: "\${{ inputs.version }}", environment: staging }
    undo: rollback
  - id: window
    uses: wait
    with: { window: always-on, for: 1m }
  - id: found
    uses: http/request
    with: { connection: fleet, path: /services/search }
    outputs: { versions: string(size(response.body.versions)) }
  - id: go
    name: May it go on?
    uses: approval
    with:
      from: [team_lead]
      about: Staging runs \${{ inputs.version }}.
      channel: "#deploys"
      fields: { Versions there: "\${{ steps.found.outputs.versions }}" }
  - id: count
    name: Count the words
    uses: temporal/workflow
    with: { type: countWords, task_queue: other-team, args: ["a b c"] }
    outputs: { words: result.words }
    summary: \${{ string(steps.count.outputs.words) }} words
`;

let company: Company;
let people: ReturnType<typeof peopleOf>;

beforeAll(async () => {
  company = await openCompany({ policy: { 'runbooks/release.yaml': runbook } });
  people = peopleOf(company);
  await company.temporal.worker({ taskQueue: 'other-team', workflowsPath: require.resolve('../helpers/other-team') });
  await company.adopt({ service: 'search', version: 'v2.3.0', environment: 'staging' });
  await startAll(company);
});

afterAll(() => endWell(company));

const cardThat = (what: string, ...words: readonly string[]) => company.card('#deploys', people.shows(...words), what);
const ended = (id: string) =>
  company.card(
    '#deploys',
    (message) => isCardOf(message, id) && hasEnded(message),
    `the end of ${id}: ${company.slack
      .messages('#deploys')
      .filter((message) => isCardOf(message, id))
      .map(({ text }) => text)
      .join('; ')}`,
  );
const isCardOf = (message: StoredMessage, id: string): boolean =>
  JSON.stringify(message.metadata ?? {}).includes(`${id}/card`);
const hasEnded = (message: StoredMessage): boolean =>
  /Succeeded|Rolled back|Failed|Denied/.test(JSON.stringify(message.blocks));

async function begin(version: string): Promise<StoredMessage> {
  await people.type('U0ANA', '/runbook', `run release ${version}`);
  const card = await cardThat('the card of the release', 'release', ACTIONS.approve, version);
  await people.approve('U0KIM', card);
  return card;
}

test('a release deploys by an operation of its own, asks people, and hears another team’s workflow', async () => {
  const card = await begin('v2.4.0');
  const asks = await cardThat(
    'the question',
    'May it go on?',
    ACTIONS.approve,
    'Staging runs v2.4.0',
    'Versions there',
  );
  expect((await company.versions('search'))['v2.4.0']).toBeGreaterThan(0);

  await people.approve('U0LEE', asks);
  const last = await ended(operationOn(card));
  expect(people.shows('Succeeded', 'approved by', '3 words')(last)).toBe(true);
  const child = company.slack
    .messages('#deploys')
    .find(
      (message) =>
        !message.thread_ts && /search v2\.4\.0/.test(message.text) && /Succeeded/.test(JSON.stringify(message.blocks)),
    );
  const records = await company.records(operationOn(child!));
  expect(records.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['request', 'verdict', 'intent', 'outcome']),
  );
});

test('whoever asked for the release cannot approve it; a rejection rolls staging back by an operation, too', async () => {
  const card = await begin('v2.5.0');
  const asks = await cardThat('the question', 'May it go on?', ACTIONS.reject, 'Staging runs v2.5.0');
  await people.approve('U0ANA', asks).catch(() => undefined);
  await company.slack.waitFor(() => /asked for this yourself|may not|cannot/i.test(people.told('U0ANA')), {
    timeoutMs: 45_000,
    what: 'U0ANA hears why not',
  });
  await people.reject('U0KIM', asks, 'not before the audit');
  const last = await ended(operationOn(card));
  expect(people.shows('Rolled back', 'not before the audit')(last)).toBe(true);
  expect(Object.keys(await company.versions('search'))).toEqual(['v2.4.0']);
});
