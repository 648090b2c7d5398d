import { takeHook } from '../../bot/hooks';
import type { Json } from '../../src/json';
import { FIRINGS_ID, HOOKED } from '../../workflows/contract';
import { testTimings } from '../helpers/operation-world';
import { relayKey } from '../helpers/policy-parts';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;

beforeAll(async () => {
  at = await openTriggerWorld({
    'policy.yaml': `version: 1
channels: { default: "#deploys", policy: "#policy" }
teams: { platform: { users: [U0LEE] } }
environments: { staging: { machines: [ci] } }
`,
    'runbooks/publish.yaml': `name: publish
on:
  webhook:
    if: event.body.status == "passed"
    key: event.body.build
    owner: platform
    inputs: { environment: staging, build: '\${{ event.body.build }}' }
inputs:
  environment: { type: environment }
  build: { type: string, pattern: 'b[0-9]+' }
steps:
  - { uses: expect, with: { that: 'true' } }
`,
  });
});
afterAll(() => at?.close());

const post = (body: Json, { by = 'ci', runbook = 'publish' } = {}) =>
  takeHook(
    {
      temporal: at.world.temporal.client,
      relayKey,
      timings: testTimings,
      waits: { handOver: 5_000 } as Parameters<typeof takeHook>[0]['waits'],
      now: () => new Date(),
    },
    { by, runbook, body },
  );
const views = (build: string) =>
  at.world.cards.flatMap((each) => (each.card === 'operation' && each.view.inputs?.build === build ? [each.view] : []));
const succeeded = (build: string) =>
  at.until(`${build} succeeded`, () => views(build).find(({ state }) => state === 'succeeded'));
const said = (words: string) => at.until(words, () => at.said('#policy').find((text) => text.includes(words)));

test('what a service posts starts its runbook once, over a restart of the worker, and what its condition leaves out starts nothing', async () => {
  await post({ status: 'failed', build: 'b1' });
  await post({ status: 'passed', build: 'b2' });
  expect(await succeeded('b2')).toMatchObject({
    requester: { kind: 'machine', id: 'ci', via: 'webhook' },
    reason: 'Started by a webhook of ci (b2); platform answers for it.',
  });
  await at.world.restartWorker();
  await post({ status: 'passed', build: 'b2' });
  await post({ status: 'passed', build: 'b2', attempt: 2 });
  await at.until('a word in the thread', () =>
    at.world.notices.some(
      ({ to, notice }) =>
        to.kind === 'thread' && notice.kind === 'plain' && notice.text.includes('cooldown of publish'),
    )
      ? true
      : undefined,
  );
  expect(new Set(views('b2').map(({ id }) => id)).size).toBe(1);
  expect(views('b1')).toEqual([]);
});

test('what the runbook does not take, what policy does not allow, and what nobody signed start nothing', async () => {
  await post({ status: 'passed', build: '--help' });
  expect(await said('"build" has to match')).toContain('was not allowed');
  await post({ status: 'passed' });
  await said('The webhook of publish started nothing, because its "if" or its key cannot be told');
  await post({ status: 'passed', build: 'b3' }, { by: 'somebody' });
  await said('The machine "somebody"');
  await post({}, { runbook: 'publsh' });
  await said('ci posted to the webhook of publsh, and the policy in force has no runbook of that name');
  const body = {
    format: 1,
    runbook: 'publish',
    by: 'ci',
    at: new Date().toISOString(),
    body: { status: 'passed', build: 'b4' },
  };
  await at.world.temporal.client.workflow.getHandle(FIRINGS_ID).signal(HOOKED, { body, signature: '00' });
  await post({ status: 'passed', build: 'b5' });
  await succeeded('b5');
  for (const build of ['--help', 'b3', 'b4']) expect(views(build)).toEqual([]);
});
