import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import type { VoteBody } from '../../src/approvals/ballot';
import { ACTIONS } from '../../src/messages/actions';
import { operationCard } from '../../src/messages/operation-card';
import { isRelayed } from '../../src/operation/relay';
import type { OperationView } from '../../src/operation/view';
import { VIEW_QUERY } from '../../workflows/contract';
import { openBotWorld, personToken, relayKey, type BotWorld } from './support/bot-world';

const secret = new Secret({ size: 20 });
const codeOf = (steps = 0): string => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });
const folder = mkdtempSync(join(tmpdir(), 'signalbox-modal-'));
const file = join(folder, 'factors.yaml');

let world: BotWorld;
beforeAll(async () => {
  world = await openBotWorld({ redis: true, deps: { secondFactorsFile: file } });
  await world.startWorker();
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => enroll('U0BOB'));

const enroll = (...users: readonly string[]) =>
  writeFileSync(file, users.map((user) => `${user}: ${secret.base32}\n`).join(''), { mode: 0o600 });

/** An operation that Ann asked for; its card asks approvers for a second factor. */
async function asked(): Promise<{ readonly id: string; readonly ts: string }> {
  const { slack } = world;
  const version = `v${Math.floor(Math.random() * 1e9)}`;
  const text = `checkout ${version} to staging`;
  await slack.command({ user: 'U0ANN', channel: 'C0DEPLOYS', command: '/deploy', text });
  const short = /taken on as (\w+)/.exec(slack.ephemerals('U0ANN').at(-1)!.text)![1]!;
  const id = `deploy-checkout-staging-${short}`;
  const view = await world.temporal.client.workflow.getHandle(id).query<OperationView>(VIEW_QUERY);
  const ballots = view.ballots.map((ballot) => ({ ...ballot, secondFactor: true as const }));
  const posted = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...operationCard({ ...view, ballots }) });
  return { id, ts: posted.ts! };
}

async function open(ts: string, actionId: string = ACTIONS.approve): Promise<void> {
  await world.slack.click({ user: 'U0BOB', channel: 'C0DEPLOYS', ts, actionId });
  await world.slack.waitFor(() => modal().includes('security_team'));
}
const modal = () => JSON.stringify(world.slack.views('U0BOB').at(-1)?.blocks ?? []);
const submit = (values: { readonly [name: string]: string }) => world.slack.viewSubmit({ user: 'U0BOB', values });
const close = () => world.slack.viewClose({ user: 'U0BOB' });
const votesOf = async (id: string) =>
  (await world.arrived(id)).filter((each) => each.what === 'vote').map((each) => each.relayed.body as VoteBody);
/** All text of a history, with what its payloads say. */
function textIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textIn).join('\n');
}

describe('Approve, where policy asks for a second factor', () => {
  it('counts with the right code, and the signed vote says when it was seen', async () => {
    const { id, ts } = await asked();
    await open(ts);
    expect(modal()).toContain('Code from your authenticator');
    const code = codeOf();

    expect(await submit({ reason: 'looks right', code })).toMatchObject({ response_action: 'update' });

    await world.slack.waitFor(() => modal().includes('is counted'));
    const [vote] = await votesOf(id);
    expect(vote).toMatchObject({ by: 'U0BOB', decision: 'approve', secondFactor: { at: expect.any(String) } });
    const [arrived] = await world.arrived(id);
    expect(isRelayed<unknown>('vote', arrived!.relayed, relayKey)).toBe(true);
    await close();

    const history = textIn(await world.temporal.client.workflow.getHandle(id).fetchHistory());
    expect(history).toContain('looks right');
    for (const text of [history, world.log.join('\n')]) expect(text).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`));
  });

  it('says at the field that a code is wrong, used, or none, and relays nothing', async () => {
    const { id, ts } = await asked();
    await open(ts);
    const right = [-1, 0, 1].map((steps) => codeOf(steps));
    const wrong = ['000000', '000001', '000002', '000003'].find((code) => !right.includes(code))!;
    expect(await submit({ code: wrong })).toMatchObject({
      response_action: 'errors',
      errors: { code: expect.stringContaining('not the code') },
    });
    expect(await submit({ code: 'hello!' })).toMatchObject({ errors: { code: expect.stringContaining('six digits') } });
    expect(await votesOf(id)).toEqual([]);
    const next = codeOf(1);
    expect(await submit({ code: next })).toMatchObject({ response_action: 'update' });
    await world.slack.waitFor(() => modal().includes('is counted'));
    await close();

    const other = await asked();
    await open(other.ts);
    expect(await submit({ code: next })).toMatchObject({ errors: { code: expect.stringContaining('used already') } });
    expect(await votesOf(other.id)).toEqual([]);
    await close();
  });

  it('opens no dialog for somebody who is not enrolled, and says who enrolls', async () => {
    enroll('U0ANN');
    const { id, ts } = await asked();
    await world.slack.click({ user: 'U0BOB', channel: 'C0DEPLOYS', ts, actionId: ACTIONS.approve });
    await world.slack.waitFor(() => modal().includes('signalbox second-factor enroll U0BOB'));
    expect(await votesOf(id)).toEqual([]);
    await close();
  });

  it('is not asked of whoever rejects', async () => {
    const { id, ts } = await asked();
    await open(ts, ACTIONS.reject);
    expect(modal()).not.toContain('authenticator');
    await submit({ reason: 'wrong version' });
    await world.slack.waitFor(() => modal().includes('is counted'));
    expect(await votesOf(id)).toMatchObject([{ decision: 'reject' }]);
    await close();
  });

  it('locks out after five wrong codes', async () => {
    const { id, ts } = await asked();
    await open(ts);
    const right = [-1, 0, 1, 2].map((steps) => codeOf(steps));
    const wrong = ['000000', '000001', '000002', '000003', '000004'].find((code) => !right.includes(code))!;
    for (let count = 0; count < 5; count += 1) await submit({ code: wrong });
    expect(await submit({ code: codeOf() })).toMatchObject({
      errors: { code: expect.stringContaining('none of yours is looked at for five minutes') },
    });
    expect(await votesOf(id)).toEqual([]);
    await close();
  });
});

it('takes a code from the command line, and relays nothing with a wrong one', async () => {
  enroll('U0ANN');
  const { id } = await asked();
  const vote = async (code: string, key: string) => {
    const answer = await fetch(`${world.bot.url}/api/v1/operations/${id}/votes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${personToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ballot: 'ballot-1', digest: 'd'.repeat(64), decision: 'approve', key, code }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  expect(await vote('hello!', 'one')).toMatchObject({ status: 403, text: expect.stringContaining('six digits') });
  // Ann asked for it: what comes back is the workflow's own refusal, so the code was taken.
  const code = codeOf();
  expect(await vote(code, 'two')).toMatchObject({ status: 409, text: expect.stringContaining('four eyes') });
  expect(await vote(code, 'three')).toMatchObject({ status: 403, text: expect.stringContaining('used already') });
});
