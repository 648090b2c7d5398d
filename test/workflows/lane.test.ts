import { CancelledFailure, Context } from '@temporalio/activity';
import type { RunStepInput } from '../../src/operation/runner-ports';
import type { StepResult } from '../../src/operation/plan';
import type { OperationRequest } from '../../src/operation/request';
import { openWorld, stepFailed, type Operation, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';

let world: World;
let place = 0;
let lane = { service: '', environment: 'production' };
/** Operations whose first step goes on until they are let go. */
const held = new Map<string, () => void>();

beforeAll(async () => {
  world = await openWorld();
  world.judge = () => aJudgement({ ballots: [], lane });
  world.step = (input) => (input.mode === 'do' && held.has(operationOf(input)) ? untilLetGo(input) : done('ok'));
});

beforeEach(() => {
  place += 1;
  lane = { service: `lane-${place}`, environment: 'production' };
});

afterAll(() => world?.close());

const operationOf = ({ key }: RunStepInput): string => key.slice(0, key.indexOf('/'));
const done = async (summary: string): Promise<StepResult> => ({ status: 'done', outputs: {}, summary });

async function untilLetGo(input: RunStepInput): Promise<StepResult> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  try {
    await Promise.race([
      new Promise<void>((resolve) => held.set(operationOf(input), resolve)),
      context.cancelled.catch(() => {
        throw new CancelledFailure('stopped');
      }),
    ]);
  } finally {
    clearInterval(beat);
  }
  return done('let go');
}

function hold(overrides: Partial<OperationRequest> = {}): OperationRequest {
  const request = aRequest(overrides);
  held.set(request.id, () => undefined);
  return request;
}

test('operations of one service go one after the other, and the card says who holds the lane', async () => {
  const first = await world.start(hold());
  await first.until('running');
  const second = await world.start(aRequest());
  await second.until('queued');
  await until(async () => (await second.view()).lane?.position === 1);

  expect((await second.view()).lane?.heldBy).toContain('checkout');
  held.get(first.id)?.();

  await expect(first.result()).resolves.toMatchObject({ kind: 'succeeded' });
  await expect(second.result()).resolves.toMatchObject({ kind: 'succeeded' });
  const fences = world.steps
    .filter(({ key }) => key.startsWith(first.id) || key.startsWith(second.id))
    .map(({ fence }) => fence!);
  expect(fences[1]!.number).toBeGreaterThan(fences[0]!.number);
});

test('a rollback takes the lane over from a running deploy, with a new fence, and goes before who waits', async () => {
  const deploy = await world.start(hold());
  await deploy.until('running');
  const waiting = await world.start(aRequest());
  await waiting.until('queued');
  const rollback = await world.start(
    aRequest({
      kind: 'rollback',
      id: `rollback-${place}-${process.pid}`,
      version: 'v2.3.0',
      requester: { kind: 'person', id: 'U0SUE', via: 'slack' },
    }),
  );

  await expect(rollback.result()).resolves.toMatchObject({ kind: 'succeeded' });
  const { title } = await rollback.view();
  await expect(deploy.result()).resolves.toMatchObject({
    kind: 'superseded',
    sentence: expect.stringContaining(`because "${title}" (${process.pid}) took over its lane`),
    by: 'U0SUE',
  });
  await expect(waiting.result()).resolves.toMatchObject({ kind: 'succeeded' });

  const order = world.steps.map(operationOf).filter((id) => [rollback.id, waiting.id].includes(id));
  expect(order[0]).toBe(rollback.id);
  expect(world.steps.some((step) => operationOf(step) === deploy.id && step.mode === 'undo')).toBe(false);
});

test('break-glass goes before a hotfix, and a hotfix before the rest, whoever came first', async () => {
  const first = await world.start(hold());
  await first.until('running');
  const queued: Operation[] = [];
  for (const labels of [[], ['hotfix'], ['break_glass']]) {
    const waiting = await world.start(aRequest({ labels }));
    await until(async () => (await waiting.view()).lane !== undefined);
    queued.push(waiting);
  }
  held.get(first.id)?.();

  for (const waiting of queued) await expect(waiting.result()).resolves.toMatchObject({ kind: 'succeeded' });

  const order = world.steps.map(operationOf).filter((id) => queued.some((waiting) => waiting.id === id));
  expect(order).toEqual(queued.map(({ id }) => id).reverse());
});

test('a newer deploy ends the watch of the one before, which then does not count as succeeded', async () => {
  const plan = aPlan([aStep('share'), aStep('watch', { phase: 'watch', hasUndo: false })]);
  const judge = world.judge;
  const first = hold();
  world.judge = (request) => (request.id === first.id ? aJudgement({ ballots: [], lane, plan }) : judge(request));
  const step = world.step;
  world.step = (input) => (operationOf(input) === first.id && input.path === 'share' ? done('ok') : step(input));
  const watched = await world.start(first);
  await watched.until('watching');
  const newer = await world.start(aRequest({ version: 'v2.6.0' }));

  await expect(watched.result()).resolves.toMatchObject({ kind: 'superseded' });
  await expect(newer.result()).resolves.toMatchObject({ kind: 'succeeded' });
  const states = world.records
    .filter(({ event, operationId }) => event === 'outcome' && operationId === first.id)
    .map(({ state }) => state?.kind);
  expect(states).toEqual(['applied']);
  world.judge = judge;
  world.step = step;
});

test('a terminated holder loses its place', async () => {
  const dead = await world.start(hold());
  await dead.until('running');
  const next = await world.start(aRequest());
  await next.until('queued');

  await world.temporal.client.workflow.getHandle(dead.id).terminate('gone');

  await expect(next.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('a waiting operation can be cancelled and leaves the queue', async () => {
  const first = await world.start(hold());
  await first.until('running');
  const second = await world.start(aRequest());
  await second.until('queued');

  await second.act({ kind: 'cancel' });

  await expect(second.result()).resolves.toMatchObject({ kind: 'cancelled' });
  held.get(first.id)?.();
  await expect(first.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 30));
}

test('a rollback that comes before the first step: the deploy is not begun at all', async () => {
  const request = aRequest();
  const { recheck } = world;
  let letGo: () => void = () => undefined;
  const atRecheck = new Promise<void>((resolve) => (letGo = resolve));
  world.recheck = async (asked) => {
    if (asked.id === request.id) await atRecheck;
    return recheck(asked);
  };
  const deploy = await world.start(request);
  await deploy.until('checking');
  const rollback = await world.start(aRequest({ kind: 'rollback', id: `rollback-early-${process.pid}` }));
  await rollback.until('queued');
  await new Promise((resolve) => setTimeout(resolve, 500));
  letGo();

  const { title } = await rollback.view();
  await expect(deploy.result()).resolves.toMatchObject({
    kind: 'superseded',
    sentence: expect.stringContaining(`not begun, because "${title}" (${process.pid}) took over its lane`),
    by: 'U0ANA',
  });
  await expect(rollback.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(world.steps.some((step) => operationOf(step) === request.id)).toBe(false);
  world.recheck = recheck;
});

test('a rollback that needs hands does not lock out the next rollback', async () => {
  const stuck = aRequest({ kind: 'rollback', id: `rollback-stuck-${process.pid}` });
  const { step } = world;
  world.step = (input) => {
    if (operationOf(input) === stuck.id) throw stepFailed('The fleet is away.');
    return step(input);
  };
  const first = await world.start(stuck);
  await first.until('needs_hands');
  const second = await world.start(aRequest({ kind: 'rollback', id: `rollback-next-${process.pid}` }));

  await expect(second.result()).resolves.toMatchObject({ kind: 'succeeded' });
  await expect(first.result()).resolves.toMatchObject({ kind: 'superseded' });
  world.step = step;
});
