import type { JsonObject } from '../../src/json';
import type { Policy } from '../../src/policy/policy';
import { Endpoint, json } from '../steps/endpoint';
import { openRunWorld, type RunningRunbook, type RunWorld } from './run-world';
import { eventually } from './temporal';

/** For a test file about steps of a runbook: a world, a service to call, steps that call it, and what it was asked. */
export function stepsWorld(about: { readonly policy?: Policy } = {}) {
  const api = new Endpoint();
  let world: RunWorld;
  // Hundreds of targets on a busy machine take their time.
  jest.setTimeout(180_000);
  beforeAll(async () => {
    await api.start();
    world = await openRunWorld({ ...about, origin: api.origin });
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
  return { api, put, get, asked, failAt, start, resultOf, phaseIs };
}
