import { ApplicationFailure } from '@temporalio/common';
import { freshOperations } from '../helpers/fresh-operations';
import { openWorld, type World } from '../helpers/operation-world';
import { aBallot, aRequest } from '../helpers/samples';

let world: World;
let operations: ReturnType<typeof freshOperations>;

beforeAll(async () => {
  world = await openWorld();
  operations = freshOperations(world);
});

afterAll(() => world?.close());

async function scheduledBy(id: string): Promise<string[]> {
  const { events } = await world.temporal.client.workflow.getHandle(id).fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
  );
}

test('two teams approve, the plan runs, and the record tells it in order', async () => {
  const { operation } = await operations.approved();

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });

  expect(operations.eventsOf(operation.id)).toEqual(['request', 'verdict', 'vote', 'vote', 'intent', 'outcome']);
  expect(world.steps.filter(({ key }) => key.startsWith(operation.id))).toHaveLength(1);
});

test('the common case is decided on the spot: no activity of its own stands before the card', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  const scheduled = await scheduledBy(operation.id);
  expect(scheduled).not.toContain('admit');
  expect(scheduled).not.toContain('judge');
  await operation.act({ kind: 'cancel' });
});

test('what the bot freshly knew of asker and voters saves the questions to Slack; what is stale is asked', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request, {});
  await operation.until('waiting');
  await operation.vote('U0SAM', 'approve', {}, { groups: ['S0SECURITY'] });
  expect(await scheduledBy(operation.id)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/whoIs|checkVote/)]),
  );

  const stale = { at: new Date(Date.now() - 120_000).toISOString() };
  await operation.vote('U0LEE', 'approve', {}, stale);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect((await scheduledBy(operation.id)).filter((name) => name === 'checkVote')).toHaveLength(1);

  const other = await world.start(operations.fresh().request, stale);
  await other.until('waiting');
  expect(await scheduledBy(other.id)).toContain('whoIs');
  await other.act({ kind: 'cancel' });
});

test.each([
  ['fails', () => Promise.reject(new Error('Git is away'))],
  ['takes longer than it may', () => new Promise<never>((_, reject) => setTimeout(reject, 3_500, new Error('late')))],
])('a decision on the spot that %s goes the long way', async (_how, first) => {
  const { request } = operations.fresh();
  const { admit } = world;
  let asked = 0;
  world.admit = (about) => {
    if (about.id !== request.id) return admit(about);
    asked += 1;
    return asked === 1 ? first() : admit(about);
  };
  const operation = await world.start(request);
  await operation.until('waiting');

  expect(await scheduledBy(operation.id)).toEqual(expect.arrayContaining(['admit', 'judge']));
  await operation.act({ kind: 'cancel' });
});

test('the requester, a stranger to the team and an old ballot change nothing and hear why', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  await expect(operation.vote('U0ANA')).rejects.toMatchObject({ cause: { type: 'requester' } });
  await expect(operation.vote('U0LEE', 'approve', { ballotDigest: 'older' })).rejects.toMatchObject({
    cause: { type: 'other_digest' },
  });
  await expect(operation.vote('U0LEE', 'approve', { ballotId: 'b0' })).rejects.toMatchObject({
    cause: { type: 'other_ballot' },
  });
  await expect(operation.vote('U0EVA')).resolves.toEqual({ kind: 'refused', code: 'not_in_team', detail: undefined });
  const { ballots } = await operation.view();

  expect(ballots[0]?.seats.every(({ filledBy }) => filledBy === undefined)).toBe(true);
  await operation.act({ kind: 'cancel' });
  await expect(operation.result()).resolves.toMatchObject({ kind: 'cancelled' });
});

test('two teams are needed: two people of one team do not open the gate', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  await operation.vote('U0LEE');
  await expect(operation.vote('U0KIM')).resolves.toMatchObject({ stillNeeded: ['security_team'] });

  expect((await operation.view()).state).toBe('waiting');
  await operation.act({ kind: 'cancel' });
});

test('a double click is one vote and one record', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  const answers = await Promise.allSettled([operation.vote('U0LEE'), operation.vote('U0LEE')]);
  await operation.vote('U0LEE');

  expect(answers.some((answer) => answer.status === 'fulfilled' && answer.value.kind === 'counted')).toBe(true);
  expect(operations.eventsOf(operation.id).filter((event) => event === 'vote')).toHaveLength(1);
  await operation.act({ kind: 'cancel' });
});

test('a reject ends it at once, needs a reason, and runs nothing', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  await expect(operation.vote('U0LEE', 'reject', { reason: ' ' })).rejects.toMatchObject({
    cause: { type: 'reason_missing' },
  });
  await operation.vote('U0LEE', 'reject');

  await expect(operation.result()).resolves.toMatchObject({
    kind: 'rejected',
    sentence: expect.stringContaining('not today'),
  });
  expect(operations.outcomeBodyOf(operation.id)).toMatchObject({ kind: 'rejected', by: 'U0LEE' });
  expect(world.steps.some(({ key }) => key.startsWith(operation.id))).toBe(false);
});

test('too few approvals in time: expired, nothing runs', async () => {
  const { request } = operations.fresh({
    ballots: [aBallot({ timeoutMs: 3_000, ladder: [{ afterMs: 100, does: 'remind' }] })],
  });
  const operation = await world.start(request);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'expired' });
  expect(world.notices.some(({ key, notice }) => key.startsWith(operation.id) && notice.kind === 'reminder')).toBe(
    true,
  );
});

test('a denial before anything was opened is private and recorded', async () => {
  const request = aRequest({ environment: 'mars' });
  const { admit } = world;
  world.admit = (asked) =>
    asked.id === request.id ? { kind: 'denied', reasons: ['There is no environment called mars.'] } : admit(asked);
  const operation = await world.start(request);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'denied' });

  expect(world.cards.some(({ slot }) => slot.startsWith(operation.id))).toBe(false);
  expect(world.notices.find(({ key }) => key.startsWith(operation.id))?.to).toMatchObject({
    kind: 'private',
    user: 'U0ANA',
  });
  expect(operations.eventsOf(operation.id)).toEqual(['request', 'verdict', 'outcome']);
});

test('what moved while people voted opens the ballots anew and says so', async () => {
  const { request, judgement } = operations.fresh();
  let moved = false;
  const { recheck } = world;
  world.recheck = (asked) => {
    if (asked.id !== request.id || moved) return recheck(asked);
    moved = true;
    return {
      kind: 'changed',
      because: 'Policy moved to a newer commit.',
      judgement: { ...judgement, ballots: [aBallot({ id: 'b2', digest: 'd2' })] },
    };
  };
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await expect(operation.until('waiting')).resolves.toBeDefined();
  await waitFor(async () => (await operation.view()).ballots[0]?.id === 'b2');

  await expect(operation.vote('U0LEE')).rejects.toMatchObject({ cause: { type: 'other_ballot' } });
  await operation.vote('U0SAM', 'approve', { ballotId: 'b2', ballotDigest: 'd2' });
  await operation.vote('U0LEE', 'approve', { ballotId: 'b2', ballotDigest: 'd2' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('Slack being away delays nothing that matters', async () => {
  const { request } = operations.fresh({ ballots: [] });
  const { deliver } = world;
  world.deliver = (delivery) => {
    if (delivery.slot.startsWith(request.id))
      throw ApplicationFailure.create({ message: 'Slack is away.', type: 'SlotLost', nonRetryable: true });
    return deliver(delivery);
  };
  const operation = await world.start(request);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 30));
}

test('an approver may think better of it while the operation still waits', async () => {
  const { request } = operations.fresh({
    gates: [{ kind: 'window', holds: false, message: 'It opens on Monday.' }],
    nextGateCheckAtMs: Date.now() + 600_000,
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');

  await expect(operation.act({ kind: 'cancel' }, 'U0KIM')).resolves.toMatchObject({ kind: 'refused' });
  await operation.act({ kind: 'cancel' }, 'U0SAM');

  await expect(operation.result()).resolves.toMatchObject({ kind: 'cancelled', by: 'U0SAM' });
  expect(operations.outcomeBodyOf(operation.id)).toMatchObject({ kind: 'cancelled', by: 'U0SAM' });
});

test('approvers with a channel of their own are called there too, with a link to the card', async () => {
  const { request } = operations.fresh({
    ballots: [aBallot({ channels: ['#security'], ladder: [{ afterMs: 300, does: 'remind' }] })],
  });
  const operation = await world.start(request);
  const told = () => world.notices.filter(({ key }) => key.startsWith(request.id));
  const elsewhere = () => told().filter(({ to }) => to.kind === 'channel');
  await waitFor(async () => elsewhere().length === 2);

  const link = { channel: 'C1', ts: `${request.id}/card/ts` };
  const called = { to: { channel: '#security' }, notice: { kind: 'ballot_opened', link } };
  expect(elsewhere()).toMatchObject([called, called]);
  expect(elsewhere()[0]?.notice).toMatchObject({ mention: ['subteam:S0SECURITY', 'user:U0LEE', 'user:U0KIM'] });
  expect(told().some(({ to, notice }) => to.kind === 'thread' && notice.kind === 'ballot_opened')).toBe(true);
  await operation.act({ kind: 'cancel' });
});

test.each([
  ['by its name', '#deploys-prod'],
  ['by its id', 'C1'],
])('approvers whose channel has the card, %s, are called once: below it', async (_how, channel) => {
  const { request } = operations.fresh({ ballots: [aBallot({ channels: [channel] })] });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.act({ kind: 'cancel' });
  await operation.result();
  // The last notice is delivered, so everything before it is.
  const calls = world.notices.filter(
    ({ key, notice }) => key.startsWith(request.id) && notice.kind === 'ballot_opened',
  );
  expect(calls.map(({ to }) => to.kind)).toEqual(['thread']);
});

test('a request that no bot signed leaves no record and tells nobody', async () => {
  const request = aRequest();
  const { admit } = world;
  world.admit = (asked) => {
    if (asked.id === request.id)
      throw ApplicationFailure.create({ message: 'not ours', type: 'NotRelayed', nonRetryable: true });
    return admit(asked);
  };
  const operation = await world.start(request);

  await expect(operation.result()).rejects.toThrow();
  expect(operations.eventsOf(operation.id)).toEqual([]);
  expect(world.notices.some(({ key }) => key.startsWith(operation.id))).toBe(false);
});

test('lists learn from Temporal alone since when it waits and where its card stands', async () => {
  const { request } = operations.fresh();
  const operation = await world.start(request);
  await operation.until('waiting');
  const handle = world.temporal.client.workflow.getHandle(operation.id);
  const { since } = await operation.view();
  const listed = async (): Promise<{ readonly [name: string]: unknown }> => {
    for (;;) {
      const { searchAttributes } = await handle.describe();
      if (searchAttributes.SignalboxCard) return searchAttributes;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  expect(await listed()).toMatchObject({
    SignalboxState: ['waiting'],
    SignalboxSince: [new Date(since)],
    SignalboxCard: [expect.stringMatching(/^\S+\/\S+$/)],
  });
  await operation.act({ kind: 'cancel' });
});
