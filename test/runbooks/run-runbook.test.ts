import { Endpoint, json } from '../steps/endpoint';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';

/** Runbooks as their authors write them, on the real engine: what the tests of vendors and examples stand on. */
describe('a runbook as files', () => {
  const api = new Endpoint();
  let runbooks: Runbooks;

  beforeAll(async () => {
    await api.start();
    runbooks = await openRunbooks({ env: { API_TOKEN: 'a-token-of-a-test' }, pools: ['far'] });
  });
  beforeEach(() => api.reset());
  afterAll(async () => {
    await runbooks?.close();
    await api.stop();
  });

  const connection = `
connection: { name: api, kind: http, origin: https://api.example.com, auth: { bearer: { env: API_TOKEN } } }
`;
  const action = `
name: put
inputs: { what: { type: string } }
steps:
  - id: put
    uses: http/request
    with: { connection: api, method: PUT, path: '/things/\${{ inputs.what }}' }
    outputs: { status: response.status }
    undo: { uses: http/request, with: { connection: api, method: DELETE, path: '/things/\${{ inputs.what }}' } }
outputs: { status: steps.put.outputs.status }
`;
  const asked = (steps: string, more = '') => ({
    files: {
      'connections/api.yaml': connection,
      'actions/put.yaml': action,
      'runbooks/work.yaml': `name: work\n${more}steps:\n${steps}`,
    },
    runbook: 'work',
    connections: { api: { origin: api.origin } },
  });

  it('runs its actions over its connections, with their secrets, and tells outputs', async () => {
    const ran = await runbooks.run(asked('  - { id: one, uses: actions/put, with: { what: a } }\n'));
    expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
    expect(ran.outputs.one).toEqual({ status: 200 });
    expect(api.seen).toMatchObject([
      { method: 'PUT', url: '/things/a', headers: { authorization: 'Bearer a-token-of-a-test' } },
    ]);
  });

  it('takes inputs, goes through lists and other pools, and undoes what it did', async () => {
    const steps = `
  - id: all
    uses: foreach
    with: { in: '\${{ inputs.names }}', as: name }
    steps:
      - { id: one, uses: actions/put, with: { what: '\${{ name }}' } }
  - { id: look, uses: http/request, runs-on: far, with: { connection: api, path: /far } }
  - { uses: fail, with: { message: 'Not today.' } }
`;
    const ran = await runbooks.run({
      ...asked(steps, 'inputs: { names: { type: list } }\n'),
      inputs: { names: ['a', 'b'] },
    });
    expect(ran.result).toMatchObject({ kind: 'undone', reason: 'Not today.' });
    const seen = api.seen.map(({ method, url }) => `${method} ${url}`);
    expect(seen.slice(0, 3)).toEqual(['PUT /things/a', 'PUT /things/b', 'GET /far']);
    expect(seen.slice(3).sort()).toEqual(['DELETE /things/a', 'DELETE /things/b']);
  });

  it('resolves before it works', async () => {
    api.reply = json(200, { what: 'found' });
    const more = `resolve:
  - { id: look, uses: http/request, with: { connection: api, path: /look }, outputs: { what: response.body.what } }
`;
    const ran = await runbooks.run(
      asked("  - { id: one, uses: actions/put, with: { what: '${{ resolve.look.outputs.what }}' } }\n", more),
    );
    expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
    expect(api.seen.map(({ url }) => url)).toEqual(['/look', '/things/found']);
  });

  it('polls as many times faster as its test asks, and is aborted while it does', async () => {
    api.reply = json(200, { ready: false });
    const running = await runbooks.start({
      ...asked(
        '  - { id: poll, uses: http/request, with: { connection: api, path: /x }, until: response.body.ready, every: 10s, for: 8h }\n',
      ),
      pace: 1_000,
    });
    while (api.seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await running.act({ kind: 'abort', by: 'U0LEE', reason: 'enough' });
    expect((await running.end()).result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE' });
  });

  it('is refused with the file and the line when it cannot be read', async () => {
    await expect(runbooks.run(asked('  - { uses: http/reqest }\n'))).rejects.toThrow(/runbooks\/work\.yaml:\d+/);
  });
});
