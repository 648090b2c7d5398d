import { relay } from '../../src/operation/relay';
import type { VoteAnswer, VoteBody } from '../../src/approvals/ballot';
import type { ReviewDebt } from '../../src/operation/review';
import type { OperationView } from '../../src/operation/view';
import { openReviews } from '../../activities/worker/open-reviews';
import { reviewId, VIEW_QUERY, VOTE_UPDATE } from '../../workflows/contract';
import { openWorld, stepFailed, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aRequest } from '../helpers/samples';

const relayKey = 'a-relay-key-for-tests-of-32-characters';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

const debt = (change: Partial<ReviewDebt> = {}): ReviewDebt => ({
  ballot: aBallot({
    id: 'r1',
    digest: 'rd1',
    purpose: 'review',
    rule: 'break_glass',
    seats: [{ id: 'team_lead#1', team: 'team_lead' }],
    teams: { team_lead: { groups: [], users: ['U0LEE', 'U0KIM', 'U0ANA'] } },
    timeoutMs: 1_000_000_000,
  }),
  reviewBy: ['team_lead'],
  channels: ['#watch'],
  withinMs: 3_600_000,
  ...change,
});

let place = 0;
async function brokenGlass(change: Partial<ReviewDebt> = {}, step?: World['step']) {
  place += 1;
  const lane = { service: `glass-${place}`, environment: 'production' };
  const judgement = aJudgement({ lane, ballots: [], review: debt(change) });
  const request = aRequest({ labels: ['break_glass'], reason: 'the shop is down' });
  const { judge, step: others } = world;
  world.judge = (asked) => (asked.id === request.id ? judgement : judge(asked));
  if (step) world.step = (input) => (input.key.startsWith(request.id) ? step(input) : others(input));
  return world.start(request);
}

const handleOf = (id: string) => world.temporal.client.workflow.getHandle(reviewId(id));
const viewOf = (id: string): Promise<OperationView> => handleOf(id).query(VIEW_QUERY);

let clicks = 0;
function close(id: string, by: string, change: Partial<VoteBody> = {}): Promise<VoteAnswer> {
  clicks += 1;
  const body: VoteBody = {
    format: 1,
    operationId: reviewId(id),
    ballotId: 'r1',
    ballotDigest: 'rd1',
    by,
    decision: 'approve',
    reason: 'a full disk; alert added',
    actionId: `${1_700_000_000 + clicks}.1`,
    at: new Date().toISOString(),
    ...change,
  };
  return handleOf(id).executeUpdate(VOTE_UPDATE, { args: [relay('vote', body, relayKey)] });
}

const recordsOf = (id: string) =>
  world.records.filter(({ operationId, event }) => operationId === id && event === 'review').map(({ body }) => body);
const noticesOf = (id: string) =>
  world.notices.filter(({ key }) => key.startsWith(reviewId(id))).map(({ to, notice }) => ({ to, notice }));

test('break-glass opens a review that outlives it, announced in the watch channel, until somebody else closes it', async () => {
  const operation = await brokenGlass();
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });

  await expect(viewOf(operation.id)).resolves.toMatchObject({ kind: 'review', state: 'waiting' });
  const card = world.cards.find(({ slot }) => slot === `${reviewId(operation.id)}/card`);
  expect(card).toMatchObject({ channel: '#watch' });
  await eventually(() => noticesOf(operation.id).length > 0);
  expect(noticesOf(operation.id)[0]?.notice).toMatchObject({
    kind: 'review',
    message: expect.stringContaining('somebody else has to look at what was done'),
    mention: ['user:U0LEE', 'user:U0KIM'],
  });

  await expect(close(operation.id, 'U0LEE')).resolves.toMatchObject({ kind: 'counted' });
  await handleOf(operation.id).result();

  expect(recordsOf(operation.id)).toMatchObject([
    { state: 'opened', by: 'U0ANA', reviewBy: ['team_lead'] },
    { state: 'closed', by: 'U0LEE', reason: 'a full disk; alert added', overdue: false },
  ]);
  await expect(viewOf(operation.id)).resolves.toMatchObject({
    state: 'succeeded',
    outcome: { by: 'U0LEE', sentence: expect.stringContaining('a full disk') },
  });
  expect(
    world.records.find(({ operationId, event }) => operationId === operation.id && event === 'review')?.index,
  ).toBe(90);
});

test('an operator closes it as a last resort, and the record and the card say so', async () => {
  const { ballot } = debt();
  const lastResort = 'operators (ops)';
  const { voter } = world;
  world.voter = (by) => (by === 'U0OPS' ? [lastResort] : voter(by));
  const operation = await brokenGlass({
    ballot: {
      ...ballot,
      seats: [{ id: 'team_lead#1', team: 'team_lead', anyOf: ['team_lead', lastResort] }],
      teams: { ...ballot.teams, [lastResort]: { groups: [], users: ['U0OPS', 'U0ANA'] } },
    },
  });
  await operation.result();
  await expect(viewOf(operation.id)).resolves.toMatchObject({
    ballots: [{ seats: [{ anyOf: ['team_lead', lastResort], mention: ['user:U0LEE', 'user:U0KIM', 'user:U0ANA'] }] }],
  });

  await expect(close(operation.id, 'U0OPS')).resolves.toMatchObject({ kind: 'counted' });
  await handleOf(operation.id).result();

  expect(recordsOf(operation.id).at(-1)).toMatchObject({ state: 'closed', by: 'U0OPS', lastResort: true });
  await expect(viewOf(operation.id)).resolves.toMatchObject({
    outcome: { sentence: 'It was looked at by an operator, as a last resort: a full disk; alert added' },
  });
});

test('whoever broke the glass does not close it, nor anybody without a word, nor by rejecting, nor by cancelling', async () => {
  const operation = await brokenGlass();
  await operation.result();

  await expect(close(operation.id, 'U0ANA')).rejects.toThrow();
  await expect(close(operation.id, 'U0EVE')).resolves.toEqual({ kind: 'refused', code: 'not_in_team' });
  await expect(close(operation.id, 'U0LEE', { reason: ' ' })).rejects.toThrow();
  await expect(close(operation.id, 'U0LEE', { decision: 'reject' })).rejects.toThrow();
  await handleOf(operation.id).cancel();

  await expect(viewOf(operation.id)).resolves.toMatchObject({ state: 'waiting' });
  await close(operation.id, 'U0KIM');
  await handleOf(operation.id).result();
});

test('what failed and was undone is owed a look as well; what never began is not', async () => {
  const failed = await brokenGlass({}, async ({ mode }) => {
    if (mode === 'undo') return { status: 'done', outputs: {}, summary: 'undone' };
    throw stepFailed('The fleet said no.');
  });
  await expect(failed.result()).resolves.toMatchObject({ kind: 'rolled_back' });
  await expect(viewOf(failed.id)).resolves.toMatchObject({ state: 'waiting' });
  await close(failed.id, 'U0LEE');

  const { recheck } = world;
  const denied = await (async () => {
    world.recheck = () => ({ kind: 'denied', reasons: ['not any more'] });
    const operation = await brokenGlass();
    await operation.result();
    world.recheck = recheck;
    return operation;
  })();
  await expect(viewOf(denied.id)).rejects.toThrow();
});

test('it is reminded of, and once it is overdue the watch channel hears it and so does the record', async () => {
  const operation = await brokenGlass({ withinMs: 1_500 });
  await operation.result();

  await eventually(() => recordsOf(operation.id).some(({ state }) => state === 'overdue'));
  await eventually(() => noticesOf(operation.id).some(({ to }) => to.kind === 'channel'));
  const said = noticesOf(operation.id).map(({ to, notice }) => [to.kind, notice.kind === 'review' && notice.message]);
  expect(said).toEqual([
    ['thread', expect.stringContaining('is open')],
    ['thread', expect.stringContaining('is still open and due by')],
    ['channel', expect.stringContaining('is overdue since')],
  ]);
  expect((await viewOf(operation.id)).note).toContain('overdue');

  await close(operation.id, 'U0LEE');
  await handleOf(operation.id).result();
  expect(recordsOf(operation.id).at(-1)).toMatchObject({ state: 'closed', overdue: true });
});

test('policy finds it by the person for as long as it is open', async () => {
  const operation = await brokenGlass();
  await operation.result();
  const open = async () => {
    const found = await openReviews({ client: world.temporal.client, waitMs: 5_000 }, ['U0ANA', 'U0ANA2']);
    return found.filter((review) => review.operation === operation.id);
  };

  await eventually(async () => (await open()).length === 1);
  expect(await open()).toMatchObject([{ by: 'U0ANA', reviewBy: ['team_lead'], dueAt: expect.stringMatching(/Z$/) }]);
  await expect(openReviews({ client: world.temporal.client, waitMs: 5_000 }, ['U0EVE'])).resolves.toEqual([]);

  await close(operation.id, 'U0LEE');
  await handleOf(operation.id).result();
  await eventually(async () => (await open()).length === 0);
});

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
