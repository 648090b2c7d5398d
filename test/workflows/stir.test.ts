import { aJudgement, aRequest, openWorld, type World } from '../helpers/operation-world';

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
