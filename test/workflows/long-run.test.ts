import { openRunWorld, type RunWorld } from '../helpers/run-world';
import { startShortHistory } from '../helpers/short-history';
import { eventually } from '../helpers/temporal';
import { Endpoint, json } from '../steps/endpoint';

/** So few events that every run here begins anew several times. */
const longHistory = 40;

const api = new Endpoint();
let server: Awaited<ReturnType<typeof startShortHistory>>;
let world: RunWorld;

jest.setTimeout(120_000);

beforeAll(async () => {
  await api.start();
  server = await startShortHistory(longHistory);
  world = await eventually(() => openRunWorld({ origin: api.origin, address: server.address }), 30_000);
});
beforeEach(() => api.reset());
afterAll(async () => {
  await world?.close();
  await server?.stop();
  await api.stop();
});

const put = (id: string, path: string) => ({
  id,
  uses: 'http/request',
  with: { connection: 'api', method: 'PUT', path },
  undo: { uses: 'http/request', with: { connection: 'api', method: 'DELETE', path } },
});
const hosts = Array.from({ length: 60 }, (_, index) => `h${index}`);
const runbook = (last: object) => ({
  inputs: { hosts: { type: 'list', items: { type: 'string' } } },
  steps: [
    { id: 'inner', uses: 'runbook', with: { runbook: 'child' } },
    {
      id: 'each',
      uses: 'foreach',
      with: { in: '${{ inputs.hosts }}', as: 'host', concurrency: 2 },
      steps: [put('patch', '/patch/${{ host }}')],
    },
    last,
  ],
});
const child = { name: 'child', steps: Array.from({ length: 12 }, (_, index) => put(`s${index}`, `/s${index}`)) };
const asked = (method: string) => api.seen.filter((seen) => seen.method === method).map(({ url }) => url);
const begunAnew = async (id: string): Promise<number> => {
  let runs = 0;
  for await (const each of world.temporal.client.workflow.list({ query: `WorkflowId = "${id}/run"` }))
    runs += each.runId ? 1 : 0;
  return runs - 1;
};

test('a run that grows long inside a group and inside a list begins anew there, and does nothing twice', async () => {
  const run = await world.start({
    runbook: runbook(put('end', '/end')),
    runbooks: [child],
    inputs: { hosts },
    id: 'long-done',
  });
  expect(await run.result).toMatchObject({ kind: 'done' });
  const wanted = [...child.steps.map(({ id }) => `/${id}`), ...hosts.map((host) => `/patch/${host}`), '/end'];
  expect(asked('PUT').sort()).toEqual(wanted.sort());
  await eventually(async () => expect(await begunAnew('long-done')).toBeGreaterThan(2), 20_000);
});

test('what was done before it began anew is undone, too', async () => {
  api.reply = (seen, response) => json(seen.url === '/end' && seen.method === 'PUT' ? 422 : 200, {})(seen, response);
  const run = await world.start({
    runbook: runbook(put('end', '/end')),
    runbooks: [child],
    inputs: { hosts },
    id: 'long-undone',
  });
  expect(await run.result).toMatchObject({ kind: 'undone' });
  expect(asked('DELETE').sort()).toEqual(asked('PUT').sort());
});
