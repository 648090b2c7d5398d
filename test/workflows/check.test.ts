import { aBallot, aJudgement, aPlan, aRequest, aStep, openWorld, type World } from '../helpers/operation-world';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

test('a check looks, says what would come, and asks nobody, takes no lane and does no step of the work', async () => {
  const { admit } = world;
  world.admit = async (request) => {
    const admission = await admit(request);
    return admission.kind === 'denied'
      ? admission
      : { ...admission, title: 'Check patch', resolve: aPlan([aStep('look')]) };
  };
  world.step = async ({ path }) => ({ status: 'done', outputs: {}, summary: `${path} is done` });
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
      'Check patch: nothing was changed. In earnest it would ask security_team and team_lead, wait for one gate and do 2 steps, of which 1 thing could not be undone.',
  });
  expect(world.steps.map(({ path }) => path)).toEqual(['look']);
  const view = await operation.view();
  expect(view).toMatchObject({
    isCheck: true,
    state: 'succeeded',
    ballots: [],
    found: [{ step: 'look', summary: 'look is done' }],
    gates: [{ message: 'It is night.' }, { message: 'Nothing is frozen.' }],
    steps: [
      { name: 'one', state: 'waiting' },
      { name: 'two', state: 'waiting' },
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
