import { relay } from '../../src/operation/relay';
import type { IncidentAct, IncidentRequest, IncidentView } from '../../src/incidents/incident';
import type { ActAnswer, ActBody } from '../../src/operation/ports';
import { ACT_UPDATE, INCIDENT_EVENT, VIEW_QUERY, WORKER_QUEUE, type IncidentInput } from '../../workflows/contract';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { eventually } from '../helpers/temporal';

const key = 'a-relay-key-for-tests-of-32-characters';
const texts = (view: IncidentView) => view.timeline.map(({ text }) => text);

let world: World;
let count = 0;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

async function declare(overrides: Partial<IncidentRequest> = {}) {
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
    ...overrides,
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
  const act = (what: IncidentAct, by = 'U0LEE', actionId = String(Math.random())): Promise<ActAnswer> => {
    const body: ActBody = {
      format: 1,
      workflowId: request.id,
      act: what,
      by,
      actionId,
      at: new Date().toISOString(),
    };
    return handle.executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, key)] });
  };
  const thread = () => world.notices.filter(({ key }) => key.startsWith(`${request.id}/`)).map(({ notice }) => notice);
  return { id: request.id, request, thread, handle, act, view: () => handle.query<IncidentView>(VIEW_QUERY) };
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

  await eventually(async () =>
    expect(texts(await incident.view())).toContain('Deploy checkout v2.5.0 was rolled back.'),
  );
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

test('whoever joins is invited to the room, and what they typed is kept', async () => {
  const incident = await declare();
  const text = 'payments fail too';

  await expect(incident.act({ kind: 'join', text })).resolves.toEqual({
    kind: 'done',
    sentence: 'You joined the incident.',
  });
  await incident.act({ kind: 'join', text: 'and refunds' });
  await incident.act({ kind: 'join' });

  expect(texts(await incident.view()).slice(1)).toEqual([`joined and says: ${text}`, 'and refunds']);
  await eventually(() => expect(world.invitations).toContainEqual({ channel: 'C0ROOM', people: ['U0LEE'] }));
  await incident.act({ kind: 'resolve' });
  await incident.handle.result();
});

test('the delivery that declared an incident does not join it', async () => {
  const incident = await declare();

  await incident.act({ kind: 'join', text: 'errors after deploy' }, 'U0ANA', incident.request.deliveryId);

  await eventually(async () => expect((await incident.view()).timeline).toHaveLength(1));
  await incident.act({ kind: 'resolve' });
});

test('what caused it stays first, and what the card has no room for is in the thread', async () => {
  const at = (minute: number) => new Date(Date.now() - (60 - minute) * 60_000).toISOString();
  const cause = { at: at(1), text: 'checkout v2.5.0 was rolled back.', pinned: true };
  const before = Array.from({ length: 9 }, (_, index) => ({ at: at(2 + index), text: `before ${index}` }));
  world.recent = async (about) => (about.cause === 'deploy-1' && about.environment ? [cause, ...before] : []);
  const incident = await declare({ operationId: 'deploy-1' });
  await eventually(async () => expect((await incident.view()).timeline).toHaveLength(11));
  world.recent = async () => [];
  await incident.handle.signal(INCIDENT_EVENT, { at: new Date().toISOString(), text: 'another deploy ended' });
  for (let index = 0; index < 4; index += 1) await incident.act({ kind: 'update', text: `update ${index}` });

  const view = await incident.view();
  expect(view.timeline).toHaveLength(12);
  expect(view.timeline[0]).toEqual(cause);
  expect(view.moreEvents).toBe(4);
  await eventually(() => {
    const said = JSON.stringify(incident.thread());
    for (const text of [...before, cause].map((event) => event.text)) expect(said).toContain(text);
    for (const text of ['declared sev2', 'another deploy ended', 'update 0']) expect(said).toContain(text);
  });
  await incident.act({ kind: 'resolve' });
});

test.each([
  ['unknown', 'Slack knows nobody of that name'],
  ['stranger', 'another organisation'],
  ['guest', 'guest'],
  ['deactivated', 'deactivated'],
  ['bot', 'bot'],
] as const)('nobody who is %s to Slack gets a role', async (standing, why) => {
  const incident = await declare();
  world.standing = (user) => (user === 'U0NOBODY' ? standing : 'member');

  const answer = await incident.act({ kind: 'assign', role: 'lead', user: 'U0NOBODY' });

  expect(answer).toEqual({ kind: 'refused', sentence: expect.stringContaining(why) });
  expect((await incident.view()).roles.lead).toBe('U0ANA');
  await incident.act({ kind: 'resolve' });
});

test('nobody gets a role while Slack does not say who they are', async () => {
  const incident = await declare();
  world.standing = () => {
    throw new Error('Slack is away');
  };

  const answer = await incident.act({ kind: 'assign', role: 'lead', user: 'U0DAN' });

  world.standing = () => 'member';
  expect(answer).toEqual({ kind: 'refused', sentence: expect.stringContaining('unknown means no') });
  await incident.act({ kind: 'resolve' });
});

test('whoever gets a role is invited to the room', async () => {
  const incident = await declare();

  await incident.act({ kind: 'assign', role: 'scribe', user: 'U0KIM' });

  await eventually(() => expect(world.invitations).toContainEqual({ channel: 'C0ROOM', people: ['U0KIM'] }));
  await incident.act({ kind: 'resolve' });
});

test.each([
  ['guest', 'guests of this workspace'],
  ['deactivated', 'account is deactivated'],
  ['stranger', 'another organisation'],
  ['lookup_failed', 'try again in a moment'],
] as const)('somebody refused as %s is told so, and the same click counts once they are let in', async (code, why) => {
  const incident = await declare();
  const asMember = world.actor;
  world.actor = async () => ({ kind: 'refused', code });

  const refused = await incident.act({ kind: 'update', text: 'hello' }, 'U0LEE', 'one-click');
  world.actor = asMember;
  const counted = await incident.act({ kind: 'update', text: 'hello' }, 'U0LEE', 'one-click');
  const again = await incident.act({ kind: 'update', text: 'hello' }, 'U0LEE', 'one-click');

  expect(refused).toEqual({ kind: 'refused', sentence: expect.stringContaining(why) });
  expect(counted).toEqual({ kind: 'done', sentence: 'Your update is on the card and in its thread.' });
  expect(again).toEqual({ kind: 'done', sentence: 'That was taken on already.' });
  expect(texts(await incident.view()).filter((text) => text === 'hello')).toHaveLength(1);
  await incident.act({ kind: 'resolve' });
});
