import { textOfLog } from '../../activities/adapters/log-store';
import { openRunWorld, type RunWorld } from '../helpers/run-world';
import { openTools, script, type TestTools } from '../steps/tools';

jest.setTimeout(180_000);

const greet = `
  const host = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  console.error('greeting ' + host);
  if (host === 'h2') { console.error('nobody there'); process.exit(4); }
  console.log('{}');`;
let tools: TestTools;
let world: RunWorld;
beforeAll(async () => {
  tools = await openTools({ greet: script(greet) });
  world = await openRunWorld({ origin: 'http://127.0.0.1:9', tools });
});
afterAll(() => world?.close());

const greeting = { id: 'greet', uses: 'program', with: { program: 'greet', input: '${{ host }}' } };
const list = (as: string, source: string, steps: readonly object[]) => ({
  id: `each_${as}`,
  uses: 'foreach',
  with: { in: source, as, concurrency: 1, max_failures: 5 },
  steps,
});
const ofHosts = list('host', '${{ inputs.hosts }}', [greeting]);
const ofSites = list('site', '${{ inputs.sites }}', [ofHosts]);

test.each([
  ['a list', [ofHosts], 'each_host/greet[1]'],
  ['a list inside of a list', [ofSites], 'each_site/each_host/greet[0][1]'],
])('of %s the first log of a target that failed is told, not the newest one of any target', async (_, steps, told) => {
  const items = { type: 'list', items: { type: 'string' } };
  const id = `run-${steps[0]!.id}`;
  const run = await world.start({
    id,
    runbook: { inputs: { hosts: items, sites: items }, steps },
    inputs: { hosts: ['h1', 'h2', 'h3'], sites: ['s1', 's2'] },
  });
  expect(await run.result).toMatchObject({ kind: 'done' });
  expect((await run.shown()).log).toEqual({ step: told, how: 'failed' });
  const log = (await tools.logs.list(id)).find(({ step }) => step === told)!;
  expect(await textOfLog(tools.logs, log.key)).toContain('nobody there');
});

test('where no target failed it is the newest', async () => {
  const items = { type: 'list', items: { type: 'string' } };
  const run = await world.start({
    runbook: { inputs: { hosts: items }, steps: [ofHosts] },
    inputs: { hosts: ['h1', 'h3'] },
  });
  expect(await run.result).toMatchObject({ kind: 'done' });
  expect((await run.shown()).log).toEqual({ step: 'each_host/greet[1]', how: 'done' });
});
