import { ApplicationFailure } from '@temporalio/common';
import type { StepResult } from '../../src/operation/plan';
import { openWorld, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';
import { eventually } from '../helpers/temporal';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

test('a check looks, tries each step, says what would come, and asks nobody, takes no lane and changes nothing', async () => {
  const { admit } = world;
  world.admit = async (request) => {
    const admission = await admit(request);
    return admission.kind === 'denied'
      ? admission
      : { ...admission, title: 'Check patch', resolve: aPlan([aStep('look')]) };
  };
  world.step = async ({ path, mode }) =>
    mode === 'do'
      ? { status: 'done', outputs: {}, summary: `${path} is done` }
      : { status: 'done', outputs: {}, summary: `${path} would be done`, detail: ['+ one'], would: 'tried' };
  world.judge = () =>
    aJudgement({
      lane: { service: 'checked', environment: 'production' },
      ballots: [aBallot()],
      gates: [
        { kind: 'window', holds: false, message: 'It is night.' },
        { kind: 'freeze', holds: true, message: 'Nothing is frozen.' },
      ],
      plan: { ...aPlan([aStep('one'), aStep('two')]), irreversible: ['two stays'] },
    });
  const operation = await world.start(aRequest({ check: true }));
  const result = await operation.result();

  expect(result).toMatchObject({
    kind: 'succeeded',
    sentence:
      'Check patch: nothing was changed. In earnest it would ask security_team and team_lead, wait for one gate and do 2 steps, of which 1 thing could not be undone. 2 steps were tried.',
  });
  expect(world.steps.map(({ path, mode }) => `${mode} ${path}`)).toEqual(['do look', 'check one', 'check two']);
  const view = await operation.view();
  expect(view).toMatchObject({
    isCheck: true,
    state: 'succeeded',
    ballots: [],
    found: [
      { step: 'look', summary: 'look is done' },
      { step: 'one', summary: 'one would be done', lines: ['+ one'] },
      { step: 'two', summary: 'two would be done', lines: ['+ one'] },
    ],
    gates: [{ message: 'It is night.' }, { message: 'Nothing is frozen.' }],
    steps: [
      { name: 'one', state: 'waiting', summary: 'one would be done' },
      { name: 'two', state: 'waiting', summary: 'two would be done' },
    ],
  });
  const { events } = await world.temporal.client.workflow.getHandle(operation.id).fetchHistory();
  const begun = (events ?? []).flatMap((event) =>
    [
      event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
      event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name ?? [],
    ].flat(),
  );
  for (const never of ['enterLane', 'recheck', 'run']) expect(begun).not.toContain(never);
  const kinds = world.notices.map(({ notice }) => notice.kind);
  expect(kinds).not.toContain('ballot_opened');
  const written = world.records.filter(({ operationId }) => operationId === operation.id);
  expect(written.map(({ event }) => event)).toEqual(['request', 'verdict', 'outcome']);
  expect(written.every(({ state }) => state === undefined)).toBe(true);
});

test('a check of what policy denies is denied', async () => {
  world.judge = () => ({ kind: 'denied', reasons: ['No.'], policyCommit: 'c0ffee' });
  const operation = await world.start(aRequest({ check: true }));
  expect(await operation.result()).toMatchObject({ kind: 'denied' });
});

const group = (path: string, control: 'sequence' | 'parallel' | 'foreach') => aStep(path, { control, hasUndo: false });
const inside = (name: string, path: string) => aStep(path, { inside: name });

test('a check goes into groups, tells later steps only what is known, and goes on after what would fail', async () => {
  const plan = aPlan([
    group('all', 'sequence'),
    inside('all', 'all/read'),
    inside('all', 'all/act'),
    group('each', 'foreach'),
    inside('each', 'each/do'),
    group('not', 'parallel'),
    inside('not', 'not/this'),
    aStep('bad'),
    aStep('put_back', { phase: 'undo' }),
    aStep('last', { phase: 'finally' }),
  ]);
  world.judge = () => aJudgement({ plan });
  world.step = async ({ path }): Promise<StepResult> => {
    switch (path) {
      case 'all':
        return { status: 'done', outputs: {}, summary: 'would run', given: { size: 1 }, would: 'told' };
      case 'all/read':
        return { status: 'done', outputs: { id: 'm1' }, summary: 'now: found' };
      case 'each':
        return { status: 'done', outputs: {}, summary: '', given: { list: 'l', as: 'host', count: 22 }, would: 'told' };
      case 'not':
        return { status: 'skipped', outputs: {}, summary: 'not needed here' };
      case 'bad':
        throw ApplicationFailure.nonRetryable('No such table.', 'StepFailed');
      default:
        return { status: 'done', outputs: { never: 1 }, summary: 'would', would: 'tried' };
    }
  };
  const operation = await world.start(aRequest({ check: true }));

  expect(await operation.result()).toMatchObject({
    kind: 'failed',
    sentence: expect.stringContaining(
      '23 steps were tried. 2 more targets were not tried. As things are now, “bad” would fail: No such table.',
    ),
  });
  const asked = world.steps.filter(({ key }) => key.startsWith(operation.id));
  const targets = (path: string) => asked.filter((each) => each.path === path).map((each) => each.targets);
  expect(targets('each/do')).toHaveLength(20);
  expect(targets('each/do')[1]).toEqual([{ list: 'l', as: 'host', index: 1 }]);
  expect(asked.map(({ path }) => path)).not.toContain('not/this');
  expect(asked.map(({ path }) => path)).not.toContain('put_back');
  expect(asked.at(-1)).toMatchObject({
    path: 'last',
    mode: 'check',
    outputs: { 'all#inputs': { size: 1 }, 'all/read': { id: 'm1' } },
  });
  expect(asked.at(-1)!.outputs).not.toHaveProperty('all/act');
  const { steps } = await operation.view();
  expect(steps.find(({ name }) => name === 'bad')).toMatchObject({ state: 'failed', summary: 'No such table.' });
});

test('a check that hangs is cancelled by whoever asked', async () => {
  world.judge = () => aJudgement({ plan: aPlan([aStep('slow', { pool: 'nobody' })]) });
  const operation = await world.start(aRequest({ check: true }));
  await eventually(async () => expect((await operation.view()).steps).toMatchObject([{ state: 'running' }]));
  await operation.act({ kind: 'cancel' }, 'U0ANA');
  expect(await operation.result()).toMatchObject({ kind: 'cancelled' });
});
