import type { JsonObject } from '../../src/json';
import type { Recheck } from '../../src/operation/judgement';
import { openWorld, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';
import { eventually } from '../helpers/temporal';

let world: World;
/** What the step finds, at each look after another. */
let found: (look: number) => JsonObject;
let looks = 0;
/** Whether people have to agree. */
let isAsked = true;

const judged = (resolved: JsonObject) => {
  const about = Buffer.from(JSON.stringify(resolved)).toString('hex').slice(-24);
  const ballots = isAsked ? [aBallot({ id: about, digest: about })] : [];
  const plan = aPlan([aStep('patch')]);
  return aJudgement({ ballots, plan, workDigest: about });
};

beforeAll(async () => {
  world = await openWorld();
  const { admit } = world;
  world.admit = async (request) => {
    const admission = await admit(request);
    const steps = [{ ...aStep('hosts'), recheck: true as const }, aStep('weather')];
    return admission.kind === 'denied' ? admission : { ...admission, title: 'Patch', resolve: aPlan(steps) };
  };
  const standing = new Map<string, string>();
  world.judge = ({ id }, resolved) => {
    const judgement = judged(resolved!);
    standing.set(id, judgement.workDigest);
    return judgement;
  };
  world.recheck = ({ id }, resolved): Recheck => {
    const judgement = judged(resolved!);
    const isSame = standing.get(id) === judgement.workDigest;
    standing.set(id, judgement.workDigest);
    return isSame ? { kind: 'go' } : { kind: 'changed', because: 'Vote anew.', judgement };
  };
  world.step = async ({ path }) => ({
    status: 'done',
    // Whoever is asked once only may say what it likes.
    outputs: path === 'hosts' ? found((looks += 1)) : { told: world.steps.length },
    summary: `${path} is done`,
  });
});
beforeEach(() => {
  looks = 0;
  isAsked = true;
  world.steps.length = 0;
  world.notices.length = 0;
});
afterAll(() => world?.close());

const done = (): readonly string[] => world.steps.map(({ path }) => path);
const changes = (): readonly string[] =>
  world.notices.flatMap(({ notice }) => (notice.kind === 'changed' ? [notice.message] : []));

test('what a step that says so finds is looked at once more, and what is the same goes on with the votes', async () => {
  // The order of keys is nobody's business.
  found = (look) =>
    look === 1 ? { list: ['a', { b: 1, c: 2 }], more: null } : { more: null, list: ['a', { c: 2, b: 1 }] };
  const operation = await world.start(aRequest());
  await operation.until('waiting');
  const [ballot] = (await operation.view()).ballots;
  const shown = { ballotId: ballot!.id, ballotDigest: ballot!.digest };
  await operation.vote('U0SAM', 'approve', shown);
  await operation.vote('U0LEE', 'approve', shown);
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(done()).toEqual(['hosts', 'weather', 'hosts', 'patch']);
  expect(changes()).toEqual([]);
});

test('what is something else just before the first side effect is not done, and people are asked anew', async () => {
  found = (look) => ({ list: look === 1 ? ['a'] : ['a', 'b'] });
  const operation = await world.start(aRequest());
  await operation.until('waiting');
  const [first] = (await operation.view()).ballots;
  for (const who of ['U0SAM', 'U0LEE'])
    await operation.vote(who, 'approve', { ballotId: first!.id, ballotDigest: first!.digest });
  await eventually(async () => expect((await operation.view()).ballots[0]?.id).not.toBe(first!.id));
  expect(done()).toEqual(['hosts', 'weather', 'hosts', 'hosts', 'weather']);
  await eventually(async () =>
    expect(changes()).toEqual([
      '“hosts” finds something else now than before, so nothing has been changed; everything is looked at anew.',
      'Vote anew.',
    ]),
  );
  const [second] = (await operation.view()).ballots;
  for (const who of ['U0SAM', 'U0LEE'])
    await operation.vote(who, 'approve', { ballotId: second!.id, ballotDigest: second!.digest });
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(done().slice(5)).toEqual(['hosts', 'patch']);
});

test('where nobody is asked, what finds something else each time is given up, and nothing is done', async () => {
  isAsked = false;
  found = (look) => ({ look });
  const operation = await world.start(aRequest());
  expect(await operation.result()).toMatchObject({
    kind: 'failed',
    sentence: expect.stringContaining('“hosts” finds something else each time it is looked at, so nothing was changed'),
  });
  expect(done()).not.toContain('patch');
});

test('a look that fails just before the first side effect ends it, and nothing is done', async () => {
  isAsked = false;
  found = (look) => {
    if (look > 1) throw new Error('The inventory does not answer.');
    return { list: [] };
  };
  const operation = await world.start(aRequest());
  expect(await operation.result()).toMatchObject({
    kind: 'failed',
    sentence: expect.stringMatching(/stopped before anything was changed: .*does not answer/),
  });
  expect(done()).not.toContain('patch');
});
