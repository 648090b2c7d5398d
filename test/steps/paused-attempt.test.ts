import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { AttemptGone, type Acknowledge } from '../../activities/steps/heart';
import { attemptOf, failureOf } from './attempt';
import { Endpoint, json } from './endpoint';

/** Attempts that lost their place to another one while they looked, slept or waited. */
const api = new Endpoint();
beforeAll(() => api.start());
beforeEach(() => api.reset());
afterAll(() => api.stop());

const leaseMs = 700;
const environmentOf = (attempt: number, heartbeatTimeoutMs = leaseMs / 0.7) =>
  new MockActivityEnvironment(
    { attempt, startToCloseTimeoutMs: 60_000, heartbeatTimeoutMs },
    { logger: new DefaultLogger('ERROR', () => undefined) },
  );
const gone: Acknowledge = () => Promise.reject(new AttemptGone());
const call = (method: string, path = '/machines') => ({ connection: 'api', method, path });
const found = { with: { method: 'GET', path: '/machines' }, found: 'size(response.body) > 0' };
const post = { id: 'make', uses: 'http/request', with: call('POST'), repeat: 'find', find: found };
const asked = () => api.seen.map(({ method }) => method);

test('an attempt that slept between its look and its call does nothing once another has begun', async () => {
  api.reply = (seen, response) => void pause(850).then(() => json(200, [])(seen, response));
  const failure = await failureOf(api.origin, { step: post, environment: environmentOf(1, 4_000), acknowledge: gone });
  // A slow machine hears of it by its heartbeat before it comes to its call.
  expect(failure.message).toMatch(/was not begun, because another attempt has taken its place|lost its hold/);
  expect(asked()).toEqual(['GET']);
});

test('a later attempt acts only when Temporal says that it is the present one', async () => {
  api.reply = json(200, []);
  const failure = await failureOf(api.origin, { step: post, environment: environmentOf(2), acknowledge: gone });
  expect(failure.message).toMatch(/was not begun/);
  expect(asked()).toEqual(['GET']);
  const acknowledge: Acknowledge = () => Promise.resolve();
  await attemptOf(api.origin, { step: post, environment: environmentOf(2), acknowledge });
  expect(asked()).toEqual(['GET', 'GET', 'POST']);
});

test('a first attempt that comes straight to its call, and one that only looks, ask Temporal nothing', async () => {
  let calls = 0;
  const acknowledge: Acknowledge = async () => void (calls += 1);
  api.reply = json(200, []);
  const put = { id: 'make', uses: 'http/request', with: call('PUT') };
  const get = { id: 'make', uses: 'http/request', with: call('GET') };
  for (const [step, attempt] of [
    [put, 1],
    [get, 2],
  ] as const)
    await attemptOf(api.origin, {
      step,
      environment: new MockActivityEnvironment({ attempt, heartbeatTimeoutMs: 60_000 }),
      acknowledge,
    });
  expect(calls).toBe(0);
});

test.each([
  ['another attempt takes its place', gone],
  ['Temporal does not answer for as long as its lease', () => Promise.reject(new Error('away'))],
] as const)('what waits for an answer is ended when %s', async (_, acknowledge) => {
  api.reply = () => undefined;
  const put = { id: 'make', uses: 'http/request', with: call('PUT') };
  const failure = await failureOf(api.origin, { step: put, environment: environmentOf(1), acknowledge });
  expect(failure.message).toBe('“make” was ended, because the runner lost its hold of the step.');
});

test('what waits for an answer goes on as long as Temporal says that it is the present one', async () => {
  const acknowledge: Acknowledge = () => Promise.resolve();
  api.reply = (seen, response) => void pause(leaseMs * 3).then(() => json(200, {})(seen, response));
  const put = { id: 'make', uses: 'http/request', with: call('PUT') };
  const made = await attemptOf(api.origin, { step: put, environment: environmentOf(1), acknowledge });
  expect(made).toMatchObject({ status: 'done' });
});
