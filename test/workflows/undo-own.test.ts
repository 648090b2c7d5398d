import { json, type Seen } from '../steps/endpoint';
import { stepsWorld } from '../helpers/steps-world';

const { api, put, asked, failAt, start, resultOf, phaseIs } = stepsWorld();

const isBad = ({ method, url }: Seen): boolean => url === '/bad' && method === 'PUT';
const deletes = (): readonly string[] => asked().filter((line) => line.startsWith('DELETE'));

describe('what a run undoes is what it did', () => {
  const drain = {
    name: 'drain',
    steps: [{ id: 'drain', uses: 'http/request', with: { connection: 'api', method: 'DELETE', path: '/drained' } }],
  };

  it('leaves alone what a skipped step would have done, whether one call or an action puts that back', async () => {
    failAt('/bad');
    const skipped = put('join', '/join', { if: 'false' });
    const byAction = { ...put('enter', '/enter', { if: '1 > 2' }), undo: { uses: 'actions/drain' } };
    const steps = [put('first'), skipped, byAction, put('bad')];
    const run = await start(steps, { actions: [drain] });
    expect(await run.result).toMatchObject({ kind: 'undone', undoneSteps: 2 });
    expect(deletes()).toEqual(['DELETE /bad', 'DELETE /first']);
  });

  const role = (more: object = {}) => ({
    ...put('role', '/role'),
    find: { with: { method: 'GET', path: '/role' }, found: 'response.body.there' },
    repeat: 'find',
    ...more,
  });

  it('leaves alone what was there before it acted', async () => {
    api.reply = (seen, response) => json(isBad(seen) ? 400 : 200, { there: true })(seen, response);
    expect(await resultOf([role(), put('bad')])).toMatchObject({ kind: 'undone', undoneSteps: 1 });
    expect(deletes()).toEqual(['DELETE /bad']);
  });

  it('undoes what an attempt of its own had made, though the next one only found it', async () => {
    let made = false;
    api.reply = (seen, response) => {
      const isFirst = seen.method === 'PUT' && seen.url === '/role' && !made;
      if (seen.method === 'PUT') made = true;
      // Made, and the answer says that something broke.
      if (isFirst) return json(503, {})(seen, response);
      json(isBad(seen) ? 400 : 200, { there: made })(seen, response);
    };
    const steps = [role({ retry: { attempts: 3, first: '20ms' } }), put('bad')];
    expect(await resultOf(steps)).toMatchObject({ kind: 'undone', undoneSteps: 2 });
    expect(deletes()).toEqual(['DELETE /bad', 'DELETE /role']);
  });
});

describe('a list that was tried again', () => {
  it('is undone under the keys under which its targets were done', async () => {
    const keys: { readonly method: string; readonly key: string }[] = [];
    let isDown = true;
    api.reply = (seen, response) => {
      const { method, url } = seen;
      if (url.startsWith('/patch/')) keys.push({ method, key: String(seen.headers['idempotency-key']) });
      const fails = isBad(seen) || (isDown && url === '/patch/h2' && method === 'PUT');
      json(fails ? 400 : 200, {})(seen, response);
    };
    const each = {
      id: 'each',
      uses: 'foreach',
      with: { in: '${{ inputs.hosts }}', as: 'host', concurrency: 1 },
      'on-failure': 'ask',
      steps: [put('patch', '/patch/${{ host }}')],
    };
    const declared = { hosts: { type: 'list', items: { type: 'string' } } };
    const run = await start([each, put('bad')], { declared, inputs: { hosts: ['h1', 'h2'] } });
    await phaseIs(run, 'asks');
    isDown = false;
    keys.length = 0;
    await run.tell({ kind: 'retry_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'undone' });
    const done = keys.filter(({ method }) => method === 'PUT').map(({ key }) => key);
    const undone = keys.filter(({ method }) => method === 'DELETE').map(({ key }) => key);
    expect(done).toHaveLength(1);
    expect(undone).toContain(`${done[0]}/undo`);
  });

  it('asks nobody about one target: where an action asks, the target fails', async () => {
    failAt('/ask');
    const careful = { name: 'careful', steps: [{ ...put('ask', '/ask'), 'on-failure': 'ask' }] };
    const each = {
      id: 'each',
      uses: 'foreach',
      with: { in: '${{ inputs.hosts }}', as: 'host', concurrency: 1 },
      steps: [{ id: 'one', uses: 'actions/careful' }],
    };
    const declared = { hosts: { type: 'list', items: { type: 'string' } } };
    const run = await start([each], { declared, inputs: { hosts: ['h1'] }, actions: [careful] });
    expect(await run.result).toMatchObject({ kind: 'undone', reason: expect.stringMatching(/^1 of 1 targets failed/) });
  });
});
