import { ApplicationFailure } from '@temporalio/common';
import type { OperationView } from '../../src/operation/view';
import type { AskedOfRunning, RunningFreezes } from '../../src/policy/when-frozen';
import { STIR } from '../../workflows/contract';
import { openWorld, type Operation, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';

/** What a freeze that begins does to an operation that is running; freezes are answers of the world here. */
let world: World;
let lane = 0;
const free: (() => void)[] = [];

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  for (const release of free) release();
  await world?.close();
});

const ok = { status: 'done', outputs: {}, summary: 'ok' } as const;

/** A step that ends when the test says so. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  free.push(open);
  return { passed, open };
}

const begun = (does: AskedOfRunning, until?: string): RunningFreezes => ({
  now: { name: 'year end', does, message: `The freeze "year end" has begun (${does}).`, ...(until && { until }) },
  nextAtMs: Date.now() + 3_600_000,
});

const own = () => ({ service: `frozen-${(lane += 1)}`, environment: 'production' });

async function start(steps: Parameters<typeof aPlan>[0], where = own()): Promise<Operation> {
  world.judge = () => aJudgement({ ballots: [], plan: aPlan(steps), lane: where });
  return world.start(aRequest(where));
}

const done = (id: string): readonly string[] =>
  world.steps.filter(({ key }) => key.startsWith(`${id}/`)).map(({ mode, path }) => `${mode} ${path}`);

async function stir(operation: Operation): Promise<void> {
  await world.temporal.client.workflow.getHandle(operation.id).signal(STIR);
}

async function until(operation: Operation, holds: (view: OperationView) => boolean): Promise<void> {
  while (!holds(await operation.view())) await new Promise((resolve) => setTimeout(resolve, 30));
}

const said = (text: string): boolean =>
  world.notices.some(
    ({ notice }) => 'message' in notice && typeof notice.message === 'string' && notice.message.includes(text),
  );

beforeEach(() => {
  world.freezes = () => ({});
  world.recheck = () => ({ kind: 'go', previousVersion: 'v2.3.0' });
  world.step = async () => ok;
});

/** An operation whose first step is under way when a freeze is found, because its instant has come. */
async function frozenInFirstStep(freeze: RunningFreezes, steps = [aStep('first'), aStep('second')]) {
  const first = gate();
  world.step = async ({ path, mode }) => {
    if (path === 'first' && mode === 'do') await first.passed;
    return ok;
  };
  world.recheck = () => ({ kind: 'go', previousVersion: 'v2.3.0', nextFreezeAtMs: Date.now() + 200 });
  world.freezes = () => freeze;
  const where = own();
  const operation = await start(steps, where);
  await until(operation, ({ hold }) => hold !== undefined);
  return { operation, first, where };
}

test('finish_step: the step in progress ends, then it waits, and goes on by itself when the freeze is over', async () => {
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const { operation, first } = await frozenInFirstStep(begun('finish_step', end));
  expect((await operation.view()).state).toBe('running');
  first.open();
  const held = await operation.until('held');
  expect(held.hold).toEqual({ name: 'year end', until: end });
  expect(held.steps.map(({ state }) => state)).toEqual(['done', 'waiting']);
  expect(done(operation.id)).toEqual(['do first']);
  expect(said('has begun (finish_step)')).toBe(true);

  world.freezes = () => ({});
  await stir(operation);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(done(operation.id)).toEqual(['do first', 'do second']);
  expect(said('The freeze "year end" is over')).toBe(true);
  const acts = world.records.filter(({ operationId, event }) => operationId === operation.id && event === 'act');
  expect(acts.map(({ body }) => [body.act, body.by, body.reason])).toEqual([
    ['finish_step', 'freeze', 'year end'],
    ['resume', 'freeze', 'year end'],
  ]);
});

test('it asks again at the instant at which the freeze is said to end', async () => {
  let asked = 0;
  const { operation, first } = await frozenInFirstStep(begun('finish_step'));
  first.open();
  await operation.until('held');
  world.freezes = () => {
    asked += 1;
    return asked === 1 ? { ...begun('finish_step'), nextAtMs: Date.now() + 200 } : {};
  };
  await stir(operation);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(asked).toBe(2);
});

test('finish_stage: the stage ends with its criteria, and the next one does not begin', async () => {
  const steps = [
    aStep('first', { stage: 'canary' }),
    aStep('criteria', { stage: 'canary', hasUndo: false }),
    aStep('second', { stage: 'everything' }),
  ];
  const { operation, first } = await frozenInFirstStep(begun('finish_stage'), steps);
  first.open();
  await operation.until('held');
  expect(done(operation.id)).toEqual(['do first', 'do criteria']);
  world.freezes = () => ({});
  await stir(operation);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('finish_stage: work without stages is one stage and goes on to its end', async () => {
  const { operation, first } = await frozenInFirstStep(begun('finish_stage'));
  first.open();
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test.each(['finish_step', 'finish_stage'] as const)('%s: what is only watched is watched on', async (does) => {
  const steps = [aStep('first'), aStep('watch', { phase: 'watch', hasUndo: false })];
  const { operation, first } = await frozenInFirstStep(begun(does), steps);
  first.open();
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

const looks = aStep('looks', { hasUndo: false, pollForMs: 60_000, timeoutMs: 10_000 });

/** An operation in a step that looks again and again, until the test says that it sees something. */
async function looking(phase: 'work' | 'watch' = 'work') {
  let sees = false;
  let looked = 0;
  world.step = async ({ path }) => {
    if (path !== 'looks') return ok;
    looked += 1;
    if (sees) return ok;
    throw ApplicationFailure.create({ message: 'not yet', nextRetryDelay: '30 seconds' });
  };
  const operation = await start([aStep('first'), { ...looks, phase }, ...(phase === 'work' ? [aStep('last')] : [])]);
  while (looked === 0) await new Promise((resolve) => setTimeout(resolve, 30));
  return { operation, see: () => (sees = true) };
}

test.each(['work', 'watch'] as const)('hold: looking (%s) stops at once and begins anew afterwards', async (phase) => {
  const { operation, see } = await looking(phase);
  world.freezes = () => begun('hold');
  await stir(operation);
  const held = await operation.until('held');
  expect(held.steps[1]).toMatchObject({ state: 'waiting', summary: 'begins anew when it goes on' });
  see();
  world.freezes = () => ({});
  await stir(operation);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('hold: a step that changes something is not torn', async () => {
  const { operation, first } = await frozenInFirstStep(begun('hold'));
  expect((await operation.view()).steps[0]!.state).toBe('running');
  first.open();
  await operation.until('held');
  expect(done(operation.id)).toEqual(['do first']);
  await operation.act({ kind: 'abort' });
  await operation.result();
});

test('roll_back: what was done is undone, with a rollback notice that names the freeze', async () => {
  const { operation, see } = await looking();
  world.freezes = () => begun('roll_back');
  await stir(operation);
  const outcome = await operation.result();
  expect(outcome).toMatchObject({ kind: 'rolled_back', restored: 'v2.3.0' });
  expect(outcome.sentence).toContain('was stopped, because policy says so: The freeze "year end" began.');
  expect(outcome.sentence).not.toContain('operator');
  expect(done(operation.id).filter((step) => step.startsWith('undo'))).toEqual(['undo first']);
  const notice = world.notices.find(
    ({ notice }) => notice.kind === 'rollback_notice' && notice.operationId === operation.id,
  );
  expect(notice?.notice).toMatchObject({ reason: 'The freeze "year end" began.' });
  see();
});

test('roll_back: what is done and only watched stays', async () => {
  const { operation, see } = await looking('watch');
  world.freezes = () => begun('roll_back');
  await stir(operation);
  await until(operation, ({ hold }) => hold !== undefined);
  see();
  await operation.act({ kind: 'finish_watch' }, 'U0LEE');
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('held, it can be aborted, and what was done is undone', async () => {
  const { operation, first } = await frozenInFirstStep(begun('finish_step'));
  first.open();
  await operation.until('held');
  await expect(operation.act({ kind: 'abort', reason: 'no time' })).resolves.toMatchObject({ kind: 'done' });
  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back' });
  expect(done(operation.id)).toEqual(['do first', 'undo first']);
});

test('held, it keeps its lane, and a rollback takes over', async () => {
  const { operation, first, where } = await frozenInFirstStep(begun('finish_step'));
  first.open();
  await operation.until('held');
  world.recheck = () => ({ kind: 'go', previousVersion: 'v2.3.0' });
  world.judge = () => aJudgement({ ballots: [], lane: where });
  const deploy = await world.start(aRequest(where));
  expect((await deploy.until('queued')).state).toBe('queued');
  const rollback = await world.start(aRequest({ ...where, kind: 'rollback' }));
  await expect(rollback.result()).resolves.toMatchObject({ kind: 'succeeded' });
  await expect(operation.result()).resolves.toMatchObject({ kind: 'superseded' });
  await deploy.result();
});

test('held, it survives a restart of the worker', async () => {
  const { operation, first } = await frozenInFirstStep(begun('finish_step'));
  first.open();
  await operation.until('held');
  await world.restartWorker();
  expect((await operation.view()).state).toBe('held');
  world.freezes = () => ({});
  await stir(operation);
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});
