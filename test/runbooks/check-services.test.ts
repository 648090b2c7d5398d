import { placed } from '../../src/operation/placed';
import { readRepository } from '../../src/policy/read-repository';
import { examplePolicy } from '../helpers/company';
import { decide, exampleRun, judgeByExamplePolicy } from '../helpers/example-run';
import { aRequest } from '../helpers/samples';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { Endpoint, json } from '../steps/endpoint';

jest.setTimeout(120_000);

/** The example company's look at many services, over a fleet some of whose services have not settled. */
const fleet = new Endpoint();
let unsettled: readonly string[] = [];
let runbooks: Runbooks;

beforeAll(async () => {
  await fleet.start();
  fleet.reply = (seen, response) => {
    const [, service] = /^\/services\/([a-z-]+)/.exec(seen.url)!;
    json(200, { settled: !unsettled.includes(service!), versions: { v1: 3 } })(seen, response);
  };
  runbooks = await openRunbooks();
  judgeByExamplePolicy(runbooks.world);
});
afterAll(async () => {
  await runbooks?.close();
  await fleet.stop();
});

const check = (tolerate: number) =>
  exampleRun({
    runbook: 'check-services',
    inputs: { services: ['checkout', 'search', 'web'], tolerate },
    connections: { fleet: { origin: fleet.origin } },
  });

test('services are looked at, and somebody is asked to look after those that are not well', async () => {
  unsettled = ['search'];
  const running = await runbooks.start(check(1));
  const card = await decide(runbooks.world, { by: 'U0LEE' });
  expect(card.reason).toBe('Somebody looks after search.');
  const ran = await running.end();
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(new Set(fleet.seen.map(({ url }) => url.split('/')[2]))).toEqual(new Set(['checkout', 'search', 'web']));
});

test('it fails when more are unwell than may be', async () => {
  unsettled = ['search', 'web'];
  const ran = await runbooks.run(check(1));
  expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('2 of 3 targets failed') });
});

test.each([
  ['check-services', { services: ['checkout', 'search'] }],
  ['release', { service: 'shop', version: 'v2' }],
])('%s can be asked for as its file says, though it is about more than one place', (runbook, inputs) => {
  const files = Object.entries(examplePolicy(0)).map(([path, text]) => [path, { text, blob: path }]);
  const read = readRepository({ files: new Map(files as never), commit: 'c'.repeat(40) });
  if (!read.ok) throw new Error('the example policy cannot be read');
  const request = aRequest({ kind: 'runbook', runbook, inputs, service: undefined, environment: undefined });
  expect(placed(request, read.repository).problems).toEqual([]);
});
