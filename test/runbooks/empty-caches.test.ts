import { join } from 'node:path';
import type { AllowedProgram } from '../../activities/steps/allowed-programs';
import { exampleRun } from '../helpers/example-run';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { eventually } from '../helpers/temporal';

import { openTools } from '../steps/tools';

jest.setTimeout(120_000);

/** The program that the demo's runner allows, on a runner of this test. */
const program: AllowedProgram = {
  path: process.execPath,
  args: [join(__dirname, '../../examples/programs/empty-cache.mjs')],
  network: 'host',
  repeat: 'safe',
};
let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks({ tools: await openTools({ 'empty-cache': program }) });
});
afterAll(() => runbooks?.close());

const empty = (...caches: readonly string[]) => exampleRun({ runbook: 'empty-caches', inputs: { caches } });

test('caches are emptied one after another', async () => {
  const ran = await runbooks.run(empty('prices', 'sessions'));
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(ran.summaries.each).toBe('2 are empty');
});

test('a name that the program does not know asks somebody, who passes it over', async () => {
  const running = await runbooks.start(empty('prices', 'prises'));
  await eventually(async () => expect(await running.phase()).toBe('asks'), 60_000);
  const told = JSON.stringify(await running.reports());
  expect(told).toContain('there is no cache prises; there are sessions, prices, search');
  await running.act({ kind: 'skip_step', by: 'U0ANA' });
  expect((await running.end()).result).toEqual({ kind: 'done', watch: 'ended' });
});
