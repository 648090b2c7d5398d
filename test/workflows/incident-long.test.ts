import { relay } from '../../src/operation/relay';
import type { IncidentAct, IncidentRequest, IncidentView } from '../../src/incidents/incident';
import type { ActAnswer, ActBody } from '../../src/operation/ports';
import { ACT_UPDATE, VIEW_QUERY, WORKER_QUEUE, type IncidentInput } from '../../workflows/contract';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { startShortHistory } from '../helpers/short-history';
import { eventually, openTemporal } from '../helpers/temporal';

/** So few that an incident begins anew after a handful of acts. */
const longHistory = 40;
const key = 'a-relay-key-for-tests-of-32-characters';

let server: Awaited<ReturnType<typeof startShortHistory>>;
let world: World;

beforeAll(async () => {
  server = await startShortHistory(longHistory);
  await eventually(async () => (await openTemporal(server.address)).close(), 30_000);
  world = await openWorld(server.address);
}, 60_000);

afterAll(async () => {
  await world?.close();
  await server?.stop();
});

async function declare(id: string) {
  const request: IncidentRequest = {
    format: 1,
    id,
    severity: 'sev2',
    service: 'checkout',
    environment: 'production',
    summary: 'errors after deploy',
    declaredBy: 'U0ANA',
    operationId: 'deploy-1',
    deliveryId: 'd1',
    declaredAt: new Date().toISOString(),
  };
  const input: IncidentInput = {
    request: relay('incident', request, key),
    channel: '#incidents',
    timings: testTimings,
  };
  const started = await world.temporal.client.workflow.start('incident', {
    workflowId: id,
    taskQueue: WORKER_QUEUE,
    args: [input],
  });
  const first = world.temporal.client.workflow.getHandle(id, started.firstExecutionRunId, { followRuns: false });
  const present = world.temporal.client.workflow.getHandle(id);
  const act = (what: IncidentAct, actionId: string, by = 'U0LEE'): Promise<ActAnswer> => {
    const body: ActBody = { format: 1, workflowId: id, act: what, by, actionId, at: new Date().toISOString() };
    return present.executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, key)] });
  };
  return { started, first, act, view: () => present.query<IncidentView>(VIEW_QUERY) };
}

test('an incident whose history grows long begins anew and forgets nothing', async () => {
  const cause = { at: new Date(0).toISOString(), text: 'checkout v2.5.0 was rolled back.', pinned: true };
  world.recent = async () => [cause];
  const id = `incident-checkout-long${process.pid}`;
  const incident = await declare(id);
  await incident.act({ kind: 'assign', role: 'scribe', user: 'U0KIM' }, 'assign-1');
  for (let index = 0; index < 20; index += 1)
    await incident.act({ kind: 'update', text: `update ${index}` }, `u${index}`);
  await eventually(async () => expect((await incident.first.describe()).status.name).toBe('CONTINUED_AS_NEW'), 20_000);

  // What counted in the first run counts no second time, and whoever was in is not invited again.
  await expect(incident.act({ kind: 'update', text: 'update 0' }, 'u0')).resolves.toMatchObject({
    sentence: 'That was taken on already.',
  });
  await incident.act({ kind: 'join' }, 'join-1', 'U0KIM');
  expect(await incident.view()).toMatchObject({
    state: 'declared',
    roles: { lead: 'U0ANA', scribe: 'U0KIM' },
    roomChannel: 'C0ROOM',
    timeline: [
      cause,
      ...Array.from({ length: 11 }, (_, index) => expect.objectContaining({ text: `update ${index + 9}` })),
    ],
    moreEvents: 11,
  });
  await incident.act({ kind: 'resolve' }, 'resolve-1');
  await expect(incident.started.result()).resolves.toMatchObject({ state: 'resolved' });

  const own = <Each extends object>(all: readonly Each[], name: (each: Each) => string) =>
    all.filter((each) => name(each).startsWith(id));
  const cards = own(world.cards, ({ slot }) => slot);
  const notices = own(world.notices, (notice) => notice.key).map((notice) => notice.key);
  const records = own(world.records, ({ operationId }) => operationId).map(({ index }) => index);
  expect(cards.filter(({ at }) => at === undefined)).toHaveLength(1);
  expect(new Set(notices).size).toBe(notices.length);
  expect(records).toEqual(records.map((_, index) => index));
  expect(world.rooms).toHaveLength(1);
  expect(world.invitations).toEqual([{ channel: 'C0ROOM', people: ['U0KIM'] }]);
}, 60_000);
