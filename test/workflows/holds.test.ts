import { WithStartWorkflowOperation } from '@temporalio/client';
import { createHoldActivities } from '../../activities/worker/holds';
import { heldBack } from '../../activities/worker/held-back';
import type { PolicySource } from '../../activities/worker/policy-source';
import type { HoldAct, Holds } from '../../src/holds/holds';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { IncidentRequest } from '../../src/incidents/incident';
import { relay } from '../../src/operation/relay';
import { gatesOf } from '../../src/operation/judge';
import type { ActAnswer, ActBody } from '../../src/operation/ports';
import type { OperationRequest } from '../../src/operation/request';
import type { Repository } from '../../src/policy/read-repository';
import {
  ACT_SIGNAL,
  ACT_UPDATE,
  HOLDS_ID,
  SEARCH_ATTRIBUTES,
  VIEW_QUERY,
  WORKER_QUEUE,
  WORKFLOWS,
  type HoldsInput,
} from '../../workflows/contract';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest } from '../helpers/samples';
import { eventually } from '../helpers/temporal';
import { person, policyOf } from '../policy/helpers';

const relayKey = 'a-relay-key-for-tests-of-32-characters';
const place = { service: 'web', environment: 'production' };
const policy = policyOf(`environments: { production: { channel: "#deploys-prod" } }
operators: [oncall]
holds: { unlock: { who: [leads] } }
`);
const repository = { policy, runbooks: new Map() } as unknown as Repository;
const member = { standing: 'member', groups: [] } as const;
const input: HoldsInput = { timings: testTimings, lingerMs: 1_000, stirAgainMs: 200 };

let world: World;
let acts = 0;

beforeAll(async () => {
  world = await openWorld();
  const source = { current: async () => ({ repository }) } as unknown as PolicySource;
  world.judgeHold = createHoldActivities({
    policy: source,
    relayKey,
    maxAgeMs: 60_000,
    now: () => new Date(),
  }).judgeHold;
  // The engine itself, on what the workflow of the holds says of itself.
  const gates = async (request: OperationRequest) =>
    gatesOf(
      {
        request,
        asker: member,
        repository,
        history: [],
        held:
          request.kind === 'rollback' ? {} : await heldBack({ client: world.temporal.client, waitMs: 5_000 }, request),
        now: new Date(),
      },
      aPlan(),
    );
  world.judge = async (request) =>
    aJudgement({ ballots: [], lane: { service: 'web', environment: 'production' }, ...(await gates(request)) });
  world.gates = gates;
  world.recheck = async (request) => {
    const answer = await gates(request);
    return answer.gates.some(({ holds }) => !holds) ? { kind: 'gates_closed', answer } : { kind: 'go' };
  };
});
afterAll(() => world?.close());

/** Everything is let go, so that no test finds what another held. */
afterEach(async () => {
  const { workflow } = world.temporal.client;
  const closed = (await workflow.getHandle(HOLDS_ID).describe()).status.name === 'COMPLETED';
  if (closed) return;
  await workflow.getHandle(HOLDS_ID).terminate('the test is over');
  const ended = { ...input, lingerMs: 0 };
  const start = { workflowId: HOLDS_ID, taskQueue: WORKER_QUEUE, args: [ended] };
  await workflow.execute(WORKFLOWS.holds, start);
});

function bodyOf(act: HoldAct, by: string, overrides: Partial<ActBody> = {}): ActBody {
  acts += 1;
  return {
    format: 1,
    workflowId: HOLDS_ID,
    act,
    by,
    actionId: `act-${acts}`,
    at: new Date().toISOString(),
    ...overrides,
  };
}

const started = () =>
  new WithStartWorkflowOperation(WORKFLOWS.holds, {
    workflowId: HOLDS_ID,
    taskQueue: WORKER_QUEUE,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });

const send = (body: ActBody, key = relayKey): Promise<ActAnswer> =>
  world.temporal.client.workflow.executeUpdateWithStart<never, ActAnswer, [unknown]>(ACT_UPDATE, {
    args: [relay('act', body, key)],
    startWorkflowOperation: started() as never,
  });

const act = (what: HoldAct, by: string, overrides: Partial<ActBody> = {}) => send(bodyOf(what, by, overrides));
const lock = (reason = 'a migration', more: object = {}): HoldAct => ({ kind: 'lock', ...place, reason, ...more });
const unlock = (reason?: string): HoldAct => ({
  kind: 'unlock',
  ...place,
  ...(reason === undefined ? {} : { reason }),
});
const state = () => world.temporal.client.workflow.getHandle(HOLDS_ID).query<Holds>(VIEW_QUERY);

async function ask(by: string, overrides: Partial<OperationRequest> = {}) {
  const operation = await world.start(aRequest({ ...place, version: 'v2', requester: person(by), ...overrides }));
  return operation;
}

/** Lists name a workflow a moment after it has begun. */
async function listed(id: string): Promise<void> {
  const query = `WorkflowId = '${id}' AND SignalboxEnvironment = 'production'`;
  await eventually(async () => expect((await world.temporal.client.workflow.count(query)).count).toBe(1));
}

async function waits(operation: Awaited<ReturnType<typeof ask>>, words: RegExp): Promise<void> {
  await eventually(async () => {
    const view = await operation.until('waiting');
    expect(view.gates.find(({ holds }) => !holds)?.message).toMatch(words);
  });
  await listed(operation.id);
}

const told = (words: string) =>
  world.notices.filter(({ notice }) => notice.kind === 'hold' && notice.event.what === words);

test('a lock holds back somebody else, lets its holder through, and unlocking lets the other go on by itself', async () => {
  await expect(act(lock(), 'U0ANA')).resolves.toMatchObject({ kind: 'done' });

  const other = await ask('U0LEE');
  await waits(other, /Ana has locked this.*a migration/);
  const own = await ask('U0ANA');
  await expect(own.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect((await other.view()).state).toBe('waiting');

  await expect(act(unlock(), 'U0ANA')).resolves.toMatchObject({ kind: 'done' });
  await expect(other.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(
    world.records.filter(({ event }) => event === 'hold').map(({ body }) => [body.what, body.by, body.policyCommit]),
  ).toEqual([
    ['locked', 'U0ANA', 'c0ffee'],
    ['unlocked', 'U0ANA', 'c0ffee'],
  ]);
  expect(told('locked')).toMatchObject([{ to: { kind: 'channel', channel: '#deploys-prod' } }]);
});

test('a lock for a version lets that version pass, and nothing else of its own holder', async () => {
  await act(lock('v3 goes first', { change: 'v3' }), 'U0ANA');
  const other = await ask('U0ANA');
  await waits(other, /for version v3 alone/);
  await expect((await ask('U0KIM', { version: 'v3' })).result()).resolves.toMatchObject({ kind: 'succeeded' });
  await act(unlock(), 'U0ANA');
  await other.result();
});

test('a lock that is over passes to the next in the queue, who is told', async () => {
  await act(lock('first', { forMs: 1_500 }), 'U0ANA');
  await expect(act(lock('second'), 'U0LEE')).resolves.toMatchObject({
    kind: 'done',
    sentence: expect.stringContaining('number 1 in the queue'),
  });
  await eventually(async () => expect((await state()).locks[0]?.holder.by).toBe('U0LEE'));
  await eventually(() =>
    expect(told('granted').map(({ to }) => to)).toEqual([
      { kind: 'channel', channel: '#deploys-prod' },
      { kind: 'person', user: 'U0LEE' },
    ]),
  );
});

test('somebody else’s lock is unlocked by whom policy names, and who may is said to who may not', async () => {
  await act(lock(), 'U0DAN');
  await expect(act(unlock('please'), 'U0SAM')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('only they and leads may'),
  });
  expect((await state()).locks).toHaveLength(1);
  await expect(act(unlock('he is away'), 'U0LEE')).resolves.toMatchObject({ kind: 'done' });
  expect((await state()).locks).toHaveLength(0);
});

test('the stop holds everything back but a rollback, until go', async () => {
  await expect(act({ kind: 'stop', reason: 'breach' }, 'U0SAM')).resolves.toMatchObject({ kind: 'refused' });
  await expect(act({ kind: 'stop', reason: 'breach' }, 'U0DAN')).resolves.toMatchObject({ kind: 'done' });
  const held = await ask('U0ANA');
  await waits(held, /has stopped everything \(breach\)/);
  await expect((await ask('U0ANA', { kind: 'rollback' })).result()).resolves.toMatchObject({ kind: 'succeeded' });
  await act({ kind: 'go' }, 'U0DAN');
  await expect(held.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('a freeze is felt by what waits already, and thaws by command and by time', async () => {
  await act({ kind: 'freeze', environment: 'production', reason: 'audit' }, 'U0DAN');
  const held = await ask('U0ANA');
  await waits(held, /has frozen production \(audit\)/);
  await act({ kind: 'thaw', environment: 'production' }, 'U0DAN');
  await expect(held.result()).resolves.toMatchObject({ kind: 'succeeded' });

  const until = new Date(Date.now() + 1_500).toISOString();
  await act({ kind: 'freeze', environment: 'production', reason: 'a minute', until }, 'U0DAN');
  const later = await ask('U0ANA');
  await expect(later.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
});

test('an act that comes twice counts once, by whichever way, also after what it locked was unlocked', async () => {
  const first = bodyOf(lock(), 'U0ANA');
  const records = world.records.length;
  await send(first);
  const handle = world.temporal.client.workflow.getHandle(HOLDS_ID);
  await handle.signal(ACT_SIGNAL, relay('act', first, relayKey));
  await expect(send(first)).resolves.toMatchObject({ sentence: 'That was taken on already.' });
  await act(unlock(), 'U0ANA');
  await handle.signal(ACT_SIGNAL, relay('act', first, relayKey));
  await eventually(async () => expect((await state()).locks).toEqual([]));
  expect(world.records.slice(records).map(({ body }) => body.what)).toEqual(['locked', 'unlocked']);
});

test('a signal stands in for an Update, and whoever acted is told in private what came of it', async () => {
  const body = bodyOf({ kind: 'stop', reason: 'no' }, 'U0SAM');
  await world.temporal.client.workflow.signalWithStart(WORKFLOWS.holds, {
    workflowId: HOLDS_ID,
    taskQueue: WORKER_QUEUE,
    args: [input],
    signal: ACT_SIGNAL,
    signalArgs: [relay('act', body, relayKey)],
  });
  await eventually(() =>
    expect(world.notices).toContainEqual(
      expect.objectContaining({
        to: { kind: 'private', user: 'U0SAM' },
        notice: expect.objectContaining({ kind: 'plain', text: expect.stringContaining('only oncall may') }),
      }),
    ),
  );
});

test.each<[string, (body: ActBody) => Promise<ActAnswer>, RegExp]>([
  [
    'is not signed by a bot of ours',
    (body) => send(body, 'another-key-of-at-least-32-characters!'),
    /did not come through/,
  ],
  ['is of yesterday', (body) => send({ ...body, at: '2026-11-20T10:00:00.000Z' }), /arrived too late/],
  ['is by a machine', (body) => send({ ...body, byKind: 'machine' }), /Only people/],
  ['is no act on a hold', (body) => send({ ...body, act: { kind: 'cancel' } }), /did not come through/],
  ['is malformed', (body) => send({ ...body, act: { kind: 'lock', ...place } as never }), /did not come through/],
  ['was for another workflow', (body) => send({ ...body, workflowId: 'holds-2' }), /did not come through/],
])('what %s changes nothing', async (_what, sent, words) => {
  await expect(sent(bodyOf({ kind: 'stop', reason: 'x' }, 'U0DAN'))).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringMatching(words),
  });
  expect(await state()).toEqual({ format: 1, locks: [], freezes: [] });
});

test('somebody of whom Slack says nothing changes nothing', async () => {
  world.standing = () => {
    throw new Error('Slack is away');
  };
  await expect(act(lock(), 'U0ANA')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringMatching(/unknown means no/),
  });
  world.standing = () => 'member';
});

test('it holds at once while the ledger is away, says so, and the record follows', async () => {
  let away = true;
  world.record = () => {
    if (away) throw new Error('the Git host is away');
  };
  const before = world.records.length;
  const answer = await act({ kind: 'stop', reason: 'breach' }, 'U0DAN');
  expect(answer.sentence).toMatch(/Everything is stopped.*record of this follows/);
  expect((await state()).stop).toBeDefined();
  away = false;
  await eventually(() =>
    expect(world.records.slice(before)).toMatchObject([{ event: 'hold', body: { what: 'stopped' } }]),
  );
  world.record = () => undefined;
}, 30_000);

test('when nothing is held any more it ends, and the next act begins a new life with records of its own', async () => {
  await act(lock(), 'U0ANA');
  const handle = world.temporal.client.workflow.getHandle(HOLDS_ID);
  await act(unlock(), 'U0ANA');
  await eventually(async () => expect((await handle.describe()).status.name).toBe('COMPLETED'));
  await expect(heldBack({ client: world.temporal.client, waitMs: 5_000 }, place)).resolves.toMatchObject({ locks: [] });
  const former = world.records.at(-1)!.operationId;
  await act(lock(), 'U0ANA');
  expect(world.records.at(-1)).toMatchObject({ index: 0 });
  expect(world.records.at(-1)!.operationId).not.toBe(former);
});

test('what was held when it was ended by force is not known, until a new life begins with it', async () => {
  const { workflow } = world.temporal.client;
  await act(lock(), 'U0ANA');
  const { memo } = await workflow.getHandle(HOLDS_ID).describe();
  await workflow.getHandle(HOLDS_ID).terminate('by hand');
  const look = () => heldBack({ client: world.temporal.client, waitMs: 5_000 }, place);
  await expect(look()).rejects.toThrow(/did not end by itself \(TERMINATED\), and the next .* starts it again/);

  const held = memo!.holds as Holds;
  await workflow.start(WORKFLOWS.holds, {
    workflowId: HOLDS_ID,
    taskQueue: WORKER_QUEUE,
    args: [{ ...input, held }],
    memo: { holds: held },
  });
  await expect(look()).resolves.toMatchObject({ locks: [{ ...place, by: 'U0ANA' }] });
  expect(await state()).toEqual(held);
  await expect(act(lock(), 'U0LEE')).resolves.toMatchObject({ sentence: expect.stringContaining('number 1') });
});

test('an open incident holds its service back, a rollback passes, and resolving it lets the other go on by itself', async () => {
  const declared: IncidentRequest = {
    format: 1,
    id: `incident-web-${process.pid}`,
    severity: 'sev2',
    ...place,
    summary: 'errors after the deploy',
    declaredBy: 'U0ANA',
    deliveryId: 'incident-of-web',
    declaredAt: new Date().toISOString(),
  };
  const incident = await world.temporal.client.workflow.start('incident', {
    workflowId: declared.id,
    taskQueue: WORKER_QUEUE,
    args: [{ request: relay('incident', declared, relayKey), channel: '#incidents', timings: testTimings }],
    typedSearchAttributes: [
      { key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.service.name, 'KEYWORD'), value: place.service },
      { key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.environment.name, 'KEYWORD'), value: place.environment },
    ],
  });
  await eventually(async () => {
    const { incidents = [] } = await heldBack({ client: world.temporal.client, waitMs: 5_000 }, place);
    if (incidents.length === 0) throw new Error('the incident is in no list yet');
  });

  const deploy = await world.start(aRequest({ ...place, requester: { kind: 'person', id: 'U0BEN', via: 'slack' } }));
  expect((await deploy.until('waiting')).gates).toMatchObject([
    { holds: false, message: expect.stringContaining(declared.id) },
  ]);
  const rollback = await world.start(aRequest({ ...place, kind: 'rollback', version: 'v2.3.0' }));
  await expect(rollback.result()).resolves.toMatchObject({ kind: 'succeeded' });

  const body: ActBody = {
    format: 1,
    workflowId: declared.id,
    act: { kind: 'resolve', text: 'rolled back' } as never,
    by: 'U0LEE',
    actionId: 'resolve-web',
    at: new Date().toISOString(),
  };
  await incident.executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, relayKey)] });
  await expect(deploy.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('after its life before was ended by force, only what was asked for since is done', async () => {
  const { workflow } = world.temporal.client;
  const heldUntil = new Date().toISOString();
  const stop = { by: 'U0DAN', person: 'U0DAN', channel: '#deploys-prod', reason: 'breach', since: heldUntil };
  const again: HoldsInput = { ...input, held: { format: 1, locks: [], freezes: [], stop }, heldUntil };
  await workflow.start(WORKFLOWS.holds, { workflowId: HOLDS_ID, taskQueue: WORKER_QUEUE, args: [again] });
  const before = new Date(Date.parse(heldUntil) - 1_000).toISOString();
  await expect(act({ kind: 'go' }, 'U0DAN', { at: before })).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('nobody can say whether it was done'),
  });
  expect((await state()).stop).toMatchObject({ reason: 'breach' });
  await expect(act({ kind: 'go' }, 'U0DAN')).resolves.toMatchObject({ kind: 'done' });
  expect((await state()).stop).toBeUndefined();
});
