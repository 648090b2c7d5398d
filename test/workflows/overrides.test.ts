import type { Ballot } from '../../src/approvals/ballot';
import type { GateAnswer } from '../../src/operation/judgement';
import { openWorld, type Operation, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aRequest } from '../helpers/samples';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

/** A soft freeze that the team leads may override. */
const override: Ballot = aBallot({
  id: 'o1',
  digest: 'od1',
  purpose: 'override',
  rule: 'quiet week',
  seats: [{ id: 'team_lead#1', team: 'team_lead' }],
  teams: { team_lead: { groups: [], users: ['U0LEE', 'U0KIM'] } },
});
const gate = {
  kind: 'override',
  holds: false,
  message: 'The freeze "quiet week" holds it back.',
  ballot: 'o1',
} as const;
const held: GateAnswer = { gates: [gate], overrides: [override] };

let place = 0;
async function waiting(
  given: Partial<Parameters<typeof aJudgement>[0]> & { answer?: () => GateAnswer; nextGateCheckAtMs?: number } = {},
): Promise<Operation> {
  const { answer, ...overrides } = given;
  place += 1;
  const lane = { service: `overrides-${place}`, environment: 'production' };
  const judgement = aJudgement({ lane, ballots: [], ...held, ...overrides });
  const request = aRequest();
  const { judge, gates } = world;
  world.judge = (asked) => (asked.id === request.id ? judgement : judge(asked));
  world.gates = (asked) => (asked.id === request.id ? (answer?.() ?? held) : gates(asked));
  const operation = await world.start(request);
  await operation.until('waiting');
  return operation;
}

const lead = { ballotId: 'o1', ballotDigest: 'od1', reason: 'the shop is empty anyway' };

const bodiesOf = (id: string, event: string) =>
  world.records.filter((record) => record.operationId === id && record.event === event).map(({ body }) => body);

test('one of those who may overrides a soft rule: the gate holds, the record and the thread say who and why', async () => {
  const operation = await waiting();

  await expect(operation.vote('U0LEE', 'approve', lead)).resolves.toMatchObject({ kind: 'counted' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(bodiesOf(operation.id, 'override')).toMatchObject([
    { by: 'U0LEE', rule: 'quiet week', reason: 'the shop is empty anyway', ballot: 'o1' },
  ]);
  expect(bodiesOf(operation.id, 'vote')).toEqual([]);
  expect(world.notices.filter(({ key }) => key.startsWith(operation.id)).map(({ notice }) => notice)).toContainEqual({
    kind: 'overridden',
    by: 'U0LEE',
    rule: 'quiet week',
    reason: 'the shop is empty anyway',
  });
});

test('whoever asked, whoever is in none of its teams, and whoever gives no reason override nothing', async () => {
  const operation = await waiting();

  await expect(operation.vote('U0ANA', 'approve', lead)).rejects.toThrow();
  await expect(operation.vote('U0EVE', 'approve', lead)).resolves.toEqual({ kind: 'refused', code: 'not_in_team' });
  await expect(operation.vote('U0LEE', 'approve', { ...lead, reason: '  ' })).rejects.toThrow();
  await expect(operation.vote('U0LEE', 'approve', { ...lead, ballotDigest: 'other' })).rejects.toThrow();

  expect((await operation.view()).gates).toMatchObject([{ holds: false }]);
  expect(bodiesOf(operation.id, 'override')).toEqual([]);
  await operation.act({ kind: 'cancel' });
  await operation.result();
});

test('an override replaces no approval, and nobody is called for it', async () => {
  const operation = await waiting({ ballots: [aBallot()] });

  expect((await operation.view()).ballots.map(({ id, purpose }) => [id, purpose])).toEqual([
    ['b1', undefined],
    ['o1', 'override'],
  ]);
  await operation.vote('U0LEE', 'approve', lead);
  expect((await operation.view()).state).toBe('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0KIM');

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  const called = world.notices.filter(
    ({ key, notice }) => key.startsWith(operation.id) && notice.kind === 'ballot_opened',
  );
  expect(called).toHaveLength(1);
});

test('a rule that is broken no more needs no override, and its ballot is void', async () => {
  let over = false;
  const operation = await waiting({
    nextGateCheckAtMs: Date.now(),
    answer: () => (over ? { gates: [], overrides: [] } : { ...held, nextGateCheckAtMs: Date.now() + 300 }),
  });
  expect((await operation.view()).ballots).toHaveLength(1);
  over = true;

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(bodiesOf(operation.id, 'override')).toEqual([]);
});

test('a soft rule that comes to be broken while it waits can be overridden then', async () => {
  const operation = await waiting({
    gates: [{ kind: 'window', holds: false, message: 'closed' }],
    overrides: [],
    nextGateCheckAtMs: Date.now(),
  });
  await untilBallot(operation, 'o1');

  await operation.vote('U0KIM', 'approve', lead);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('nobody overrides it in time: the operation ends and says so', async () => {
  const operation = await waiting({ overrides: [{ ...override, timeoutMs: 300 }] });

  await expect(operation.result()).resolves.toMatchObject({
    kind: 'expired',
    sentence: expect.stringContaining('nobody overrode the soft rule "quiet week"'),
  });
});

test('an override counts again right before the first change: it is asked whether its giver still may', async () => {
  const asked: string[][] = [];
  const { recheckVoters } = world;
  const operation = await waiting();
  world.recheckVoters = async (question) => {
    asked.push(question.ballots.map(({ id }) => id));
    return asked.length === 1 ? [{ by: 'U0LEE', code: 'not_in_team' }] : [];
  };

  await operation.vote('U0LEE', 'approve', lead);
  await untilFree(operation);
  await operation.vote('U0KIM', 'approve', lead);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  world.recheckVoters = recheckVoters;
  expect(asked).toEqual([['o1'], ['o1']]);
  expect(bodiesOf(operation.id, 'override').map(({ by }) => by)).toEqual(['U0LEE', 'U0KIM']);
});

async function untilBallot(operation: Operation, id: string): Promise<void> {
  while (!(await operation.view()).ballots.some((ballot) => ballot.id === id)) await soon();
}

async function untilFree(operation: Operation): Promise<void> {
  const isFree = async () => {
    const { state, ballots } = await operation.view();
    return state === 'waiting' && ballots[0]?.seats[0]?.filledBy === undefined;
  };
  while (!(await isFree())) await soon();
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
