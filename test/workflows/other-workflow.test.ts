import { openRunWorld, type RunWorld } from '../helpers/run-world';

let world: RunWorld;

beforeAll(async () => {
  world = await openRunWorld({ origin: 'http://127.0.0.1:9' });
  await world.temporal.worker({ taskQueue: 'other-team', workflowsPath: require.resolve('../helpers/other-team') });
}, 60_000);
afterAll(() => world?.close());

const resultOf = async (given: object) => {
  const run = await world.start({
    runbook: {
      steps: [
        { id: 'other', uses: 'temporal/workflow', with: given, outputs: { words: 'result.words' } },
        { uses: 'fail', if: 'steps.other.outputs.words != 3', with: { message: 'not three' } },
      ],
    },
  });
  return run.result;
};

test.each([
  ['a workflow of ours', { type: 'operation', task_queue: 'other-team' }],
  ['a queue of ours', { type: 'countWords', task_queue: 'signalbox-runner-default' }],
  ['what our workflows say to each other', { signal: 'runAct', id: 'deploy-shop-production-abc', args: [{}] }],
  ['the end of a lease', { signal: 'resourceGone', id: 'lease/provision-sandbox-demo', args: [] }],
  ['a watch of a metric', { signal: 'watch', id: 'watch/scale-out', args: [null] }],
])('%s is out of reach', async (_, given) => {
  expect(await resultOf(given)).toMatchObject({ reason: expect.stringContaining('reached by requests only') });
});

test('a workflow of another team is started, and its result is what later steps see', async () => {
  expect(await resultOf({ type: 'countWords', task_queue: 'other-team', args: ['a b c'] })).toMatchObject({
    kind: 'done',
  });
  expect(await resultOf({ type: 'countWords', task_queue: 'other-team', args: ['a b'] })).toMatchObject({
    reason: 'not three',
  });
});
