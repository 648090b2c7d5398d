import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  aBallot,
  aJudgement,
  aPlan,
  aRequest,
  aStep,
  openWorld,
  stepFailed,
  type World,
} from '../helpers/operation-world';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

/** Each test its own service, so that no lane is shared. */
let place = 0;
function fresh(overrides: Parameters<typeof aJudgement>[0] = {}, asked: Parameters<typeof aRequest>[0] = {}) {
  place += 1;
  const lane = { service: `checkout-${place}`, environment: 'production' };
  const judgement = aJudgement({ lane, ...overrides });
  const request = aRequest(asked);
  const { judge } = world;
  world.judge = (asked) => (asked.id === request.id ? judgement : judge(asked));
  return { request, judgement };
}

async function approved(overrides: Parameters<typeof aJudgement>[0] = {}) {
  const { request } = fresh(overrides);
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  return { operation, request };
}

function eventsOf(id: string): string[] {
  return world.records.filter(({ operationId }) => operationId === id).map(({ event }) => event);
}

async function scheduledBy(id: string): Promise<string[]> {
  const { events } = await world.temporal.client.workflow.getHandle(id).fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
  );
}

const forStep = (id: string, step: World['step']): World['step'] => {
  const { step: before } = world;
  return (input) => (input.key.startsWith(id) ? step(input) : before(input));
};

test('two teams approve, the plan runs, and the record tells it in order', async () => {
  const { operation } = await approved();

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });

  expect(eventsOf(operation.id)).toEqual(['request', 'verdict', 'vote', 'vote', 'intent', 'outcome']);
  expect(world.steps.filter(({ key }) => key.startsWith(operation.id))).toHaveLength(1);
});

test('the common case is decided on the spot: no activity of its own stands before the card', async () => {
  const { request } = fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  const scheduled = await scheduledBy(operation.id);
  expect(scheduled).not.toContain('admit');
  expect(scheduled).not.toContain('judge');
  await operation.act({ kind: 'cancel' });
});

test('what the bot freshly knew of asker and voters saves the questions to Slack; what is stale is asked', async () => {
  const { request } = fresh();
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

  const other = await world.start(fresh().request, stale);
  await other.until('waiting');
  expect(await scheduledBy(other.id)).toContain('whoIs');
  await other.act({ kind: 'cancel' });
});

test.each([
  ['fails', () => Promise.reject(new Error('Git is away'))],
  ['takes longer than it may', () => new Promise<never>((_, reject) => setTimeout(reject, 3_500, new Error('late')))],
])('a decision on the spot that %s goes the long way', async (_how, first) => {
  const { request } = fresh();
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
  const { request } = fresh();
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
  const { request } = fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  await operation.vote('U0LEE');
  await expect(operation.vote('U0KIM')).resolves.toMatchObject({ stillNeeded: ['security_team'] });

  expect((await operation.view()).state).toBe('waiting');
  await operation.act({ kind: 'cancel' });
});

test('a double click is one vote and one record', async () => {
  const { request } = fresh();
  const operation = await world.start(request);
  await operation.until('waiting');

  const answers = await Promise.allSettled([operation.vote('U0LEE'), operation.vote('U0LEE')]);
  await operation.vote('U0LEE');

  expect(answers.some((answer) => answer.status === 'fulfilled' && answer.value.kind === 'counted')).toBe(true);
  expect(eventsOf(operation.id).filter((event) => event === 'vote')).toHaveLength(1);
  await operation.act({ kind: 'cancel' });
});

test('a reject ends it at once, needs a reason, and runs nothing', async () => {
  const { request } = fresh();
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
  expect(outcomeBodyOf(operation.id)).toMatchObject({ kind: 'rejected', by: 'U0LEE' });
  expect(world.steps.some(({ key }) => key.startsWith(operation.id))).toBe(false);
});

test('too few approvals in time: expired, nothing runs', async () => {
  const { request } = fresh({ ballots: [aBallot({ timeoutMs: 3_000, ladder: [{ afterMs: 100, does: 'remind' }] })] });
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
  expect(eventsOf(operation.id)).toEqual(['request', 'verdict', 'outcome']);
});

test('a missed criterion undoes the stages done, in reverse, and posts a rollback notice', async () => {
  const missed = { metric: 'error_rate', wanted: '<0.1%', measured: '3.1%', stage: 'canary' };
  const plan = aPlan([aStep('canary/share'), aStep('canary/watch', { hasUndo: false }), aStep('full/share')]);
  const { request } = fresh({ plan });
  const done: string[] = [];
  world.step = forStep(request.id, async ({ path, mode }) => {
    done.push(`${mode} ${path}`);
    if (path === 'canary/watch')
      throw ApplicationFailure.create({
        message: 'error_rate was 3.1%',
        type: 'CriterionMissed',
        nonRetryable: true,
        details: [missed],
      });
    return { status: 'done', outputs: {}, summary: 'ok' };
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back', missed, restored: 'v2.3.0' });

  expect(done).toEqual(['do canary/share', 'do canary/watch', 'undo canary/share']);
  expect(
    world.notices.find(({ key, notice }) => key.startsWith(operation.id) && notice.kind === 'rollback_notice')?.notice,
  ).toMatchObject({ missed, restored: 'v2.3.0' });
  expect(
    world.records.find(({ operationId, event }) => operationId === operation.id && event === 'outcome')?.state,
  ).toMatchObject({ kind: 'rolled_back', from: 'v2.4.0', to: 'v2.3.0' });
});

test('the undo of the step that failed half-way is done too', async () => {
  const { request } = fresh({ plan: aPlan([aStep('first'), aStep('second')]) });
  const done: string[] = [];
  world.step = forStep(request.id, async ({ path, mode }) => {
    done.push(`${mode} ${path}`);
    if (path === 'second' && mode === 'do') throw stepFailed('The connection broke in the middle.');
    return { status: 'done', outputs: {}, summary: 'ok' };
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.result();

  expect(done).toEqual(['do first', 'do second', 'undo second', 'undo first']);
});

test('an undo that fails calls for hands; the lane is kept; retry undo goes on', async () => {
  const { request } = fresh();
  let broken = true;
  world.step = forStep(request.id, async ({ mode }) => {
    if (mode === 'do') throw stepFailed('The fleet said no.');
    if (broken) throw stepFailed('The fleet is away.');
    return { status: 'done', outputs: {}, summary: 'undone' };
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.until('needs_hands');

  await expect(operation.act({ kind: 'retry_undo', reason: ' ' })).resolves.toMatchObject({ kind: 'refused' });
  broken = false;
  await operation.act({ kind: 'retry_undo', reason: 'the fleet is back' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back' });
});

test('what is left as it is after a failed undo stays uncertain in the applied state', async () => {
  const { request } = fresh();
  world.step = forStep(request.id, async () => {
    throw stepFailed('The fleet said no.');
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.until('needs_hands');
  await operation.act({ kind: 'leave_it', reason: 'we rebuild it tomorrow' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'failed' });
  expect(outcomeBodyOf(operation.id)).toMatchObject({ by: 'U0ANA' });
  expect(
    world.records.find(({ operationId, event }) => operationId === operation.id && event === 'outcome')?.state,
  ).toBeUndefined();
});

test('abort stops the step, undoes it and says who', async () => {
  const { request } = fresh();
  world.step = forStep(request.id, async ({ mode }) => {
    if (mode === 'undo') return { status: 'done', outputs: {}, summary: 'undone' };
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 100);
    await context.cancelled.finally(() => clearInterval(beat));
    throw new CancelledFailure('stopped');
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.until('running');
  await operation.act({ kind: 'abort', reason: 'wrong version' }, 'U0LEE');

  await expect(operation.result()).resolves.toMatchObject({
    kind: 'rolled_back',
    sentence: expect.stringContaining('was aborted.'),
    by: 'U0LEE',
  });
  expect(outcomeBodyOf(operation.id)).toMatchObject({ kind: 'rolled_back', by: 'U0LEE' });
});

test('no record, no side effect: an intent that cannot be written stops the operation', async () => {
  const { request } = fresh();
  const { record } = world;
  world.record = (entries) => {
    if (entries.some(({ operationId, event }) => operationId === request.id && event === 'intent'))
      throw ApplicationFailure.create({
        message: 'The ledger refused the record.',
        type: 'Refusal',
        nonRetryable: true,
      });
    return record(entries);
  };
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');

  await expect(operation.result()).resolves.toMatchObject({
    kind: 'failed',
    sentence: expect.stringContaining('record'),
  });
  expect(world.steps.some(({ key }) => key.startsWith(operation.id))).toBe(false);
});

/** The ledger does not take this operation's intent before it is back. */
function ledgerAway(id: string, isBack: () => boolean): void {
  const { record } = world;
  world.record = (entries) => {
    if (entries.some(({ operationId, event }) => operationId === id && event === 'intent') && !isBack())
      throw new Error('The Git host is away.');
    return record(entries);
  };
}

const ranFor = (id: string): boolean => world.steps.some(({ key }) => key.startsWith(id));
const outcomeBodyOf = (id: string) =>
  world.records.find(({ operationId, event }) => operationId === id && event === 'outcome')?.body;

test.each([
  ['a rollback', { kind: 'rollback', id: `rollback-deferred-${process.pid}` }],
  ['break-glass', { labels: ['break_glass'], reason: 'the shop is down' }],
] as const)('%s goes on while the ledger is away, and its record says so once it follows', async (_, overrides) => {
  const { request } = fresh({ ballots: [] }, overrides);
  ledgerAway(request.id, () => ranFor(request.id));

  const operation = await world.start(request);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(eventsOf(request.id)).toEqual(['request', 'verdict', 'intent', 'outcome']);
  expect(outcomeBodyOf(request.id)).toMatchObject({ intentDeferred: true });
});

test('a hotfix waits for its record however long the ledger is away', async () => {
  const { request } = fresh({ ballots: [] }, { labels: ['hotfix'] });
  let attempts = 0;
  let ranWithout = false;
  // The fourth attempt comes later than a rollback would have waited.
  ledgerAway(request.id, () => {
    ranWithout ||= ranFor(request.id);
    return (attempts += 1) > 3;
  });

  const operation = await world.start(request);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(ranWithout).toBe(false);
  expect(outcomeBodyOf(request.id)).toMatchObject({ intentDeferred: false });
});

test('what moved while people voted opens the ballots anew and says so', async () => {
  const { request, judgement } = fresh();
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
  const { request } = fresh({ ballots: [] });
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

test('done by hand is said of one undo; the ones before it are still done', async () => {
  const { request } = fresh({ plan: aPlan([aStep('first'), aStep('second')]) });
  const done: string[] = [];
  world.step = forStep(request.id, async ({ path, mode }) => {
    done.push(`${mode} ${path}`);
    if (path === 'second') throw stepFailed('The fleet said no.');
    return { status: 'done', outputs: {}, summary: 'ok' };
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.until('needs_hands');
  await operation.act({ kind: 'done_by_hand', reason: 'removed it in the console' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back' });
  expect(done).toEqual(['do first', 'do second', 'undo second', 'undo first']);
});

test('an approver may think better of it while the operation still waits', async () => {
  const { request } = fresh({
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
  expect(outcomeBodyOf(operation.id)).toMatchObject({ kind: 'cancelled', by: 'U0SAM' });
});

test('approvers with a channel of their own are called there too, with a link to the card', async () => {
  const { request } = fresh({
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
  const { request } = fresh({ ballots: [aBallot({ channels: [channel] })] });
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
  expect(eventsOf(operation.id)).toEqual([]);
  expect(world.notices.some(({ key }) => key.startsWith(operation.id))).toBe(false);
});

test('lists learn from Temporal alone since when it waits and where its card stands', async () => {
  const { request } = fresh();
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
