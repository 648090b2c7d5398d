import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogFolder } from '../../activities/adapters/log-folder';
import { linkToLog, logLinkMs } from '../../bot/log-links';
import { LogStoreAway } from '../../src/errors';
import { ACTIONS } from '../../src/messages/actions';
import { operationCard } from '../../src/messages/operation-card';
import { renderNotice } from '../../src/messages/notices';
import type { OperationView } from '../../src/operation/view';
import { VIEW_QUERY, WORKER_QUEUE } from '../../workflows/contract';
import { relay } from '../../src/operation/relay';
import { aRequest } from '../helpers/samples';
import { defaultTimings } from '../../workflows/contract';
import { eventually, machineToken, openBotWorld, personToken, relayKey, type BotWorld } from './support/bot-world';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-bot-logs-'));
const kept = openLogFolder({ folder });
const id = 'deploy-checkout-staging-logs123456';
let away: string | undefined;
const store: typeof kept = {
  ...kept,
  list: (operation) => (away === undefined ? kept.list(operation) : Promise.reject(new LogStoreAway(away))),
};
const asked: (string | undefined)[] = [];
let world: BotWorld;

beforeAll(async () => {
  world = await openBotWorld({
    mode: 'http',
    deps: {
      logs: {
        store,
        publicUrl: 'https://signalbox.example/base/',
        whyNotRead: async ({ person, view }) => {
          asked.push(view?.id);
          return person === 'U0ANN' ? undefined : 'You have no say in this operation; ask U0ANN.';
        },
      },
    },
  });
  await world.startWorker();
  const request = aRequest({ id, service: 'checkout', environment: 'staging', labels: ['logged'] });
  await world.temporal.client.workflow.start('operation', {
    workflowId: id,
    taskQueue: WORKER_QUEUE,
    args: [{ request: relay('request', request, relayKey), timings: defaultTimings }],
  });
  for (const [step, attempt, text] of [
    ['build', 1, 'built\n'],
    ['canary/share', 1, 'first try\n'],
    ['canary/share', 2, `${'x'.repeat(60)}\n`.repeat(2_000) + '<!channel> *the end* ```\n'],
    ['rest', 1, 'the rest\n'],
  ] as const) {
    const log = await kept.open({ operation: id, step, mode: 'do', attempt });
    log.write(text);
    await log.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => (away = undefined));

const type = (text: string, user = 'U0ANN') =>
  world.slack.command({ user, channel: 'C0DEPLOYS', command: '/signalbox', text });
const told = (user = 'U0ANN') => JSON.stringify(world.slack.ephemerals(user).at(-1) ?? '');
const modal = (user = 'U0ANN') => JSON.stringify(world.slack.views(user).at(-1)?.blocks ?? []);

const viewOfIt = () => world.temporal.client.workflow.getHandle(id).query<OperationView>(VIEW_QUERY);
async function cardPosted() {
  const view = await viewOfIt();
  const { ts } = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...operationCard(view) });
  return { channel: 'C0DEPLOYS', ts: ts!, user: 'U0ANN' };
}

test('/signalbox logs shows whoever has a say the end of the log that says the most, or of the step they name', async () => {
  await type(`logs ${id}`);
  await world.slack.waitFor(() => told().includes('canary/share'));
  expect(told()).toContain('attempt 2, its last lines');
  expect(told()).toContain('*the end*');
  expect(told()).not.toContain('<!channel>');
  expect(told()).toContain('https://signalbox.example/base/logs/');
  await type('logs logs123456 build');
  await world.slack.waitFor(() => told().includes('built'));
  await type(`logs ${id} nothing`);
  await world.slack.waitFor(() => told().includes('There is no log of nothing of logs123456'));
  await type(`logs ${id} can`);
  await world.slack.waitFor(() => told().includes('There is no log of can of'));
});

test('whoever has no say is told so, and nothing of the log reaches Slack', async () => {
  await type(`logs ${id}`, 'U0BOB');
  await world.slack.waitFor(() => told('U0BOB').includes('no say in this operation'));
  const card = await cardPosted();
  await world.slack.click({ ...card, user: 'U0BOB', actionId: ACTIONS.log });
  await world.slack.waitFor(() => modal('U0BOB').includes('no say in this operation'));
  expect(JSON.stringify(world.slack.views('U0BOB')) + told('U0BOB')).not.toContain('the end');
  expect(asked.at(-1)).toBe(id);
});

test('the Log button of a card opens the log that says the most, and another can be chosen there', async () => {
  const card = await cardPosted();
  await world.slack.click({ ...card, actionId: ACTIONS.log });
  await world.slack.waitFor(() => modal().includes('*the end*'));
  expect(modal()).toContain('rest, attempt 1');
  expect(modal()).toContain('Whole log');
  await world.slack.click({ user: 'U0ANN', actionId: ACTIONS.logOther, value: '3' });
  await world.slack.waitFor(() => modal().includes('the rest'));
  expect(modal()).not.toContain('*the end*');
});

test('what a step said in the thread has a button to its own log', async () => {
  const notice = {
    kind: 'step_detail',
    step: 'Build',
    summary: 'built',
    lines: ['built'],
    log: { operationId: id, step: 'build' },
  } as const;
  const { ts } = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...renderNotice(notice) });
  await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts: ts!, actionId: ACTIONS.log });
  await world.slack.waitFor(() => modal().includes('built'));
});

test('the card of a list opens the log of the target that it names, and not the newest', async () => {
  for (const index of [0, 1, 10]) {
    const log = await kept.open({ operation: id, step: `hosts/greet[${index}]`, mode: 'do', attempt: 1 });
    log.write(`target ${index}\n`);
    await log.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const card = operationCard({ ...(await viewOfIt()), log: 'hosts/greet[1]' });
  const { ts } = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...card });
  await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts: ts!, actionId: ACTIONS.log });
  await world.slack.waitFor(() => modal().includes('target 1\\n'));
});

test('what the undo of a step wrote is offered beside what the step wrote, and comes first only where it is meant', async () => {
  for (const [step, mode, text] of [
    ['ship/put', 'do', 'it failed here\n'],
    ['ship/undo/put', 'do', 'put back by steps\n'],
    ['ship/put', 'undo', 'put back\n'],
  ] as const) {
    const log = await kept.open({ operation: id, step, mode, attempt: 1 });
    log.write(text);
    await log.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const view = await viewOfIt();
  const press = async (about: Partial<OperationView>) => {
    const { ts } = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...operationCard({ ...view, ...about }) });
    await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts: ts!, actionId: ACTIONS.log });
  };
  for (const log of ['ship/put', 'ship']) {
    await press({ log });
    await world.slack.waitFor(() => modal().includes('it failed here'));
    expect(modal()).toMatch(/ship\/put, attempt 1.*undo of ship\/put, attempt 1/);
  }
  await press({ log: 'ship/put', logMode: 'undo' });
  await world.slack.waitFor(() => modal().includes('put back\\n'));
  await type(`logs ${id} ship/put`);
  await world.slack.waitFor(() => told().includes('it failed here'));
  expect(told()).toContain('Log of its undo');
});

test('a card without a log has no such button', async () => {
  const { log: _log, ...view } = await viewOfIt();
  expect(JSON.stringify(operationCard(view))).not.toContain(ACTIONS.log);
});

test('a store that is away is told in its own sentence', async () => {
  away = 'The bucket x refuses LOG_STORE_ACCESS_KEY.';
  await type(`logs ${id} rest`);
  await world.slack.waitFor(() => told().includes('refuses LOG_STORE_ACCESS_KEY'));
});

test('over HTTP a person with a say reads it as data, and a machine only what it asked for itself', async () => {
  const ask = async (token: string) => {
    const answer = await fetch(`${world.bot.url}/api/v1/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ text: `signalbox logs ${id} build`, key: `logs-${token}` }),
    });
    return { status: answer.status, body: JSON.stringify(await answer.json()) };
  };
  expect(await ask(personToken)).toMatchObject({ status: 200, body: expect.stringContaining('"text":"built') });
  expect((await ask(machineToken)).body).not.toContain('built');
});

describe('a link to a whole log', () => {
  const deps = { logs: { publicUrl: 'https://signalbox.example' } as never, relayKey, now: () => new Date() };
  const pathOf = (link: string) => new URL(link).pathname;
  const get = async (path: string) => {
    const answer = await fetch(`${world.bot.url}${path}`);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const keyOf = async (step: string) => (await kept.list(id)).find((log) => log.step === step)!.key;

  test('gives the whole of it as text that no browser takes for anything else, and who read it is in the log', async () => {
    const [, , third] = await kept.list(id);
    const { status, headers, text } = await get(pathOf(linkToLog(deps, { key: third!.key, by: 'U0ANN' })!));
    expect(status).toBe(200);
    expect(text).toHaveLength(third!.bytes);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain('sandbox');
    expect(headers.get('cache-control')).toContain('no-store');
    await eventually(async () => world.log.some((line) => line.includes('a whole log was read')));
  });

  test('is over after a quarter of an hour', async () => {
    const then = { ...deps, now: () => new Date(Date.now() - logLinkMs - 1_000) };
    const { status, text } = await get(pathOf(linkToLog(then, { key: await keyOf('build'), by: 'U0ANN' })!));
    expect([status, text]).toEqual([410, expect.stringContaining('open the log from its card again')]);
  });

  test.each<[string, (path: string) => string]>([
    [
      'another seal',
      (path) => path.replace(/\.(.)([^.]*)$/, (_, first, rest) => `.${first === 'A' ? 'B' : 'A'}${rest}`),
    ],
    [
      'another log in it',
      (path) => {
        const [, body, seal] = /logs\/(.*)\.(.*)$/.exec(path)!;
        const grant = JSON.parse(Buffer.from(body!, 'base64url').toString()) as object;
        const other = Buffer.from(JSON.stringify({ ...grant, k: 'runbook-x/y.do.1.log' })).toString('base64url');
        return `/logs/${other}.${seal}`;
      },
    ],
  ])('with %s opens nothing', async (_, changed) => {
    const path = pathOf(linkToLog(deps, { key: await keyOf('build'), by: 'U0ANN' })!);
    expect((await get(changed(path))).text).not.toContain('built');
  });

  test('made with another key opens nothing', async () => {
    const forged = { ...deps, relayKey: 'another-relay-key-0123456789abcdefgh' };
    const { status, text } = await get(pathOf(linkToLog(forged, { key: await keyOf('build'), by: 'U0ANN' })!));
    expect([status, text]).toEqual([403, expect.stringContaining('no link to a log')]);
  });

  test('to a log that is gone says so', async () => {
    const { status } = await get(pathOf(linkToLog(deps, { key: 'runbook-x/y.do.1.log', by: 'U0ANN' })!));
    expect(status).toBe(404);
  });

  test('is not made where people cannot reach the bot', () => {
    expect(linkToLog({ ...deps, logs: {} as never }, { key: 'x', by: 'U0ANN' })).toBeUndefined();
  });
});
