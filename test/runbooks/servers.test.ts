import { randomUUID } from 'node:crypto';
import type { OperationRequest } from '../../src/operation/request';
import { startTestFleet, type TestFleet } from '../fleet/start';
import { examplePolicy } from '../helpers/company';
import { type Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

/** The example company's declared servers and their handlers, against the fleet that runs beside it. */
let at: TriggerWorld;
let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet();
  // Nobody looks at metrics here.
  const { 'runbooks/scale-out.yaml': _watched, ...files } = examplePolicy(fleet.port);
  at = await openTriggerWorld(files);
  at.world.step = at.runStep;
});
afterAll(async () => {
  await at?.close();
  await fleet?.stop();
});

async function bringAbout(
  infrastructure: OperationRequest['infrastructure'] = {},
  more: Partial<OperationRequest> = {},
): Promise<Operation> {
  const id = `infrastructure-servers-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, environment: _environment, ...rest } = aRequest({ id });
  return at.world.start({ ...rest, kind: 'infrastructure', infrastructure, ...more }, {});
}
async function vote(operation: Operation, ...people: readonly string[]): Promise<void> {
  for (const by of people) {
    const [ballot] = (await operation.view()).ballots;
    await operation.vote(by, 'approve', { ballotId: ballot!.id, ballotDigest: ballot!.digest });
  }
}
const batches = async (): Promise<readonly string[]> => {
  const answer = await fetch(`${fleet.url}/batches`);
  const all = (await answer.json()) as readonly { readonly group: string }[];
  return all.map(({ group }) => group).sort();
};

test('the declared servers are built once a team lead agrees, and are there in the fleet and in the ledger', async () => {
  const operation = await bringAbout();
  // The first reading of a whole policy takes its time on a busy machine.
  await at.until('the ballot', async () => ((await operation.view()).state === 'waiting' ? true : undefined));
  await vote(operation, 'U0LEE');
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(await batches()).toEqual(['build-1', 'build-2', 'cache-1']);
  expect((await at.ledger.resources()).map(({ name, outputs }) => [name, outputs.node])).toEqual([
    ['build-1', 'build-1-node-1'],
    ['build-2', 'build-2-node-1'],
    ['cache-1', 'cache-1-node-1'],
  ]);
});

test('staging has servers of its own, declared on its branch, and nobody is asked for them', async () => {
  await at.remote.git(['branch', 'staging', 'main']);
  const operation = await bringAbout({ group: 'build' }, { environment: 'staging' });
  expect(await operation.result()).toMatchObject({ kind: 'succeeded' });
  expect(await batches()).toEqual(['build-1', 'build-2', 'cache-1', 'staging-build-1', 'staging-build-2']);
});

test('a type that the provider does not have is refused before anybody is asked', async () => {
  await at.remote.commit({
    'infrastructure/servers.yaml': 'servers: { build: { count: 3, type: cx99, region: fsn1 } }\n',
  });
  const cache = (await at.ledger.resources()).find(({ name }) => name === 'cache-1')!;
  expect(
    await (await bringAbout({ confirmed: 'cache', loses: { 'cache-1': cache.operation } })).result(),
  ).toMatchObject({
    kind: 'denied',
    sentence: expect.stringMatching(/cannot run create-server: .*type/),
  });
});
