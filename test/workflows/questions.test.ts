import { CancelledFailure, Context } from '@temporalio/activity';
import { openWorld, stepFailed, type Operation, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

/** An operation whose steps `broken` fail, as long as they are in it, written `do a` or `undo a`. */
let place = 0;
async function start(
  steps: Parameters<typeof aPlan>[0],
  { broken = new Set<string>(), slow = new Set<string>() }: { broken?: Set<string>; slow?: Set<string> },
): Promise<Operation> {
  place += 1;
  const lane = { service: `questions-${place}`, environment: 'production' };
  const judgement = aJudgement({ lane, ballots: [], plan: aPlan(steps) });
  const request = aRequest();
  const { judge, step: others } = world;
  world.judge = (about) => (about.id === request.id ? judgement : judge(about));
  world.step = async (input) => {
    if (!input.key.startsWith(request.id)) return others(input);
    if (broken.has(`${input.mode} ${input.path}`)) throw stepFailed(`${input.path} said no.`);
    if (slow.has(input.path) && input.mode === 'do') await untilStopped();
    return { status: 'done', outputs: {}, summary: 'ok' };
  };
  return world.start(request);
}

async function untilStopped(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  await context.cancelled.finally(() => clearInterval(beat));
  throw new CancelledFailure('stopped');
}

/** The question that its buttons are about, once it is the one about this step. */
async function askedAbout(operation: Operation, step: string): Promise<string> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const { question, state } = await operation.view();
    if (question?.step === step) return question.id;
    if (Date.now() > deadline) throw new Error(`it is ${state} and asks about ${question?.step}, not ${step}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const actsOf = (id: string) =>
  world.records.filter(({ operationId, event }) => operationId === id && event === 'act').map(({ body }) => body);

test('an answer about one undo is none about the next, however long its dialog was open', async () => {
  const broken = new Set(['do second', 'undo second', 'undo first']);
  const operation = await start([aStep('first'), aStep('second')], { broken });
  const question = await askedAbout(operation, 'second');

  // Two people have the same dialog open.
  await operation.act({ kind: 'done_by_hand', reason: 'removed it', question }, 'U0LEE');
  const next = await askedAbout(operation, 'first');
  for (const kind of ['done_by_hand', 'leave_it', 'retry_undo'] as const)
    await expect(operation.act({ kind, reason: 'removed it', question }, 'U0KIM')).resolves.toMatchObject({
      kind: 'refused',
      sentence: expect.stringMatching(/decided already.*now it is about “first”/),
    });

  expect(await operation.view()).toMatchObject({ state: 'needs_hands', question: { id: next, step: 'first' } });
  await operation.act({ kind: 'leave_it', reason: 'we rebuild it', question: next }, 'U0KIM');
  await expect(operation.result()).resolves.toMatchObject({ kind: 'failed', by: 'U0KIM' });
  expect(actsOf(operation.id)).toMatchObject([
    { act: 'done_by_hand', by: 'U0LEE', step: 'second' },
    { act: 'leave_it', by: 'U0KIM', step: 'first' },
  ]);
});

test('of two who answer the same question at once one counts', async () => {
  const broken = new Set(['do only', 'undo only']);
  const operation = await start([aStep('only')], { broken });
  const question = await askedAbout(operation, 'only');

  const answers = await Promise.all(
    ['U0LEE', 'U0KIM'].map((by) => operation.act({ kind: 'done_by_hand', reason: 'removed it', question }, by)),
  );

  expect(answers.map(({ kind }) => kind).sort()).toEqual(['done', 'refused']);
  await operation.result();
  expect(actsOf(operation.id)).toHaveLength(1);
});

test('whoever names no question decides about the one that is open', async () => {
  const operation = await start([aStep('only')], { broken: new Set(['do only', 'undo only']) });
  await askedAbout(operation, 'only');

  await expect(operation.act({ kind: 'done_by_hand', reason: 'removed it' })).resolves.toMatchObject({ kind: 'done' });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'rolled_back' });
});

test('a second press about one branch of a parallel does not pass over the other', async () => {
  const branch = (path: string) => aStep(path, { inside: 'both', onFailure: 'ask' });
  const both = aStep('both', { control: 'parallel', given: {}, hasUndo: false });
  const broken = new Set(['do both/x', 'do both/y']);
  const operation = await start([both, branch('both/x'), branch('both/y')], { broken });
  // Whichever fails first is asked about first.
  const { question } = await operation.until('needs_decision');
  const { id: first, step: skipped } = question!;
  const left = skipped === 'both/x' ? 'both/y' : 'both/x';

  await operation.act({ kind: 'skip_step', question: first }, 'U0LEE');
  const second = await askedAbout(operation, left);
  await expect(operation.act({ kind: 'skip_step', question: first }, 'U0KIM')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining(`now it is about “${left}”`),
  });
  broken.clear();
  await operation.act({ kind: 'retry_step', question: second }, 'U0KIM');

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(world.steps.filter(({ key, path }) => key.startsWith(operation.id) && path === left)).toHaveLength(2);
});

test('a second press passes over no other step that runs by then', async () => {
  const slow = new Set(['a', 'b']);
  const operation = await start([aStep('a', { skippable: true }), aStep('b', { skippable: true })], { slow });
  const first = await askedAbout(operation, 'a');

  await expect(operation.act({ kind: 'skip_step', question: first }, 'U0LEE')).resolves.toMatchObject({
    kind: 'done',
    sentence: expect.stringContaining('“a”'),
  });
  const second = await askedAbout(operation, 'b');
  await expect(operation.act({ kind: 'skip_step', question: first }, 'U0KIM')).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('now it is about “b”'),
  });
  expect(await operation.view()).toMatchObject({ state: 'running', question: { id: second } });

  await operation.act({ kind: 'skip_step' }, 'U0KIM');
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
});

test('nothing is passed over where no step that runs may be, and nothing is on record', async () => {
  const operation = await start([aStep('a')], { slow: new Set(['a']) });
  await operation.until('running');

  await expect(operation.act({ kind: 'skip_step' })).resolves.toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining('No step runs now that may be passed over'),
  });

  expect(actsOf(operation.id)).toEqual([]);
  await operation.act({ kind: 'abort' });
  await operation.result();
});
