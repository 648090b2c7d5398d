import { randomUUID } from 'node:crypto';
import type { ActAnswer } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { OperationRequest } from '../../src/operation/request';
import { ACT_UPDATE } from '../../workflows/contract';
import { relayKey } from '../helpers/policy-parts';
import { openMaker, type Maker } from '../helpers/maker';
import type { Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;
let maker: Maker;

const freezes = `freezes:
  - { name: hands off, from: 2020-01-01, to: 2099-01-01, effect: wait, when: 'change.kind == "destroy" || change.kind == "runbook"' }
`;
const sandbox = `name: sandbox
inputs: { name: { type: string } }
resource: { kind: sandbox, name: "\${{ inputs.name }}", lease: { default: 1h, max: 2h, remind: 30m } }
steps:
  - id: named
    uses: http/request
    with: { connection: maker, method: PUT, path: "/names/\${{ inputs.name }}" }
    undo: { uses: http/request, with: { connection: maker, method: DELETE, path: "/names/\${{ inputs.name }}" }  }
`;
const nightly = `name: nightly
on: { schedule: { every: 24h, owner: keepers, inputs: { environment: staging } } }
inputs: { environment: { type: environment } }
steps:
  - { uses: expect, with: { that: 'true' } }
`;
const policy = `version: 1
timezone: UTC
channels: { default: "#deploys", policy: "#policy" }
teams: { leads: { users: [U0KIM] }, keepers: { users: [U0DAN] } }
environments: { staging: {} }
${freezes}`;

beforeAll(async () => {
  maker = await openMaker();
  at = await openTriggerWorld({
    'policy.yaml': policy,
    'connections/maker.yaml': `connection: { name: maker, kind: http, origin: "${maker.origin}", methods: [PUT, DELETE] }\n`,
    'runbooks/provision/sandbox.yaml': sandbox,
    'runbooks/nightly.yaml': nightly,
  });
  at.world.step = at.runStep;
  at.world.actor = async ({ act: { body }, operators }) => {
    const teams = operators.teams.filter(({ users }) => users.includes(body.by)).map(({ team }) => team);
    return { kind: 'ok', actor: { kind: body.byKind ?? 'person', by: body.by, teams, unknown: [] } };
  };
});
afterAll(async () => {
  await at?.close();
  await maker?.close();
});

async function start(overrides: Partial<OperationRequest>): Promise<Operation> {
  const id = `${overrides.kind}-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, ...rest } = aRequest({ id, ...overrides, environment: 'staging' });
  return at.world.start(rest, {});
}

const cancelled = { kind: 'cancelled' };

test('what a schedule asked for and a freeze holds back is cancelled by the team that answers for it, and nobody else', async () => {
  const waiting = await start({
    kind: 'runbook',
    runbook: 'nightly',
    inputs: { environment: 'staging' },
    requester: { kind: 'machine', id: 'schedule', via: 'schedule' },
  });
  await waiting.until('waiting');

  await expect(waiting.act({ kind: 'cancel' }, 'U0EVE')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringMatching(/^You may not cancel this, because only these may: .*members of keepers; /),
  });
  await expect(waiting.act({ kind: 'cancel' }, 'U0DAN')).resolves.toMatchObject({ kind: 'done' });

  await expect(waiting.result()).resolves.toMatchObject(cancelled);
});

test('what a person asked for is not cancelled by others, whatever team they are in', async () => {
  const waiting = await start({ kind: 'runbook', runbook: 'nightly', inputs: { environment: 'staging' } });
  await waiting.until('waiting');

  await expect(waiting.act({ kind: 'cancel' }, 'U0DAN')).resolves.toMatchObject({ kind: 'refused' });
  await waiting.act({ kind: 'cancel' });

  await expect(waiting.result()).resolves.toMatchObject(cancelled);
});

test('the teardown of a lease that waits is cancelled by whom the thing belongs to', async () => {
  const made = await start({ kind: 'provision', runbook: 'sandbox', inputs: { name: 'kept' }, lease: '2s' });
  expect(await made.result()).toMatchObject({ kind: 'succeeded' });
  const { id } = await at.until('its teardown', () =>
    at.world.cards
      .flatMap((each) => (each.card === 'operation' ? [each.view] : []))
      .find(({ kind, state, title }) => kind === 'destroy' && state === 'waiting' && title.includes('kept')),
  );
  const teardown = at.world.temporal.client.workflow.getHandle(id);
  const cancel = (by: string): Promise<ActAnswer> => {
    const body = { format: 1, workflowId: id, act: { kind: 'cancel' }, by, actionId: randomUUID(), at: '' };
    return teardown.executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, relayKey)] });
  };

  await expect(cancel('U0EVE')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('whoever it belongs to'),
  });
  await expect(cancel('U0ANA')).resolves.toMatchObject({ kind: 'done' });

  await expect(teardown.result()).resolves.toMatchObject(cancelled);
  expect(maker.names.has('kept')).toBe(true);
});
