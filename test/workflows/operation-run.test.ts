import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { freshOperations } from '../helpers/fresh-operations';
import { openWorld, stepFailed, type World } from '../helpers/operation-world';
import { aPlan, aStep } from '../helpers/samples';
import { eventually } from '../helpers/temporal';

let world: World;
let operations: ReturnType<typeof freshOperations>;

beforeAll(async () => {
  world = await openWorld();
  operations = freshOperations(world);
});

afterAll(() => world?.close());

test('a missed criterion undoes the stages done, in reverse, and posts a rollback notice', async () => {
  const missed = { metric: 'error_rate', wanted: '<0.1%', measured: '3.1%', stage: 'canary' };
  const plan = aPlan([aStep('canary/share'), aStep('canary/watch', { hasUndo: false }), aStep('full/share')]);
  const { request } = operations.fresh({ plan });
  const done: string[] = [];
  world.step = operations.forStep(request.id, async ({ path, mode }) => {
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
  const { request } = operations.fresh({ plan: aPlan([aStep('first'), aStep('second')]) });
  const done: string[] = [];
  world.step = operations.forStep(request.id, async ({ path, mode }) => {
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
  const { request } = operations.fresh();
  let broken = true;
  world.step = operations.forStep(request.id, async ({ mode }) => {
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

test('the card of thirty steps counts all of them and shows the one whose undo failed; who asks for all gets all', async () => {
  const steps = Array.from({ length: 30 }, (_, index) => aStep(`step-${index + 1}`));
  const { request } = operations.fresh({ plan: aPlan(steps) });
  let here: (() => void) | undefined;
  let goOn: (() => void) | undefined;
  const reached = new Promise<void>((resolve) => (here = resolve));
  const told = new Promise<void>((resolve) => (goOn = resolve));
  world.step = operations.forStep(request.id, async ({ path, mode }) => {
    if (path === 'step-25' && mode === 'do') {
      here?.();
      await told;
      throw stepFailed('The fleet said no.');
    }
    if (path === 'step-3' && mode === 'undo') throw stepFailed('The fleet is away.');
    return { status: 'done', outputs: {}, summary: 'ok' };
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');

  await reached;
  await eventually(async () => expect(await operation.view()).toMatchObject({ stepsDone: 24, moreSteps: 18 }));
  const running = await operation.view();
  expect(running.steps.map(({ name }) => name)).toContain('step-25');
  const whole = await operation.view({ steps: 'all' });
  expect(whole.steps.map(({ name }) => name)).toEqual(steps.map(({ name }) => name));
  expect(whole.moreSteps).toBe(0);

  goOn?.();
  const stuck = await operation.until('needs_hands');
  expect(stuck.steps).toContainEqual(expect.objectContaining({ name: 'step-3', state: 'undo_failed' }));
  await operation.act({ kind: 'leave_it', reason: 'it is rebuilt tomorrow' });
  await operation.result();
});

test('what is left as it is after a failed undo stays uncertain in the applied state', async () => {
  const { request } = operations.fresh();
  world.step = operations.forStep(request.id, async () => {
    throw stepFailed('The fleet said no.');
  });
  const operation = await world.start(request);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.until('needs_hands');
  await operation.act({ kind: 'leave_it', reason: 'we rebuild it tomorrow' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'failed' });
  expect(operations.outcomeBodyOf(operation.id)).toMatchObject({ by: 'U0ANA' });
  expect(
    world.records.find(({ operationId, event }) => operationId === operation.id && event === 'outcome')?.state,
  ).toBeUndefined();
});

test('abort stops the step, undoes it and says who', async () => {
  const { request } = operations.fresh();
  world.step = operations.forStep(request.id, async ({ mode }) => {
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
  expect(operations.outcomeBodyOf(operation.id)).toMatchObject({ kind: 'rolled_back', by: 'U0LEE' });
});

test('stop here says what it does: nothing is undone, and the record says so with the reason', async () => {
  const { operation } = await operations.approved({ plan: aPlan([aStep('first'), aStep('second')]) });
  const { step: others } = world;
  const done: string[] = [];
  world.step = async (input) => {
    if (!input.key.startsWith(operation.id)) return others(input);
    done.push(`${input.mode} ${input.path}`);
    if (input.path === 'first') return { status: 'done', outputs: {}, summary: 'ok' };
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 100);
    await context.cancelled.finally(() => clearInterval(beat));
    throw new CancelledFailure('stopped');
  };
  await eventually(() => expect(done).toContain('do second'), 20_000);

  for (const reason of [undefined, ' '])
    await expect(operation.act({ kind: 'abort', undo: 'no', reason })).resolves.toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('say why'),
    });
  await expect(operation.act({ kind: 'abort', undo: 'no', reason: 'I look myself' }, 'U0LEE')).resolves.toEqual({
    kind: 'done',
    sentence: 'It is being stopped where it is; nothing is undone, and what was done stays as it is.',
  });

  await expect(operation.result()).resolves.toEqual({
    kind: 'failed',
    sentence:
      'Deploy checkout v2.4.0 to production was left as it is at "second": nothing was undone, and what had been done stays. It was stopped: I look myself.',
    by: 'U0LEE',
  });
  expect(done).toEqual(['do first', 'do second']);
  expect(
    world.records.filter(({ event, operationId }) => operationId === operation.id && event === 'act'),
  ).toMatchObject([{ body: { act: 'abort', undo: 'no', reason: 'I look myself', by: 'U0LEE' } }]);
});

test('no record, no side effect: an intent that cannot be written stops the operation', async () => {
  const { request } = operations.fresh();
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

test.each([
  ['a rollback', { kind: 'rollback', id: `rollback-deferred-${process.pid}` }],
  ['break-glass', { labels: ['break_glass'], reason: 'the shop is down' }],
] as const)('%s goes on while the ledger is away, and its record says so once it follows', async (_, overrides) => {
  const { request } = operations.fresh({ ballots: [] }, overrides);
  ledgerAway(request.id, () => ranFor(request.id));

  const operation = await world.start(request);

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(operations.eventsOf(request.id)).toEqual(['request', 'verdict', 'intent', 'outcome']);
  expect(operations.outcomeBodyOf(request.id)).toMatchObject({ intentDeferred: true });
});

test('a hotfix waits for its record however long the ledger is away', async () => {
  const { request } = operations.fresh({ ballots: [] }, { labels: ['hotfix'] });
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
  expect(operations.outcomeBodyOf(request.id)).toMatchObject({ intentDeferred: false });
});

test('done by hand is said of one undo; the ones before it are still done', async () => {
  const { request } = operations.fresh({ plan: aPlan([aStep('first'), aStep('second')]) });
  const done: string[] = [];
  world.step = operations.forStep(request.id, async ({ path, mode }) => {
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
