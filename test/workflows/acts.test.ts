import { CancelledFailure, Context } from '@temporalio/activity';
import { openWorld, stepFailed, type Operation, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

/** Each operation its own service, so that no lane is shared, and its own step. */
let place = 0;
async function start(
  step: World['step'],
  given: { plan?: ReturnType<typeof aPlan>; asked?: Parameters<typeof aRequest>[0] } = {},
): Promise<Operation> {
  place += 1;
  const lane = { service: `acts-${place}`, environment: 'production' };
  const judgement = aJudgement({ lane, ballots: [], ...(given.plan && { plan: given.plan }) });
  const request = aRequest(given.asked);
  const { judge, step: others } = world;
  world.judge = (asked) => (asked.id === request.id ? judgement : judge(asked));
  world.step = (input) => (input.key.startsWith(request.id) ? step(input) : others(input));
  return world.start(request);
}

/** A step that works until it is stopped. */
const untilStopped: World['step'] = async ({ mode }) => {
  if (mode === 'undo') return { status: 'done', outputs: {}, summary: 'undone' };
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  await context.cancelled.finally(() => clearInterval(beat));
  throw new CancelledFailure('stopped');
};

const broken: World['step'] = async () => {
  throw stepFailed('The fleet said no.');
};

async function running(asked: Parameters<typeof aRequest>[0] = {}): Promise<Operation> {
  const operation = await start(untilStopped, { asked });
  await operation.until('running');
  return operation;
}

async function needingHands(): Promise<Operation> {
  const operation = await start(broken);
  await operation.until('needs_hands');
  return operation;
}

const actsOf = (id: string) =>
  world.records.filter(({ operationId, event }) => operationId === id && event === 'act').map(({ body }) => body);

test('nobody without a say stops what runs: the refusal names who may, and the operation goes on', async () => {
  const operation = await running();

  await expect(operation.act({ kind: 'abort', reason: 'I do not like it' }, 'U0EVE')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('security_team, team_lead, oncall or developers'),
  });

  expect((await operation.view()).state).toBe('running');
  expect(actsOf(operation.id)).toEqual([]);
  await operation.act({ kind: 'abort' }, 'U0OLA');
  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back', by: 'U0OLA' });
});

test('who may roll back may abort, and no more than that', async () => {
  const operation = await start(untilStopped, { plan: aPlan([aStep('watch', { phase: 'watch' })]) });
  await operation.until('watching');

  await expect(operation.act({ kind: 'finish_watch' }, 'U0DEV')).resolves.toMatchObject({ kind: 'refused' });
  await operation.act({ kind: 'abort', reason: 'errors' }, 'U0DEV');

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back', by: 'U0DEV' });
});

test('only those with a say decide what becomes of an undo that failed', async () => {
  const operation = await needingHands();

  for (const kind of ['retry_undo', 'done_by_hand', 'leave_it'] as const)
    for (const by of ['U0EVE', 'U0DEV'])
      await expect(operation.act({ kind, reason: 'trust me' }, by)).resolves.toMatchObject({
        kind: 'refused',
        sentence: expect.stringContaining('oncall'),
      });
  expect((await operation.view()).state).toBe('needs_hands');

  await operation.act({ kind: 'leave_it', reason: 'rebuilt by hand' }, 'U0OLA');
  await expect(operation.result()).resolves.toMatchObject({ kind: 'failed', by: 'U0OLA' });
});

test('what is no act on an operation does nothing to one that needs hands', async () => {
  const operation = await needingHands();

  for (const kind of ['resolve', 'toString', 'anything'])
    await expect(operation.act({ kind } as never)).resolves.toMatchObject({ kind: 'refused' });

  expect((await operation.view()).state).toBe('needs_hands');
  await operation.act({ kind: 'leave_it', reason: 'enough' });
  await operation.result();
});

test('a machine may stop what it asked for itself, and nothing else', async () => {
  const own = await running({ requester: { kind: 'machine', id: 'ci', via: 'cli' } });
  const other = await running();

  for (const [operation, name] of [
    [other, 'ci'],
    [own, 'cron'],
  ] as const)
    await expect(operation.act({ kind: 'abort' }, name, { byKind: 'machine' })).resolves.toMatchObject({
      kind: 'refused',
    });
  await expect(own.act({ kind: 'abort' }, 'ci', { byKind: 'machine' })).resolves.toMatchObject({ kind: 'done' });

  await expect(own.result()).resolves.toMatchObject({ kind: 'rolled_back' });
  await other.act({ kind: 'abort' });
  await other.result();
});

test('while Slack is away an answer of the same day may stop an operation, and the record says how old it was', async () => {
  const { actor } = world;
  const ages: { [act: string]: number } = {};
  const operation = await running();
  world.actor = async (asked) => {
    ages[asked.act.body.act.kind] = asked.maxAgeMs;
    const answer = await actor(asked);
    return answer.kind === 'ok' ? { ...answer, asOf: '2026-11-20T09:00:00.000Z' } : answer;
  };

  await operation.act({ kind: 'finish_watch' }, 'U0OLA');
  await operation.act({ kind: 'abort', reason: 'it burns' }, 'U0OLA');
  await operation.result();
  world.actor = actor;

  expect(ages).toEqual({ finish_watch: 60_000, abort: 86_400_000 });
  expect(actsOf(operation.id)).toEqual([
    {
      act: 'abort',
      by: 'U0OLA',
      byKind: 'person',
      as: 'oncall',
      reason: 'it burns',
      membershipAsOf: '2026-11-20T09:00:00.000Z',
    },
  ]);
});

test('when Slack does not answer at all an act is refused, and it can be pressed again', async () => {
  const { actor } = world;
  const operation = await running();
  world.actor = async () => ({ kind: 'refused', code: 'lookup_failed' });

  await expect(operation.act({ kind: 'abort' }, 'U0OLA')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('try again'),
  });
  world.actor = actor;
  await expect(operation.act({ kind: 'abort' }, 'U0OLA')).resolves.toMatchObject({ kind: 'done' });

  await operation.result();
});

test('whoever asked needs no team: nobody is asked about groups', async () => {
  const { actor } = world;
  const operation = await running();
  const asked: number[] = [];
  world.actor = async (question) => {
    asked.push(question.operators.teams.length);
    return actor(question);
  };

  await operation.act({ kind: 'abort' }, 'U0ANA');
  await operation.result();
  world.actor = actor;

  expect(asked).toEqual([0]);
  expect(actsOf(operation.id)).toMatchObject([{ act: 'abort', by: 'U0ANA', as: 'requester' }]);
});
