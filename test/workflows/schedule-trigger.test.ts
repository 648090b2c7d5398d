import type { ScheduleDescription } from '@temporalio/client';
import { TRIGGERS, triggerId, WORKER_QUEUE } from '../../workflows/contract';
import { testTimings } from '../helpers/operation-world';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;

const policy = (environment = 'staging: {}'): { readonly [path: string]: string } => ({
  'policy.yaml': `version: 1
timezone: Europe/Berlin
channels: { default: "#deploys", policy: "#policy" }
teams: { platform: { users: [U0LEE] } }
environments: { ${environment} }
`,
});
const runbook = (name: string, on: string): { readonly [path: string]: string } => ({
  [`runbooks/${name}.yaml`]: `name: ${name}
${on}
inputs:
  environment: { type: environment }
  seen: { type: string, default: never }
steps:
  - { uses: expect, with: { that: 'true' } }
`,
});
const schedule = (text: string, inputs = 'environment: staging'): string =>
  `on: { schedule: { ${text}, owner: platform, inputs: { ${inputs} } } }`;

const nightly = schedule('cron: "30 5 * * mon-fri"');

beforeAll(async () => {
  at = await openTriggerWorld({ ...policy(), ...runbook('nightly', nightly) });
});
afterAll(() => at?.close());

async function described(name: string): Promise<ScheduleDescription | undefined> {
  return at.world.temporal.client.schedule
    .getHandle(triggerId(name))
    .describe()
    .catch(() => undefined);
}

const operationsOf = (name: string): readonly string[] => [
  ...new Set(at.world.cards.flatMap(({ slot }) => (slot.startsWith(`runbook-${name}-`) ? [slot] : []))),
];

test('a schedule in a runbook is one of Temporal, in the zone of the policy, and a restart changes nothing', async () => {
  const before = await at.until('the schedule', () => described('nightly'));
  expect(before.spec.timezone).toBe('Europe/Berlin');
  expect(before.spec.calendars?.[0]).toMatchObject({ hour: [{ start: 5 }], minute: [{ start: 30 }] });
  expect(before.policies.overlap).toBe('SKIP');

  await at.world.restartWorker();
  await at.remote.commit({ 'README.md': 'nothing that schedules look at\n' });
  await at.until('the newer commit', () => at.said('#policy').find((text) => text.includes('is in force now')));
  const after = await described('nightly');
  expect(after?.info.lastUpdatedAt).toEqual(before.info.lastUpdatedAt);
});

test('a commit that changes a schedule changes it, a pause by hand stays, and a runbook that is gone has none', async () => {
  await at.world.temporal.client.schedule.getHandle(triggerId('nightly')).pause('we move the database');
  await at.remote.commit(runbook('nightly', schedule('every: 6h, jitter: 5m, overlap: all')));
  const changed = await at.until('the change', async () => {
    const now = await described('nightly');
    return now?.policies.overlap === 'ALLOW_ALL' ? now : undefined;
  });
  expect(changed.spec.intervals).toMatchObject([{ every: 21_600_000 }]);
  expect(changed.spec.calendars ?? []).toEqual([]);
  expect(changed.state.paused).toBe(true);

  await at.remote.commit(runbook('nightly', ''));
  await at.until('the end of it', async () => ((await described('nightly')) === undefined ? true : undefined));
});

test('its time starts an operation of a machine, judged like any other, and the owner is named', async () => {
  await at.remote.commit(
    runbook('often', schedule('every: 2s', 'environment: staging, seen: "${{ event.scheduled_at }}"')),
  );
  const card = await at.until('a finished card', () =>
    at.world.cards.findLast(
      (each) =>
        each.card === 'operation' && each.view.id.startsWith('runbook-often-') && each.view.state === 'succeeded',
    ),
  );
  expect(card).toMatchObject({
    view: {
      requester: { kind: 'machine', id: 'schedule', via: 'schedule' },
      reason: expect.stringMatching(/^Started by its schedule for .*; platform answers for it\.$/),
      inputs: { seen: expect.stringMatching(/^\d{4}-.*:\d[02468]\.000Z$/) },
    },
  });
  await at.until('a second one', () => (operationsOf('often').length > 1 ? true : undefined));
});

test('a run that is under way keeps the next from starting', async () => {
  let free = (): void => undefined;
  const held = new Promise<void>((resolve) => (free = resolve));
  await at.remote.commit({
    ...runbook('often', ''),
    ...runbook('slow', schedule('every: 1s')),
  });
  at.world.step = async () => {
    await held;
    return { status: 'done', outputs: {}, summary: 'ok' };
  };
  await at.until('the first run', () => (operationsOf('slow').length > 0 ? true : undefined));
  const skipped = await at.until('skipped runs', async () => {
    const now = await described('slow');
    return (now?.info.numActionsSkippedOverlap ?? 0) >= 3 ? now : undefined;
  });
  expect(skipped?.info.numActionsTaken).toBe(1);
  expect(operationsOf('slow')).toHaveLength(1);
  free();
  await at.remote.commit(runbook('slow', ''));
  await at.until('its end', async () => ((await described('slow')) === undefined ? true : undefined));
});

test('what policy does not allow is told where policy news are told', async () => {
  await at.remote.commit({
    ...policy('staging: { machines: [nobody] }'),
    ...runbook('forbidden', schedule('every: 1s')),
  });
  const text = await at.until('a sentence', () =>
    at.said('#policy').find((sentence) => sentence.includes('was to start by itself and was not allowed')),
  );
  expect(text).toContain('The machine "schedule" may not ask for');
  await at.remote.commit(runbook('forbidden', ''));
});

test('nobody gets a runbook started by starting the workflow of its schedule at another time', async () => {
  await at.remote.commit({ ...policy(), ...runbook('guarded', nightly) });
  await at.until('the schedule', () => described('guarded'));
  for (const [id, why] of [
    [`${TRIGGERS}guarded-2026-11-20T04:31:00Z`, 'does not name that instant'],
    [`${TRIGGERS}guarded-2040-01-02T04:30:00Z`, 'does not name that instant'],
    [`${TRIGGERS}guarded`, 'does not name that instant'],
    ['anything', 'does not name that instant'],
  ] as const)
    expect(
      await at.world.temporal.client.workflow.execute('trigger', {
        workflowId: id,
        taskQueue: WORKER_QUEUE,
        args: [{ runbook: 'guarded', timings: testTimings }],
      }),
    ).toContain(why);
  const late = await at.world.temporal.client.workflow.execute('trigger', {
    workflowId: `${TRIGGERS}guarded-2026-11-20T04:30:00Z`,
    taskQueue: WORKER_QUEUE,
    args: [{ runbook: 'guarded', timings: testTimings }],
  });
  expect(late).toContain('could not be started in time');
  expect(operationsOf('guarded')).toEqual([]);
});
