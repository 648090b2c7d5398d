import { openWorld, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aRequest } from '../helpers/samples';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const closed = { kind: 'prerequisite', holds: false, message: 'Somebody has locked this.' } as const;

async function untilListed(id: string): Promise<void> {
  const query = `WorkflowId = '${id}' AND SignalboxEnvironment = 'production'`;
  while ((await world.temporal.client.workflow.count(query)).count === 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

test('an operation that waits asks its gates at once when it is told that they may have changed', async () => {
  let asked = 0;
  let open = false;
  world.gates = () => {
    asked += 1;
    return open
      ? { gates: [{ ...closed, holds: true }] }
      : { gates: [closed], nextGateCheckAtMs: Date.now() + 900_000 };
  };
  world.judge = () => aJudgement({ ballots: [], gates: [closed], nextGateCheckAtMs: Date.now() + 900_000 });
  const operation = await world.start(aRequest());
  await operation.until('waiting');
  await untilListed(operation.id);
  expect(asked).toBe(0);
  open = true;
  await world.stir({ service: 'checkout', environment: 'staging' });
  await world.stir({ service: 'checkout', environment: 'production' });
  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(asked).toBe(1);
});

describe('a newer policy, found while an operation waits', () => {
  const held = { ballots: [aBallot()], gates: [closed], nextGateCheckAtMs: Date.now() + 900_000 };

  test('opens the ballots anew when it asks for more, and the thread says what changed', async () => {
    const more = aBallot({ id: 'b2', digest: 'd2' });
    world.judge = () => aJudgement(held);
    const because = 'Who has to approve this has changed.';
    world.gates = () => ({
      gates: [],
      moved: { kind: 'changed', because, judgement: aJudgement({ ballots: [more] }) },
    });
    const operation = await world.start(aRequest());
    await operation.until('waiting');
    await operation.vote('U0SAM');
    await untilListed(operation.id);
    await world.stir({});
    while (!world.notices.some(({ notice }) => notice.kind === 'changed' && notice.message === because))
      await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(operation.vote('U0LEE')).rejects.toThrow('Workflow Update failed');
    await operation.vote('U0SAM', 'approve', { ballotId: 'b2', ballotDigest: 'd2' });
    await operation.vote('U0LEE', 'approve', { ballotId: 'b2', ballotDigest: 'd2' });
    await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  });

  test('ends it when it denies, with the reason', async () => {
    world.judge = () => aJudgement(held);
    world.gates = () => ({ gates: [], moved: { kind: 'denied', reasons: ['A freeze refuses it.'] } });
    const operation = await world.start(aRequest());
    await operation.until('waiting');
    await untilListed(operation.id);
    await world.stir({ environment: 'production' });
    await expect(operation.result()).resolves.toMatchObject({
      kind: 'denied',
      sentence: 'Policy does not allow this: A freeze refuses it.',
    });
  });
});
