import { defaultWaits } from '../../bot/deps';
import { declareIncident, type Declaration } from '../../bot/incidents';
import { createLaneActivities } from '../../activities/worker/lanes';
import type { IncidentView } from '../../src/incidents/incident';
import { incidentIdAbout, shortIdIn } from '../../src/operation/ids';
import { relay } from '../../src/operation/relay';
import { ACT_UPDATE, VIEW_QUERY } from '../../workflows/contract';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { eventually } from '../helpers/temporal';

const relayKey = 'a-relay-key-for-tests-of-32-characters';
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let world: World;
let count = 0;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

/** Somebody presses "Open incident" on the card of an operation; equal delivery ids are one press, delivered twice. */
function press(operationId: string, by: string, deliveryId: string, environment = 'production'): Promise<Declaration> {
  const { client: temporal } = world.temporal;
  const notAfter = new Date(Date.now() + 60_000).toISOString();
  return declareIncident(
    { temporal, relayKey, timings: testTimings, waits: defaultWaits, log: quiet as never },
    {
      request: {
        format: 1,
        id: incidentIdAbout(operationId),
        severity: 'sev2',
        service: 'checkout',
        environment,
        summary: `trouble seen by ${by}`,
        declaredBy: by,
        operationId,
        deliveryId,
        declaredAt: new Date().toISOString(),
      },
      channel: '#incidents',
      notAfter,
    },
  );
}

const anOperation = () => `deploy-checkout-production-i${process.pid}x${(count += 1)}`;
const handleOf = ({ id }: { readonly id: string }) => world.temporal.client.workflow.getHandle(id);
const linesOf = async (it: { readonly id: string }) =>
  (await handleOf(it).query<IncidentView>(VIEW_QUERY)).timeline.map(({ by, text }) => `${by}: ${text}`);

function own(declaration: Declaration) {
  if (declaration.kind !== 'own') throw new Error(`it is ${declaration.kind}`);
  return declaration;
}

async function answered(declaration: Declaration) {
  if (declaration.kind !== 'joins' || declaration.relayed.kind !== 'accepted')
    throw new Error(`it is ${declaration.kind}`);
  return declaration.relayed.answer();
}

async function resolve(it: { readonly id: string }): Promise<void> {
  const body = { format: 1, workflowId: it.id, act: { kind: 'resolve' }, by: 'U0LEE', actionId: `resolve ${it.id}` };
  const act = relay('act', { ...body, at: new Date().toISOString() }, relayKey);
  await handleOf(it).executeUpdate(ACT_UPDATE, { args: [act] });
  await handleOf(it).result();
}

test('a second press while the incident is open joins it, and a second delivery of either changes nothing', async () => {
  const operation = anOperation();
  const first = own(await press(operation, 'U0ANA', 'd1'));
  const again = own(await press(operation, 'U0ANA', 'd1'));
  expect(again).toMatchObject({ id: first.id, over: { kind: 'already' } });

  await answered(await press(operation, 'U0LEE', 'd2'));
  await answered(await press(operation, 'U0LEE', 'd2'));

  expect(await linesOf(first)).toEqual([
    'U0ANA: declared sev2: trouble seen by U0ANA',
    'U0LEE: joined and says: trouble seen by U0LEE',
  ]);
  await resolve(first);
});

test('a press after the incident was resolved opens the next one, once', async () => {
  const operation = anOperation();
  const first = own(await press(operation, 'U0ANA', 'd1'));
  await resolve(first);

  const next = own(await press(operation, 'U0LEE', 'd2'));
  const again = own(await press(operation, 'U0LEE', 'd2'));

  expect(next).toMatchObject({ over: { kind: 'started' }, former: first.id });
  expect(again).toMatchObject({ over: { kind: 'already' }, id: next.id });
  expect(new Set([operation, first.id, next.id].map(shortIdIn)).size).toBe(3);
  await expect(answered(await press(operation, 'U0DAN', 'd3'))).resolves.toMatchObject({ kind: 'done' });
  await resolve(next);
});

test('a second delivery of a press that joined opens nothing, although the incident was resolved in between', async () => {
  const operation = anOperation();
  const first = own(await press(operation, 'U0ANA', 'd1'));
  await answered(await press(operation, 'U0LEE', 'd2'));
  await resolve(first);

  const again = await press(operation, 'U0LEE', 'd2');

  expect(again).toMatchObject({ kind: 'joins', id: first.id });
  await expect(answered(again)).resolves.toMatchObject({ kind: 'done' });
});

test('what happens in another environment is not told to an incident', async () => {
  const staging = own(await press(anOperation(), 'U0ANA', 'd1', 'staging'));
  const production = own(await press(anOperation(), 'U0ANA', 'd1'));
  const { tellIncidents } = createLaneActivities({ client: world.temporal.client });

  // Both have been found once, so what is missing was held back.
  for (const [incident, environment] of [
    [production, 'production'],
    [staging, 'staging'],
  ] as const)
    await eventually(async () => {
      const event = { at: new Date().toISOString(), text: `a deploy to ${environment} ended` };
      await tellIncidents({ service: 'checkout', environment, event });
      expect((await linesOf(incident)).join()).toContain(`a deploy to ${environment} ended`);
    });

  expect((await linesOf(production)).join()).not.toContain('a deploy to staging ended');
  await resolve(staging);
  await resolve(production);
});
