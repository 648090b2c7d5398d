import { eventually } from '../helpers/temporal';
import { stepsWorld } from '../helpers/steps-world';
import { json } from '../steps/endpoint';

const { api, put, get, asked, failAt, start, resultOf, phaseIs } = stepsWorld();

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

  it('stays on the card when a branch beside the one that asks is held, and that is shown once it is answered', async () => {
    let free: () => void = () => undefined;
    let isBad = true;
    api.reply = (seen, response) => {
      if (seen.url === '/slow') free = () => void json(200, {})(seen, response);
      else json(isBad && seen.url === '/a' && seen.method === 'PUT' ? 422 : 200, {})(seen, response);
    };
    const branch = { uses: 'actions/two' };
    const two = { name: 'two', steps: [get('slow'), get('next')] };
    const run = await start([{ uses: 'parallel', steps: [put('a', '/a', { 'on-failure': 'ask' }), branch] }], {
      actions: [two],
    });
    await phaseIs(run, 'asks');
    await eventually(() => expect(asked()).toContain('GET /slow'), 20_000);
    await run.tell({ kind: 'pause', by: 'freeze', at: 'step' });
    free();
    await eventually(async () =>
      expect(Object.values((await run.shown()).steps).map(({ state }) => state)).toContain('done'),
    );
    expect((await run.shown()).phase).toBe('asks');
    isBad = false;
    await run.tell({ kind: 'skip_step', by: 'U0LEE' });
    await phaseIs(run, 'held');
    await run.tell({ kind: 'resume', by: 'freeze' });
    expect(await run.result).toMatchObject({ kind: 'done' });
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

  it('is heard by the run only where it is about what the run asks', async () => {
    failAt('/a');
    const run = await start([put('a', '/a', { 'on-failure': 'ask' }), get('after')]);
    await phaseIs(run, 'asks');
    await run.tell({ kind: 'skip_step', by: 'U0LEE', question: 'question-7' });
    failAt();
    await run.tell({ kind: 'retry_step', by: 'U0LEE', question: 'question-1' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked()).toEqual(['PUT /a', 'PUT /a', 'GET /after']);
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
    expect(await run.result).toMatchObject({ kind: 'left', because: 'stopped', by: 'U0LEE' });
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
