import { Context } from '@temporalio/activity';
import { randomUUID } from 'node:crypto';
import { eventually } from '../helpers/temporal';
import { type Operation } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;
const under = new Set<string>();
const released = new Set<string>();

beforeAll(async () => {
  at = await openTriggerWorld({
    'policy.yaml': 'version: 1\ntimezone: UTC\nchannels: { default: "#deploys" }\nenvironments: { staging: {} }\n',
    'runbooks/patch.yaml': `name: patch
inputs: { region: { type: string } }
lane: "patches-\${{ inputs.region }}"
steps: [{ id: work, uses: expect, with: { that: "true" } }]
`,
  });
  at.world.step = async (input) => {
    const [operation] = input.key.split('/') as [string];
    under.add(operation);
    // An attempt that says nothing is taken for dead, and another one begins.
    for (; !released.has(operation); Context.current().heartbeat()) await new Promise((next) => setTimeout(next, 50));
    return at.runStep(input);
  };
});
afterAll(async () => at?.close());

async function patch(region: string): Promise<Operation> {
  const id = `runbook-patch-${randomUUID().slice(0, 10)}`;
  const { service: _service, version: _version, environment: _environment, ...rest } = aRequest({ id });
  return at.world.start({ ...rest, kind: 'runbook', runbook: 'patch', inputs: { region } }, {});
}
const begun = ({ id }: Operation): Promise<void> =>
  eventually(() => {
    if (!under.has(id)) throw new Error(`${id} has not begun; under way: ${[...under].join(', ')}`);
  });

test('runs with the same lane queue one after the other, and another lane is free', async () => {
  const first = await patch('eu');
  await begun(first);
  const second = await patch('eu');
  const waiting = await second.until('queued');
  await eventually(async () => {
    const { lane } = await second.view();
    if (lane?.position !== 1) throw new Error(`its place is ${JSON.stringify(lane)}`);
  });
  expect(waiting.state).toBe('queued');
  const elsewhere = await patch('us');
  await begun(elsewhere);
  expect(under.has(second.id)).toBe(false);
  released.add(elsewhere.id);
  released.add(first.id);
  expect(await first.result()).toMatchObject({ kind: 'succeeded' });
  await begun(second);
  released.add(second.id);
  expect(await second.result()).toMatchObject({ kind: 'succeeded' });
  expect(await elsewhere.result()).toMatchObject({ kind: 'succeeded' });
});
