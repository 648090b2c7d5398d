import type { JsonObject } from '../../src/json';
import { stepKinds } from '../../src/runbooks/step-kinds';
import { runnableStepKinds } from '../../activities/steps';
import { attemptOf, failureOf, type Attempt } from './attempt';
import { Endpoint, json } from './endpoint';

const api = new Endpoint();
beforeAll(() => api.start());
beforeEach(() => api.reset());
afterAll(() => api.stop());

const call = (method: string, path: string, more: JsonObject = {}): JsonObject => ({
  id: 'it',
  uses: 'http/request',
  with: { connection: 'api', method, path },
  ...more,
});
const dry = (step: JsonObject, more: Partial<Attempt> = {}) =>
  attemptOf(api.origin, { step, ...more, input: { mode: 'check', ...more.input } });
const asked = () => api.seen.map(({ method, url }) => `${method} ${url}`);

test.each<[string, JsonObject, Partial<Attempt>, JsonObject]>([
  [
    'what changes something is said with what it is given',
    call('PUT', '/hosts/${{ inputs.name }}'),
    { inputs: { name: 'web-1' } },
    {
      summary: 'would run http/request, with connection: api, method: PUT, path: /hosts/web-1',
      detail: ['would run http/request:', 'connection: api', 'method: PUT', 'path: /hosts/web-1'],
    },
  ],
  [
    'what earlier steps tell stands as it is written',
    call('PUT', '/hosts/${{ steps.make.outputs.id }}'),
    {},
    { summary: 'would run http/request, with connection: api, method: PUT, path: /hosts/${{ steps.make.outputs.id }}' },
  ],
  [
    'what depends on earlier steps is said with its condition',
    call('PUT', '/a', { if: 'steps.look.outputs.size > 1' }),
    {},
    {
      summary: 'would run http/request, if steps.look.outputs.size > 1, with connection: api, method: PUT, path: /a',
    },
  ],
  [
    'what waits is not waited for',
    call('GET', '/a', { until: 'response.status == 299', every: '1s', for: '10s' }),
    {},
    { summary: 'would run http/request, with connection: api, method: GET, path: /a' },
  ],
  [
    'people are only asked in earnest',
    { id: 'it', uses: 'approval', with: { from: ['leads'], about: 'Go on with ${{ inputs.name }}?' } },
    { inputs: { name: 'web-1' } },
    { summary: 'would run approval, with from: ["leads"], about: Go on with web-1?' },
  ],
  [
    'a list is counted',
    { id: 'it', uses: 'foreach', with: { in: '${{ inputs.hosts }}', as: 'host' }, steps: [call('PUT', '/a')] },
    { inputs: { hosts: ['a', 'b'] } },
    { summary: 'would be done for 2 targets', given: { as: 'host', count: 2 } },
  ],
])('%s', async (_, step, more, told) => {
  expect(await dry(step, more)).toMatchObject({ status: 'done', outputs: {}, would: 'told', ...told });
  expect(asked()).toEqual([]);
});

test('a step that is not needed is passed over', async () => {
  expect(await dry(call('PUT', '/a', { if: 'inputs.on' }), { inputs: { on: false } })).toMatchObject({
    status: 'skipped',
  });
});

test('a step that only reads is done, and tells later steps what it found', async () => {
  api.reply = json(200, { id: 'm1' });
  const made = await dry(call('GET', '/a', { outputs: { id: 'response.body.id' } }));
  expect(made).toMatchObject({ outputs: { id: 'm1' }, summary: expect.stringMatching(/^now: /) });
  expect(made.would).toBeUndefined();
  expect(asked()).toEqual(['GET /a']);
});

test('what an operation before has done is found', async () => {
  api.reply = json(200, [{ id: 'm1' }]);
  const find = {
    with: { method: 'GET', path: '/hosts' },
    found: 'size(response.body) > 0',
    outputs: { id: 'response.body[0].id' },
  };
  expect(await dry(call('POST', '/hosts', { find, outputs: { id: 'response.body.id' } }))).toMatchObject({
    status: 'found',
    outputs: { id: 'm1' },
  });
  api.reply = json(500, {});
  expect(await dry(call('POST', '/hosts', { find }))).toMatchObject({ would: 'told' });
  expect(asked()).not.toContain('POST /hosts');
});

test.each<[string, JsonObject, Partial<Attempt>, RegExp]>([
  ['a value that its kind refuses', call('PUT', '${{ inputs.path }}'), { inputs: { path: 'a\nb' } }, /cannot be|path/],
  ['a name that nobody gives', call('PUT', '/${{ inputs.nope }}'), {}, /cannot fill in path/],
  ['what the runbook itself refuses', { id: 'it', uses: 'fail', with: { message: 'Too many.' } }, {}, /Too many/],
  [
    'an expectation of what is known',
    { id: 'it', uses: 'expect', with: { that: 'inputs.size < 3' }, else: 'Too big.' },
    { inputs: { size: 5 } },
    /inputs.size|Too big/,
  ],
])('%s fails a dry run', async (_, step, more, message) => {
  const failure = await failureOf(api.origin, { step, ...more, input: { mode: 'check' } });
  expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringMatching(message) });
});

test('the catalogue names the dry run of exactly the kinds that have one', () => {
  const told = stepKinds.filter(({ check }) => check !== undefined).map(({ name }) => name);
  const have = runnableStepKinds.filter(({ check }) => check !== undefined).map(({ spec }) => spec.name);
  expect([...told].sort()).toEqual([...have].sort());
  expect(have).not.toHaveLength(0);
});
