import { groupView, joinGroup, leaveGroup, orderBatch, releaseBatch, viewOf } from './batches';
import { exposition } from './exposition';
import type { Instances } from './instances';
import type { Load } from './load';
import type { Store } from './state';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly key?: string;
  /** Parsed JSON; undefined when there was none or it was none. */
  readonly body: unknown;
}

export type Answer =
  { readonly status: number; readonly json: unknown } | { readonly status: number; readonly text: string };

export interface Fleet {
  readonly store: Store;
  readonly instances: Instances;
  readonly load: Load;
  readonly buildMs: number;
}

type Handler = (fleet: Fleet, call: Call, name: string) => Answer;

const NAME = '[a-z][a-z0-9-]{0,62}';
const VERSION = /^v\d+\.\d+\.\d+$/;
const MOST_NODES = 50;

/** Every route, in one list. The group in the pattern is the handler's third argument. */
const routes: readonly (readonly [method: string, pattern: RegExp, handler: Handler])[] = [
  ['GET', /^\/(healthz)$/, () => ok({ ok: true })],
  ['GET', new RegExp(`^/services/(${NAME})$`), ifService((fleet, _call, name) => ok(fleet.instances.view(name)))],
  ['GET', new RegExp(`^/services/(${NAME})/versions$`), ifService(versions)],
  ['POST', new RegExp(`^/services/(${NAME})/versions$`), ifService(publish)],
  ['PUT', new RegExp(`^/services/(${NAME})/share$`), ifService(share)],
  ['GET', new RegExp(`^/services/(${NAME})/rollout$`), ifService(rollout)],
  ['POST', /^\/(batches)$/, order],
  ['GET', /^\/(batches)$/, (fleet, call) => ok(batches(fleet, call.query.get('key')))],
  ['GET', /^\/batches\/([\w-]+)$/, batch],
  ['DELETE', /^\/batches\/([\w-]+)$/, release],
  ['POST', new RegExp(`^/groups/(${NAME})/join$`), join],
  ['POST', new RegExp(`^/groups/(${NAME})/leave$`), leave],
  ['GET', new RegExp(`^/groups/(${NAME})$`), (fleet, _call, name) => ok(groupView(fleet.store, name))],
  ['POST', /^\/(control)$/, control],
  ['GET', /^\/(log)$/, (fleet) => ok(fleet.store.logged())],
  [
    'GET',
    /^\/(metrics)$/,
    (fleet) => ({ status: 200, text: exposition({ ...fleet, services: Object.keys(fleet.store.state.wanted) }) }),
  ],
];

/** Answers one call; a mutating one is kept in the log with its answer, after the state is on disk. */
export function answer(fleet: Fleet, call: Call): Answer {
  const given = dispatch(fleet, call);
  if (call.method === 'GET') return given;
  fleet.store.save();
  fleet.store.log({
    at: new Date().toISOString(),
    method: call.method,
    path: call.path,
    body: call.body ?? null,
    ...(call.key ? { key: call.key } : {}),
    status: given.status,
  });
  return given;
}

function dispatch(fleet: Fleet, call: Call): Answer {
  const here = routes.filter(([, pattern]) => pattern.test(call.path));
  const route = here.find(([method]) => method === call.method);
  if (here.length === 0) return problem(404, `The fleet has nothing at ${call.path}.`);
  if (!route) return problem(405, `${call.path} does not take ${call.method}.`);
  return route[2](fleet, call, route[1].exec(call.path)![1]!);
}

function ifService(handler: Handler): Handler {
  return (fleet, call, name) =>
    Object.hasOwn(fleet.store.state.wanted, name)
      ? handler(fleet, call, name)
      : problem(404, `The fleet has no service ${name}; it has ${Object.keys(fleet.store.state.wanted).join(', ')}.`);
}

/** What a registry of images would tell. */
function versions({ store }: Fleet, _call: Call, name: string): Answer {
  return ok({ versions: store.state.released[name] ?? [] });
}

/** What a company's build does with a version that is ready. Twice is once. */
function publish({ store }: Fleet, call: Call, name: string): Answer {
  const { version } = fields(call.body);
  if (typeof version !== 'string' || !VERSION.test(version)) return problem(422, 'version must look like v2.4.0.');
  store.state.released[name] = [...new Set([...(store.state.released[name] ?? []), version])];
  return ok({ versions: store.state.released[name] });
}

/** Makes `percent` of the instances (rounded up) run `version` and the rest `base`; an empty base leaves the rest alone. */
function share(fleet: Fleet, call: Call, name: string): Answer {
  const { version, base, percent } = fields(call.body);
  if (typeof version !== 'string' || !VERSION.test(version)) return problem(422, 'version must look like v2.4.0.');
  if (typeof base !== 'string' || (base !== '' && !VERSION.test(base)))
    return problem(422, 'base must look like v2.3.0, or be empty.');
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100))
    return problem(422, 'percent must be a number from 0 to 100.');
  const wanted = fleet.store.state.wanted[name]!;
  const count = Math.ceil((wanted.length * percent) / 100);
  fleet.store.state.wanted[name] = wanted.map((now, index) => (index < count ? version : base || now));
  fleet.instances.converge(name);
  return ok(fleet.instances.view(name));
}

function rollout(fleet: Fleet, _call: Call, name: string): Answer {
  const wanted: Record<string, number> = {};
  for (const version of fleet.store.state.wanted[name]!) wanted[version] = (wanted[version] ?? 0) + 1;
  return ok({ settled: fleet.instances.settled(name), wanted });
}

function order(fleet: Fleet, call: Call): Answer {
  const { group, count } = fields(call.body);
  if (typeof group !== 'string' || !new RegExp(`^${NAME}$`).test(group)) return problem(422, 'group must be a name.');
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MOST_NODES)
    return problem(422, `count must be a whole number from 1 to ${MOST_NODES}.`);
  const batch = orderBatch(fleet.store, { group, count, key: call.key, buildMs: fleet.buildMs });
  return { status: 201, json: viewOf(batch) };
}

function batches(fleet: Fleet, key: string | null): unknown {
  return fleet.store.state.batches.filter((batch) => key === null || batch.key === key).map(viewOf);
}

function batch(fleet: Fleet, _call: Call, id: string): Answer {
  const found = fleet.store.state.batches.find((each) => each.id === id);
  return found ? ok(viewOf(found)) : problem(404, `There is no batch ${id}.`);
}

function release(fleet: Fleet, _call: Call, id: string): Answer {
  return releaseBatch(fleet.store, id) ? { status: 204, text: '' } : problem(404, `There is no batch ${id}.`);
}

function join(fleet: Fleet, call: Call, name: string): Answer {
  const { batch: id } = fields(call.body);
  const found = fleet.store.state.batches.find((each) => each.id === id);
  if (!found) return problem(404, `There is no batch ${String(id)}.`);
  if (fleet.store.state.fail === 'join') return problem(500, 'The load balancer refused the new nodes.');
  if (viewOf(found).state !== 'ready') return problem(409, `Batch ${found.id} is ${viewOf(found).state}, not ready.`);
  joinGroup(fleet.store, name, found.id);
  return ok(groupView(fleet.store, name));
}

function leave(fleet: Fleet, call: Call, name: string): Answer {
  const { batch: id } = fields(call.body);
  if (typeof id !== 'string') return problem(422, 'batch must be the id of a batch.');
  leaveGroup(fleet.store.state.groups, name, id);
  return ok(groupView(fleet.store, name));
}

/** For demonstrations and tests: what fails from now on. */
function control(fleet: Fleet, call: Call): Answer {
  const { fail } = fields(call.body);
  if (fail !== 'join' && fail !== 'build' && fail !== null)
    return problem(422, 'fail must be "join", "build" or null.');
  fleet.store.state.fail = fail;
  return ok({ fail });
}

const fields = (body: unknown): Record<string, unknown> =>
  typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
const ok = (json: unknown): Answer => ({ status: 200, json });
const problem = (status: number, error: string): Answer => ({ status, json: { error } });
