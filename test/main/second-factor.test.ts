import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TOTP } from 'otpauth';
import { URI } from 'otpauth';
import type { VoteAnswer, VoteBody } from '../../src/approvals/ballot';
import { ACTIONS } from '../../src/messages/actions';
import { relay } from '../../src/operation/relay';
import type { Relayed } from '../../src/operation/request';
import type { OperationView } from '../../src/operation/view';
import { VIEW_QUERY, VOTE_UPDATE } from '../../workflows/contract';
import { examplePolicy, openCompany, startAll, type Company } from '../helpers/company';
import { operationOn, peopleOf } from '../story/people';
import { eventually } from '../helpers/temporal';

// Three real programs on a busy machine take their time.
jest.setTimeout(240_000);

const prod = '#deploys-prod';
const folder = mkdtempSync(join(tmpdir(), 'signalbox-second-factor-'));
let company: Company;
let people: ReturnType<typeof peopleOf>;

beforeAll(async () => {
  chmodSync(folder, 0o700);
  const plain = examplePolicy(0)['policy.yaml']!.replaceAll(/^ +one_click: true\n/gm, '');
  company = await openCompany({
    policy: { 'policy.yaml': `${plain}\nsecond_factor: { approvals: required }\n` },
    env: { SECOND_FACTORS_FILE: join(folder, 'factors.yaml') },
  });
  people = peopleOf(company);
  await startAll(company);
});
afterAll(async () => {
  await company?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('counts an approval only with a code, which is found nowhere afterwards', async () => {
  const enrolled = await company.cli(['second-factor', 'enroll', 'U0LEE', '--json']);
  const { uri } = JSON.parse(enrolled.out) as { readonly uri: string };
  await people.type('U0ANA', '/deploy', 'checkout v2.4.0 to production --reason "cart fix"');
  const card = await company.card(prod, people.shows('checkout v2.4.0', ACTIONS.approve), 'a card that asks');
  expect(people.shows('needs a code from your authenticator')(card)).toBe(true);
  const id = operationOn(card);
  const handle = company.temporal.client.workflow.getHandle(id);

  // Signed as the bot signs, but round its dialog: the worker refuses.
  const { ballots } = await handle.query<OperationView>(VIEW_QUERY);
  const body: VoteBody = {
    format: 1,
    operationId: id,
    ballotId: ballots[0]!.id,
    ballotDigest: ballots[0]!.digest,
    by: 'U0LEE',
    decision: 'approve',
    actionId: '1.1',
    at: new Date().toISOString(),
  };
  const forged = relay('vote', body, company.env.RELAY_KEY!);
  const answer = await handle.executeUpdate<VoteAnswer, [Relayed<VoteBody>]>(VOTE_UPDATE, { args: [forged] });
  expect(answer).toMatchObject({ kind: 'refused', code: 'second_factor' });

  await people.click('U0LEE', card, ACTIONS.approve);
  await people.form('U0LEE');
  const code = (URI.parse(uri) as TOTP).generate();
  expect(await company.slack.viewSubmit({ user: 'U0LEE', values: { code } })).toMatchObject({
    response_action: 'update',
  });
  const vote = await eventually(async () => {
    const found = (await company.records(id)).find(({ event }) => event === 'vote');
    if (!found) throw new Error(`the vote is not recorded yet; U0LEE was told ${people.told('U0LEE')}`);
    return found;
  }, 60_000);
  expect(vote.body).toMatchObject({ by: 'U0LEE', secondFactor: { at: expect.stringMatching(/^2.*Z$/) } });

  const everything = {
    history: textIn(await handle.fetchHistory()),
    records: JSON.stringify(await company.records(id)),
    bot: company.log('bot'),
    worker: company.log('worker'),
  };
  expect(everything.history).toContain('secondFactor');
  for (const [where, text] of Object.entries(everything)) {
    const secret = (URI.parse(uri) as TOTP).secret.base32;
    expect([where, new RegExp(`(?<![0-9A-Fa-f.])${code}(?![0-9A-Fa-f])`).test(text)]).toEqual([where, false]);
    expect([where, text.includes(secret)]).toEqual([where, false]);
  }
});

/** All text of a history, with what its payloads say. */
function textIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textIn).join('\n');
}
