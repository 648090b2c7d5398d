import type { JsonObject } from '../../src/json';
import { openRunWorld, type RunningRunbook, type RunWorld } from '../helpers/run-world';
import { eventually } from '../helpers/temporal';
import { Endpoint, json } from '../steps/endpoint';

const api = new Endpoint();
let world: RunWorld;

// Hundreds of targets on a busy machine take their time.
jest.setTimeout(180_000);

beforeAll(async () => {
  await api.start();
  world = await openRunWorld({ origin: api.origin });
}, 60_000);
beforeEach(() => api.reset());
afterAll(async () => {
  await world?.close();
  await api.stop();
});

const call = (method: string, path: string) => ({ connection: 'api', method, path });
/** A step that puts something, and its undo that deletes it. */
const put = (id: string, path = `/${id}`, more: object = {}) => ({
  id,
  uses: 'http/request',
  with: call('PUT', path),
  undo: { uses: 'http/request', with: call('DELETE', path) },
  retry: { attempts: 1 },
  ...more,
});
const get = (id: string, path = `/${id}`, more: object = {}) => ({
  id,
  uses: 'http/request',
  with: call('GET', path),
  retry: { attempts: 1 },
  ...more,
});

const asked = () => api.seen.map(({ method, url }) => `${method} ${url}`);
const failAt = (...urls: readonly string[]) => {
  api.reply = (seen, response) =>
    json(urls.includes(seen.url) && seen.method !== 'DELETE' ? 422 : 200, {})(seen, response);
};
const start = (
  steps: readonly object[],
  more: { readonly inputs?: JsonObject; readonly [key: string]: unknown } = {},
) => {
  const { inputs, declared, actions, runbooks, finally: last } = more;
  return world.start({
    runbook: { steps, ...(declared ? { inputs: declared } : {}), ...(last ? { finally: last } : {}) },
    ...(inputs ? { inputs } : {}),
    ...(actions ? { actions: actions as object[] } : {}),
    ...(runbooks ? { runbooks: runbooks as object[] } : {}),
  });
};
const resultOf = async (...given: Parameters<typeof start>) => (await start(...given)).result;
const phaseIs = (run: RunningRunbook, phase: string) =>
  eventually(async () => expect((await run.shown()).phase).toBe(phase), 20_000);

describe('a parallel', () => {
  it('does its steps at once and gives their outputs to what follows', async () => {
    let open = 0;
    let most = 0;
    api.reply = (seen, response) => {
      if (!seen.url.startsWith('/part')) return json(200, {})(seen, response);
      most = Math.max(most, (open += 1));
      setTimeout(() => {
        open -= 1;
        json(200, { name: seen.url })(seen, response);
      }, 400);
    };
    const outputs = { name: 'response.body.name' };
    const parts = [get('a', '/part-a', { outputs }), get('b', '/part-b', { outputs })];
    const result = await resultOf([
      { id: 'both', uses: 'parallel', steps: parts },
      get('after', '/after?${{ steps.a.outputs.name }}&${{ steps.b.outputs.name }}'),
    ]);
    expect(result).toMatchObject({ kind: 'done' });
    expect(most).toBe(2);
    expect(asked().at(-1)).toBe('GET /after?%2Fpart-a&%2Fpart-b');
  });

  it('begins nothing more when one fails, and undoes what all of them did', async () => {
    failAt('/bad');
    const late = { id: 'late', uses: 'parallel', steps: [put('never')] };
    const result = await resultOf([
      put('before'),
      { id: 'both', uses: 'parallel', with: { concurrency: 1 }, steps: [put('good'), put('bad'), late] },
    ]);
    expect(result).toMatchObject({ kind: 'undone', failedStep: 'bad', undoneSteps: 3 });
    expect(asked()).toEqual(['PUT /before', 'PUT /good', 'PUT /bad', 'DELETE /bad', 'DELETE /good', 'DELETE /before']);
  });
});

describe('a foreach', () => {
  const each = (steps: readonly object[], more: object = {}) => ({
    id: 'each',
    uses: 'foreach',
    with: { in: '${{ inputs.hosts }}', as: 'host', concurrency: 2, ...more },
    steps,
  });
  const declared = { hosts: { type: 'list', items: { type: 'string' }, min: 0 } };
  const hosts = ['h1', 'h2', 'h3', 'h4', 'h5'];

  it('does its steps once for every target, and tells the counts', async () => {
    const steps = [each([put('patch', '/patch/${{ host }}')]), get('sum', '/sum?${{ string(steps.each.outputs.ok) }}')];
    const counted = { ...steps[0], outputs: { ok: 'targets.ok' } };
    expect(await resultOf([counted, steps[1]!], { declared, inputs: { hosts } })).toMatchObject({ kind: 'done' });
    expect(asked().slice(0, 5).sort()).toEqual(hosts.map((host) => `PUT /patch/${host}`));
    expect(asked().at(-1)).toBe('GET /sum?5');
    const keys = api.seen.slice(0, 5).map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(5);
  });

  it('puts a target back that fails, and goes on while no more fail than may', async () => {
    failAt('/two/h2');
    const run = await start(
      [each([put('one', '/one/${{ host }}'), put('two', '/two/${{ host }}')], { max_failures: 1 })],
      {
        declared,
        inputs: { hosts },
      },
    );
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked().filter((line) => line.startsWith('DELETE'))).toEqual(['DELETE /two/h2', 'DELETE /one/h2']);
    expect((await run.shown()).steps.each).toMatchObject({ state: 'done', summary: '4 of 5 done, 1 failed' });
  });

  it('begins no further target when more fail than may, and undoes all that were done', async () => {
    failAt('/patch/h2');
    const result = await resultOf([each([put('patch', '/patch/${{ host }}')], { concurrency: 1 })], {
      declared,
      inputs: { hosts },
    });
    expect(result).toMatchObject({
      kind: 'undone',
      reason: expect.stringMatching(/^1 of 5 targets failed\. h2: patch: /),
    });
    const puts = asked().filter((line) => line.startsWith('PUT'));
    const undone = asked().filter((line) => line.startsWith('DELETE'));
    expect(puts).not.toContain('PUT /patch/h5');
    expect(undone.sort()).toEqual(puts.map((line) => line.replace('PUT', 'DELETE')).sort());
  });

  it('is undone in reverse, when something later fails', async () => {
    failAt('/bad');
    const steps = [each([put('patch', '/patch/${{ host }}')], { concurrency: 1 }), put('bad')];
    expect(await resultOf(steps, { declared, inputs: { hosts } })).toMatchObject({ kind: 'undone' });
    const undone = asked().filter((line) => line.startsWith('DELETE /patch'));
    expect(undone).toEqual([...hosts].reverse().map((host) => `DELETE /patch/${host}`));
  });

  it('refuses an empty list, unless it may be empty', async () => {
    const steps = (more: object) => [
      each([put('patch', '/patch/${{ host }}')], { ...more, in: '${{ steps.found.outputs.list }}' }),
    ];
    const found = get('found', '/found', { outputs: { list: 'response.body.list' } });
    api.reply = json(200, { list: [] });
    expect(await resultOf([found, ...steps({})])).toMatchObject({ reason: expect.stringContaining('has no target') });
    expect(await resultOf([found, ...steps({ empty: 'ok' })])).toMatchObject({ kind: 'done' });
  });

  it('takes a list that is too long to travel with the operation', async () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ name: `host-${String(index).padStart(4, '0')}` }));
    api.reply = (seen, response) => json(200, seen.url === '/found' ? { list: many } : {})(seen, response);
    const run = await start([
      get('found', '/found', { outputs: { list: 'response.body.list' } }),
      {
        id: 'each',
        uses: 'foreach',
        with: { in: '${{ steps.found.outputs.list }}', as: 'host', concurrency: 40 },
        steps: [get('look', '/look/${{ host.name }}')],
      },
    ]);
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(new Set(asked().filter((line) => line.startsWith('GET /look/'))).size).toBe(300);
    expect((await run.shown()).steps.each?.summary).toBe('300 of 300 done');
  });

  it('asks people where it says so, and tries only what failed and what was never begun', async () => {
    failAt('/patch/h2');
    const step = { ...each([put('patch', '/patch/${{ host }}')], { concurrency: 1 }), 'on-failure': 'ask' };
    const run = await start([step], { declared, inputs: { hosts } });
    await phaseIs(run, 'asks');
    const before = asked().filter((line) => line.startsWith('PUT'));
    failAt();
    await run.tell({ kind: 'retry_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    const again = asked()
      .filter((line) => line.startsWith('PUT'))
      .slice(before.length);
    const done = before.filter((line) => line !== 'PUT /patch/h2');
    expect([...done, ...again].sort()).toEqual(hosts.map((host) => `PUT /patch/${host}`));
  });

  it('does a target anew that was put back, and not as what was done before', async () => {
    failAt('/two/h2');
    const steps = [put('one', '/one/${{ host }}'), put('two', '/two/${{ host }}')];
    const run = await start([{ ...each(steps, { concurrency: 1 }), 'on-failure': 'ask' }], {
      declared,
      inputs: { hosts },
    });
    await phaseIs(run, 'asks');
    failAt();
    await run.tell({ kind: 'retry_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    const keys = api.seen
      .filter(({ method, url }) => method === 'PUT' && url === '/one/h2')
      .map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(2);
  });

  it('begins no further target of a slice once more have failed than may', async () => {
    api.reply = (seen, response) => json(seen.method === 'PUT' ? 422 : 200, {})(seen, response);
    const many = Array.from({ length: 40 }, (_, index) => `h${index}`);
    await resultOf([each([put('patch', '/patch/${{ host }}')], { concurrency: 1, max_failures: 1 })], {
      declared,
      inputs: { hosts: many },
    });
    expect(asked().filter((line) => line.startsWith('PUT'))).toHaveLength(2);
  });

  it('keeps its waves when it is tried again', async () => {
    failAt('/patch/h1');
    const step = {
      ...each([put('patch', '/patch/${{ host }}')], { waves: [1, 2], concurrency: 5 }),
      'on-failure': 'ask',
    };
    const run = await start([step], { declared, inputs: { hosts } });
    await phaseIs(run, 'asks');
    expect(asked()).toEqual(['PUT /patch/h1', 'DELETE /patch/h1']);
    failAt('/patch/h1', '/patch/h2');
    await run.tell({ kind: 'retry_step', by: 'U0LEE' });
    await eventually(() => expect(asked().filter((line) => line === 'PUT /patch/h1')).toHaveLength(2), 20_000);
    await phaseIs(run, 'asks');
    expect(asked()).not.toContain('PUT /patch/h2');
    await run.tell({ kind: 'abort', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'undone' });
  });

  it('works in an undo, after an abort too', async () => {
    failAt('/bad');
    const action = {
      name: 'back',
      steps: [{ uses: 'foreach', with: { in: ['x', 'y'], as: 'part' }, steps: [get('look', '/back/${{ part }}')] }],
    };
    const step = { ...put('first'), undo: { uses: 'actions/back' } };
    const run = await start([step, { uses: 'wait', with: { for: '1m' } }], { actions: [action] });
    await eventually(() => expect(asked()).toContain('PUT /first'), 20_000);
    await run.tell({ kind: 'abort', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'undone', undoneSteps: 1 });
    expect(asked().slice(-2)).toEqual(['GET /back/x', 'GET /back/y']);
  });

  it('goes in waves, each once the one before is done', async () => {
    const result = await resultOf(
      [each([put('patch', '/patch/${{ host }}')], { waves: [1, '40%'], pause: '300ms', concurrency: 5 })],
      { declared, inputs: { hosts } },
    );
    expect(result).toMatchObject({ kind: 'done' });
    expect(asked()[0]).toBe('PUT /patch/h1');
    expect(asked().slice(1, 3).sort()).toEqual(['PUT /patch/h2', 'PUT /patch/h3']);
  });

  it('stops when it is aborted, and undoes what was done', async () => {
    let stuck: (() => void) | undefined;
    api.reply = (seen, response) => {
      if (seen.method === 'PUT' && seen.url === '/patch/h3') stuck = () => json(200, {})(seen, response);
      else json(200, {})(seen, response);
    };
    const run = await start([each([put('patch', '/patch/${{ host }}')], { concurrency: 1 })], {
      declared,
      inputs: { hosts },
    });
    await eventually(() => expect(stuck).toBeDefined(), 20_000);
    await run.tell({ kind: 'abort', by: 'U0LEE', reason: 'wrong day' });
    expect(await run.result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE' });
    const undone = asked().filter((line) => line.startsWith('DELETE'));
    expect(undone.sort()).toEqual(['DELETE /patch/h1', 'DELETE /patch/h2', 'DELETE /patch/h3']);
    expect(asked()).not.toContain('PUT /patch/h4');
  });
});

describe('a runbook or an action in a step’s place', () => {
  const action = {
    name: 'make',
    inputs: { path: { type: 'string' }, size: { type: 'integer', min: 1, default: 1 } },
    steps: [
      put('made', '/${{ inputs.path }}?size=${{ string(inputs.size) }}', { outputs: { path: 'response.body.path' } }),
    ],
    outputs: { path: 'steps.made.outputs.path' },
  };

  it('sees its own inputs and gives its outputs by their names', async () => {
    api.reply = (seen, response) => json(200, { path: `made${seen.url.split('?')[0]}` })(seen, response);
    const result = await resultOf(
      [
        { id: 'one', uses: 'actions/make', with: { path: 'one' } },
        { id: 'two', uses: 'actions/make', with: { path: '${{ steps.one.outputs.path }}', size: 3 } },
      ],
      { actions: [action] },
    );
    expect(result).toMatchObject({ kind: 'done' });
    expect(asked()).toEqual(['PUT /one?size=1', 'PUT /made%2Fone?size=3']);
  });

  it('refuses inputs that turn out to be none', async () => {
    api.reply = json(200, { size: 0 });
    const found = get('found', '/found', { outputs: { size: 'response.body.size' } });
    const made = { id: 'one', uses: 'actions/make', with: { path: 'x', size: '${{ steps.found.outputs.size }}' } };
    const result = await resultOf([found, made], { actions: [action] });
    expect(result).toMatchObject({ reason: expect.stringContaining('"size" has to be at least 1') });
  });

  it('is undone step by step when something later fails', async () => {
    failAt('/bad');
    const child = { name: 'child', steps: [put('x'), put('y')] };
    const result = await resultOf([{ id: 'inner', uses: 'runbook', with: { runbook: 'child' } }, put('bad')], {
      runbooks: [child],
    });
    expect(result).toMatchObject({ kind: 'undone', undoneSteps: 3 });
    expect(asked().slice(-3)).toEqual(['DELETE /bad', 'DELETE /y', 'DELETE /x']);
  });

  it('can be the undo of a step', async () => {
    failAt('/bad');
    const back = {
      name: 'back',
      inputs: { path: { type: 'string' } },
      steps: [get('told', '/told'), put('put', '/back-${{ inputs.path }}')],
    };
    const step = { ...put('first'), undo: { uses: 'actions/back', with: { path: 'first' } } };
    expect(await resultOf([step, put('bad')], { actions: [back] })).toMatchObject({ kind: 'undone', undoneSteps: 2 });
    expect(asked()).toEqual(['PUT /first', 'PUT /bad', 'DELETE /bad', 'GET /told', 'PUT /back-first']);
  });
});

describe('a wait', () => {
  it('ends with the signal it waits for, and tells what came with it', async () => {
    const run = await start([
      { id: 'batch', uses: 'wait', with: { signal: 'batch-done', for: '1m' }, outputs: { rows: 'signal.rows' } },
      get('after', '/after?${{ string(steps.batch.outputs.rows) }}'),
    ]);
    await run.tell({ kind: 'signal', by: 'ci', name: 'batch-done', payload: { rows: 12 } });
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked()).toEqual(['GET /after?12']);
  });

  it('fails when the signal does not come in time', async () => {
    const result = await resultOf([{ id: 'batch', uses: 'wait', with: { signal: 'batch-done', for: '300ms' } }]);
    expect(result).toMatchObject({ reason: 'The signal batch-done did not come within 300ms.' });
  });

  it('lasts until an instant', async () => {
    const until = new Date(Date.now() + 1_000).toISOString();
    expect(await resultOf([{ uses: 'wait', with: { until } }, get('after')])).toMatchObject({ kind: 'done' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
  });
});

describe('what people do', () => {
  it('decides about a step that failed: it is tried again, or passed over', async () => {
    failAt('/a', '/b');
    const run = await start([
      put('a', '/a', { 'on-failure': 'ask' }),
      put('b', '/b', { 'on-failure': 'ask' }),
      get('after'),
    ]);
    await phaseIs(run, 'asks');
    failAt('/b');
    await run.tell({ kind: 'retry_step', by: 'U0LEE' });
    await eventually(async () => expect((await run.shown()).steps.b?.state).toBe('failed'), 20_000);
    await phaseIs(run, 'asks');
    await run.tell({ kind: 'skip_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked()).toEqual(['PUT /a', 'PUT /a', 'PUT /b', 'GET /after']);
  });

  it('decides about one step at a time, where several fail at once', async () => {
    failAt('/a', '/b');
    const asks = { 'on-failure': 'ask' };
    const run = await start([{ uses: 'parallel', steps: [put('a', '/a', asks), put('b', '/b', asks)] }, get('after')]);
    await eventually(() => expect(asked().sort()).toEqual(['PUT /a', 'PUT /b']), 20_000);
    await phaseIs(run, 'asks');
    await run.tell({ kind: 'skip_step', by: 'U0LEE' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(asked()).not.toContain('GET /after');
    await run.tell({ kind: 'skip_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
  });

  it('hears what stays, when nothing puts it back', async () => {
    failAt('/bad');
    const result = await resultOf([put('a', '/a', { undo: 'none', name: 'Send the mail' }), put('bad')]);
    expect(result).toMatchObject({ kind: 'undone', undoneSteps: 1, kept: ['Send the mail'] });
  });

  it('passes over a step under way, where it may be', async () => {
    api.reply = (seen, response) => json(200, { ok: seen.url !== '/slow' })(seen, response);
    const slow = get('slow', '/slow', { until: 'response.body.ok', every: '100ms', for: '1m', skippable: true });
    const run = await start([slow, get('after')]);
    await eventually(() => expect(asked()).toContain('GET /slow'), 20_000);
    await run.tell({ kind: 'skip_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked().at(-1)).toBe('GET /after');
  });

  it('stops a run where it is, when what was done is to stay', async () => {
    const run = await start([put('a'), { uses: 'wait', with: { for: '1m' } }]);
    await eventually(() => expect(asked()).toContain('PUT /a'), 20_000);
    await run.tell({ kind: 'abort', by: 'U0LEE', reason: 'I look myself', undo: 'no' });
    expect(await run.result).toMatchObject({ kind: 'left', because: 'left', by: 'U0LEE' });
    expect(asked()).toEqual(['PUT /a']);
  });
});

describe('finally', () => {
  it('comes at the end, after the undo too, and what fails in it changes nothing', async () => {
    failAt('/bad', '/clean');
    const last = [get('clean'), get('told')];
    expect(await resultOf([put('good')], { finally: last })).toMatchObject({ kind: 'done' });
    expect(asked()).toEqual(['PUT /good', 'GET /clean', 'GET /told']);
    api.seen.length = 0;
    expect(await resultOf([put('bad')], { finally: last })).toMatchObject({ kind: 'undone' });
    expect(asked()).toEqual(['PUT /bad', 'DELETE /bad', 'GET /clean', 'GET /told']);
  });
});
