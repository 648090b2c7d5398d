import { openWorld, type Operation, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aRequest } from '../helpers/samples';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

const monday = {
  gates: [{ kind: 'window', holds: false, message: 'It opens on Monday.' }],
  nextGateCheckAtMs: Date.now() + 600_000,
} as const;

let place = 0;
const ownLane = () => ({ service: `rejections-${(place += 1)}`, environment: 'production' });

/** Approved by both teams, whatever else it waits for. */
async function approved(overrides: Parameters<typeof aJudgement>[0] = {}): Promise<Operation> {
  const judgement = aJudgement({ lane: ownLane(), ...overrides });
  const request = aRequest();
  const { judge } = world;
  world.judge = (asked) => (asked.id === request.id ? judgement : judge(asked));
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  return operation;
}

async function heldStep(): Promise<() => void> {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { step } = world;
  world.step = async () => {
    await held;
    return { status: 'done', outputs: {}, summary: 'ok' };
  };
  return () => {
    world.step = step;
    release();
  };
}

const hasRun = ({ id }: Operation): boolean => world.steps.some(({ key }) => key.startsWith(id));

test.each([
  ['an approver changes a vote', 'U0LEE'],
  ['somebody of its teams who has not voted', 'U0KIM'],
])('while an approved operation waits for its window, %s may reject, which ends it at once', async (_who, by) => {
  const operation = await approved(monday);
  expect((await operation.view()).ballots).toMatchObject([{ takes: 'rejections' }]);

  await expect(operation.vote(by, 'reject')).resolves.toMatchObject({ kind: 'counted', decision: 'reject' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rejected' });
  expect((await operation.view()).ballots).toMatchObject([
    { takes: 'nothing', rejectedBy: { by, reason: 'not today' } },
  ]);
  expect(hasRun(operation)).toBe(false);
});

test('a filled ballot takes rejections of those who may vote on it, with a reason, and nothing else', async () => {
  const operation = await approved(monday);

  await expect(operation.vote('U0EVA', 'reject')).resolves.toMatchObject({ kind: 'refused', code: 'not_in_team' });
  await expect(operation.vote('U0ANA', 'reject')).rejects.toMatchObject({ cause: { type: 'requester' } });
  await expect(operation.vote('U0KIM', 'reject', { reason: ' ' })).rejects.toMatchObject({
    cause: { type: 'reason_missing' },
  });
  await expect(operation.vote('U0KIM')).rejects.toMatchObject({ cause: { type: 'closed' } });
  await expect(operation.vote('U0LEE')).resolves.toMatchObject({ kind: 'already' });

  expect((await operation.view()).state).toBe('waiting');
  await operation.act({ kind: 'cancel' });
  await operation.result();
});

test('the time for approving does not bound the time for rejecting', async () => {
  const operation = await approved({ ...monday, ballots: [aBallot({ timeoutMs: 4_000 })] });
  const [ballot] = (await operation.view()).ballots;
  while (Date.now() <= Date.parse(ballot!.expiresAt)) await new Promise((resolve) => setTimeout(resolve, 50));

  await operation.vote('U0KIM', 'reject');

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rejected' });
});

test('what waits in its lane can be rejected, and lets the next one go', async () => {
  const lane = ownLane();
  const release = await heldStep();
  const first = await approved({ lane });
  await first.until('running');
  const second = await approved({ lane });
  await second.until('queued');

  await second.vote('U0KIM', 'reject');

  await expect(second.result()).resolves.toMatchObject({ kind: 'rejected' });
  expect(hasRun(second)).toBe(false);
  release();
  await expect(first.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('a rejection that comes while the intent is being written is heard: nothing runs', async () => {
  const { record } = world;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const writing = new Promise<void>((begun) => {
    world.record = async (entries) => {
      if (!entries.some(({ event }) => event === 'intent')) return record(entries);
      begun();
      await held;
    };
  });
  const operation = await approved();
  await writing;

  await operation.vote('U0KIM', 'reject');
  release();

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rejected' });
  world.record = record;
  expect(hasRun(operation)).toBe(false);
  expect(world.records.filter(({ operationId }) => operationId === operation.id).at(-1)?.state).toMatchObject({
    kind: 'rolled_back',
    to: 'v2.3.0',
  });
});

test('once it has begun it is aborted, not rejected, and the refusal says so', async () => {
  const release = await heldStep();
  const operation = await approved();
  await operation.until('running');

  await expect(operation.vote('U0KIM', 'reject')).rejects.toMatchObject({ cause: { type: 'begun' } });

  expect((await operation.view()).ballots).toMatchObject([{ takes: 'nothing' }]);
  release();
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});
