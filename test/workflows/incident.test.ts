import { relay } from '../../src/operation/relay';
import type { IncidentAct, IncidentRequest, IncidentView } from '../../src/incidents/incident';
import type { ActAnswer, ActBody } from '../../src/operation/ports';
import { ACT_UPDATE, INCIDENT_EVENT, VIEW_QUERY, WORKER_QUEUE, type IncidentInput } from '../../workflows/contract';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { eventually } from '../helpers/temporal';

const key = 'a-relay-key-for-tests-of-32-characters';
let world: World;
let count = 0;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

async function declare() {
  count += 1;
  const request: IncidentRequest = {
    format: 1,
    id: `incident-checkout-${process.pid}x${count}`,
    severity: 'sev2',
    service: 'checkout',
    environment: 'production',
    summary: 'errors after deploy',
    declaredBy: 'U0ANA',
    deliveryId: `d${count}`,
    declaredAt: new Date().toISOString(),
  };
  const input: IncidentInput = {
    request: relay('incident', request, key),
    channel: '#incidents',
    timings: testTimings,
  };
  const handle = await world.temporal.client.workflow.start('incident', {
    workflowId: request.id,
    taskQueue: WORKER_QUEUE,
    args: [input],
  });
  const act = (what: IncidentAct, by = 'U0LEE'): Promise<ActAnswer> => {
    const body: ActBody = {
      format: 1,
      workflowId: request.id,
      act: what,
      by,
      actionId: String(Math.random()),
      at: new Date().toISOString(),
    };
    return handle.executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, key)] });
  };
  return { id: request.id, handle, act, view: () => handle.query<IncidentView>(VIEW_QUERY) };
}

test('an incident goes from declared to mitigated to resolved, and its timeline keeps who did what', async () => {
  const incident = await declare();

  await incident.act({ kind: 'assign', role: 'lead', user: 'U0DAN' });
  await incident.act({ kind: 'update', text: 'we see 3% errors' });
  await incident.act({ kind: 'mitigate', text: 'rolled back' });
  expect((await incident.view()).state).toBe('mitigated');
  await incident.act({ kind: 'resolve' });

  const view: IncidentView = await incident.handle.result();
  expect(view).toMatchObject({ state: 'resolved', roles: { lead: 'U0DAN' } });
  expect(view.timeline.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      expect.stringContaining('declared sev2'),
      'we see 3% errors',
      expect.stringContaining('mitigated'),
    ]),
  );
  const recorded = world.records.filter(({ operationId }) => operationId === incident.id).map(({ body }) => body.event);
  expect(recorded).toEqual(['declared', 'assign', 'update', 'mitigate', 'resolve']);
});

test('what happens to its service writes itself into the timeline', async () => {
  const incident = await declare();

  await incident.handle.signal(INCIDENT_EVENT, {
    at: new Date().toISOString(),
    text: 'Deploy checkout v2.5.0 was rolled back.',
  });

  expect((await incident.view()).timeline.map(({ text }) => text)).toContain('Deploy checkout v2.5.0 was rolled back.');
  await incident.act({ kind: 'resolve' });
  await incident.handle.result();
});

test('a resolved incident takes no more and says what to do', async () => {
  const incident = await declare();
  const [, late] = await Promise.allSettled([
    incident.act({ kind: 'resolve' }),
    incident.act({ kind: 'update', text: 'one more thing' }),
  ]);

  expect(late.status === 'rejected' || ['refused', 'done'].includes(late.value.kind)).toBe(true);
  await expect(incident.handle.result()).resolves.toMatchObject({ state: 'resolved' });
});

test('the room and the record say which service is in trouble, and where', async () => {
  const incident = await declare();
  const rooms = () => world.rooms.filter(({ incidentId }) => incidentId === incident.id);
  await eventually(() => expect(rooms()).toHaveLength(1));

  expect(rooms()[0]).toMatchObject({
    name: expect.stringMatching(/^inc-\d{8}-checkout-production-[a-z0-9]+$/),
    topic: 'sev2 checkout in production: errors after deploy',
  });
  await incident.act({ kind: 'resolve' });
  await incident.handle.result();
  expect(world.records.find(({ operationId }) => operationId === incident.id)?.body).toMatchObject({
    event: 'declared',
    service: 'checkout',
    environment: 'production',
  });
});
