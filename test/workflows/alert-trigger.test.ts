import { takeAlerts } from '../../bot/alerts';
import type { Alert } from '../../src/triggers/alerts';
import { ALERTED, FIRINGS_ID } from '../../workflows/contract';
import { testTimings } from '../helpers/operation-world';
import { relayKey } from '../helpers/policy-parts';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;
/** Ends the step that is under way. */
let free = (): void => undefined;

beforeAll(async () => {
  at = await openTriggerWorld({
    'policy.yaml': `version: 1
channels: { default: "#deploys", policy: "#policy" }
teams: { platform: { users: [U0LEE] } }
environments: { staging: { machines: [alertmanager] } }
`,
    'runbooks/scale-out.yaml': `name: scale-out
on:
  alert:
    match: { alertname: HighCpu }
    key: event.labels.instance
    cooldown: 3s
    per_day: 3
    owner: platform
    inputs: { environment: staging, host: '\${{ event.labels.instance }}' }
inputs:
  environment: { type: environment }
  host: { type: string, pattern: '[a-z][a-z0-9-]*' }
steps:
  - { uses: expect, with: { that: 'true' } }
`,
  });
});
afterAll(() => at?.close());

function hold(): void {
  const held = new Promise<void>((resolve) => (free = resolve));
  at.world.step = async () => {
    await held;
    return { status: 'done', outputs: {}, summary: 'ok' };
  };
}

const alert = (host: string, minute = 0): Alert => ({
  labels: { alertname: 'HighCpu', instance: host },
  annotations: {},
  startsAt: `2027-01-04T05:0${minute}:00Z`,
  fingerprint: `f-${host}`,
});

function send(alerts: readonly Alert[], by = 'alertmanager') {
  return takeAlerts(
    {
      temporal: at.world.temporal.client,
      relayKey,
      timings: testTimings,
      waits: { handOver: 5_000 } as Parameters<typeof takeAlerts>[0]['waits'],
      now: () => new Date(),
    },
    { by, body: { version: '4', alerts: alerts.map((each) => ({ ...each, status: 'firing' as const })) } },
  );
}

const views = (host: string) =>
  at.world.cards.flatMap((each) => (each.card === 'operation' && each.view.inputs?.host === host ? [each.view] : []));
const operationsFor = (host: string): readonly string[] => [...new Set(views(host).map(({ id }) => id))];
const untilState = (host: string, state: string, count = 1) =>
  at.until(`${host} ${state}`, () => {
    const ids = new Set(views(host).flatMap((view) => (view.state === state ? [view.id] : [])));
    return ids.size >= count ? true : undefined;
  });
const inThreads = (): readonly string[] =>
  at.world.notices.flatMap(({ to, notice }) => (to.kind === 'thread' && notice.kind === 'plain' ? [notice.text] : []));

test('an alert starts its runbook once: what fires again joins it, then waits for the cooldown, then starts it again', async () => {
  hold();
  await send([alert('web-1')]);
  await untilState('web-1', 'running');
  await send([alert('web-1')]);
  await send([alert('web-1', 1), alert('web-1', 1)]);
  await at.until('a word in the thread', () => inThreads().find((text) => text.includes('while this is under way')));
  await at.world.restartWorker();
  free();
  await untilState('web-1', 'succeeded');

  await send([alert('web-1', 2)]);
  const word = await at.until('a word or a second start', () =>
    inThreads().some((text) => text.includes('cooldown of scale-out')) || operationsFor('web-1').length > 1
      ? true
      : undefined,
  );
  expect(word).toBe(true);
  expect(inThreads().filter((text) => text.includes('while this is under way'))).toHaveLength(1);
  expect(views('web-1')[0]).toMatchObject({
    requester: { kind: 'machine', id: 'alertmanager', via: 'alert' },
    reason: 'Started by the alert HighCpu (web-1); platform answers for it.',
  });
  await at.until('a second start', async () => {
    if (operationsFor('web-1').length > 1) return true;
    await send([alert('web-1', 3)]);
    // Each is looked at: a flood of them would keep the next test waiting.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return undefined;
  });
  await untilState('web-1', 'succeeded', 2);
});

test('another matter has an operation of its own, until the day has had enough of them', async () => {
  at.world.step = async () => ({ status: 'done', outputs: {}, summary: 'ok' });
  await send([alert('web-2')]);
  await untilState('web-2', 'succeeded');
  await send([alert('web-3')]);
  const text = await at.until('a word about it', () => inThreads().find((each) => each.includes('at most 3 times')));
  expect(text).toContain('(web-3)');
  expect(operationsFor('web-3')).toEqual([]);
});

test('what a runbook does not take, what policy does not allow, and what nobody signed start nothing', async () => {
  await at.world.temporal.client.workflow.getHandle(FIRINGS_ID).terminate('a new day');
  await send([alert('--help'), { ...alert('x'), labels: { alertname: 'HighCpu' } }]);
  await at.until('a word about the label', () =>
    at.said('#policy').find((text) => text.includes('the key of scale-out')),
  );
  await send([alert('web-4')], 'somebody');
  const denied = await at.until('a word about the machine', () =>
    at.said('#policy').find((text) => text.includes('The machine "somebody"')),
  );
  expect(denied).toContain('was to start by itself and was not allowed');
  await at.until('a word about the value', () =>
    at.said('#policy').find((text) => text.includes('"host" has to match')),
  );
  const body = { format: 1, by: 'alertmanager', at: new Date().toISOString(), alerts: [alert('web-5')] };
  const handle = at.world.temporal.client.workflow.getHandle(FIRINGS_ID);
  await handle.signal(ALERTED, { body, signature: '00' });
  await send([alert('web-6')]);
  await untilState('web-6', 'succeeded');
  for (const host of ['--help', 'web-4', 'web-5']) expect(operationsFor(host)).toEqual([]);
});
