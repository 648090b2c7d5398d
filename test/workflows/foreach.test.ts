import { eventually } from '../helpers/temporal';
import { stepsWorld } from '../helpers/steps-world';
import { json } from '../steps/endpoint';

const { api, put, get, asked, failAt, start, resultOf, phaseIs } = stepsWorld();

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

  it('says of one target that it was not begun', async () => {
    failAt('/patch/h4');
    const result = await resultOf([each([put('patch', '/patch/${{ host }}')], { concurrency: 1 })], {
      declared,
      inputs: { hosts },
    });
    expect(result).toMatchObject({ reason: expect.stringMatching(/ 1 was not begun\.$/) });
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

  it('lets all targets go on that wait for a signal when it comes', async () => {
    const wait = { id: 'batch', uses: 'wait', with: { signal: 'batch-done', for: '1m' } };
    const run = await start([each([get('look', '/look/${{ host }}'), wait], { concurrency: 5 })], {
      declared,
      inputs: { hosts },
    });
    await eventually(() => expect(asked()).toHaveLength(5), 20_000);
    // Nobody knows from outside whether all of them wait already.
    const sending = setInterval(() => {
      run.tell({ kind: 'signal', by: 'ci', name: 'batch-done' }).catch(() => undefined);
    }, 500);
    await run.result.finally(() => clearInterval(sending));
    expect(await run.result).toMatchObject({ kind: 'done' });
  });

  it('tells how far it is while it is under way, and does no more at once than may', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `h${index}`);
    let now = 0;
    let most = 0;
    let isOpen = false;
    const held: (() => void)[] = [];
    api.reply = (seen, response) => {
      now += 1;
      most = Math.max(most, now);
      const answer = () => {
        now -= 1;
        json(seen.url === '/bad' && seen.method === 'PUT' ? 422 : 200, {})(seen, response);
      };
      if (!isOpen && seen.url.endsWith('h5')) held.push(answer);
      else setTimeout(answer, 20);
    };
    const steps = [each([put('patch', '/patch/${{ host }}')], { concurrency: 13 }), put('bad')];
    const run = await start(steps, { declared, inputs: { hosts: many } });
    await eventually(
      async () => expect((await run.shown()).steps.each?.summary).toMatch(/^(?!0)\d+ of 40 done$/),
      20_000,
    );
    isOpen = true;
    for (const answer of held) answer();
    expect(await run.result).toMatchObject({ kind: 'undone' });
    expect(asked().filter((line) => line.startsWith('DELETE /patch'))).toHaveLength(40);
    expect(most).toBeGreaterThan(3);
    expect(most).toBeLessThanOrEqual(13);
  });

  it('halts the slices that are under way once together more have failed than may', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `h${index}`);
    api.reply = (seen, response) => {
      const answer = () => json(seen.method === 'PUT' ? 422 : 200, {})(seen, response);
      setTimeout(answer, seen.method === 'PUT' ? 1_000 : 0);
    };
    const step = each([put('patch', '/patch/${{ host }}')], { concurrency: 30, max_failures: 40 });
    const run = await start([step], { declared, inputs: { hosts: many } });
    expect(await run.result).toMatchObject({ kind: 'undone' });
    // Each of the three slices by itself would have done all of its 34.
    expect(asked().filter((line) => line.startsWith('PUT')).length).toBeLessThan(102);
  });
});
