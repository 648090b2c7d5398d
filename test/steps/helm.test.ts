import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/json';
import { hostileValues } from '../helpers/hostile-values';
import { attemptOf, environmentOf, failureOf, key } from './attempt';
import { helmWorld, refusal, settings, token, web } from './helm-world';

const { api, tools, upgrade, back, other, undone, to, image, releases, underWay } = helmWorld();

test('a chart is installed with values in its places, and upgraded to the next revision', async () => {
  const made = await attemptOf('', upgrade());
  expect(made.summary).toBe('installed as revision 1');
  expect(made.outputs).toEqual({
    revision: 1,
    status: 'deployed',
    notes: 'It runs registry.example/web:v1.',
    objects: ['ConfigMap/settings', 'Deployment/web'],
  });
  expect(image()).toBe('registry.example/web:v1');
  const next = await attemptOf('', upgrade({ values: { image: 'registry.example/web:v2', replicas: 5 } }, {}, other()));
  expect(next.summary).toBe('upgraded as revision 2');
  expect(api.object(web)).toMatchObject({ spec: { replicas: 5 } });
  expect(image()).toBe('registry.example/web:v2');
  expect(releases()).toEqual(['v1 superseded', 'v2 deployed']);
  expect(readdirSync(tools().workPlace)).toEqual([]);
});

test('values of the revision before are not kept', async () => {
  await attemptOf('', upgrade({ values: { replicas: 7 } }));
  await attemptOf('', upgrade({}, {}, other()));
  expect(api.object(web)).toMatchObject({ spec: { replicas: 2 } });
});

test('what is done is not done twice', async () => {
  await attemptOf('', upgrade(to('v2')));
  const again = await attemptOf('', upgrade(to('v2'), {}, { attempt: 2 }));
  expect(again).toMatchObject({ summary: 'revision 1 was already made', outputs: { revision: 1, status: 'deployed' } });
  expect(releases()).toEqual(['v1 deployed']);
});

test('labels that a later revision inherits do not make it that of the step', async () => {
  await attemptOf('', upgrade(to('v2')));
  const path = '/api/v1/namespaces/shop/secrets/sh.helm.release.v1.web.v1';
  const { labels } = api.object(path)!.metadata as { labels: JsonObject };
  await attemptOf('', upgrade(to('v3'), {}, other()));
  const newest = api.object(path.replace(/v1$/, 'v2'))!;
  // As a helm that is told of no labels would have written it.
  api.put(path.replace(/v1$/, 'v2'), {
    ...newest,
    metadata: {
      ...newest.metadata,
      labels: {
        ...(newest.metadata.labels as JsonObject),
        'signalbox.key': labels['signalbox.key']!,
        'signalbox.after': '0',
      },
    },
  });
  expect((await attemptOf('', upgrade(to('v4')))).summary).toBe('upgraded as revision 3');
});

test('a check fills in the chart and changes nothing', async () => {
  const made = await attemptOf('', upgrade({ check: true }));
  expect(made.summary).toBe('2 objects would be in web');
  expect(made.outputs).toMatchObject({ objects: ['ConfigMap/settings', 'Deployment/web'] });
  expect(api.objects.size).toBe(0);
  expect((await failureOf('', upgrade({ check: true, values: { replicas: 0 } }))).message).toMatch(
    /web could not be checked: values don't meet the specifications/,
  );
});

test('a dry run says what would be in a release, and what a rollback would go back to', async () => {
  const dry = { input: { key, mode: 'check' } } as const;
  expect((await attemptOf('', upgrade({}, {}, dry))).summary).toBe('2 objects would be in web');
  expect((await failureOf('', back({}, dry))).message).toBe(
    'web has no revision before the present one that worked, so it cannot go back.',
  );
  for (const image of ['v1', 'v2']) await attemptOf('', upgrade(to(image), {}, other(image)));
  const before = releases();
  expect((await attemptOf('', back({}, dry))).summary).toBe('would go from revision 2 back to 1');
  expect((await attemptOf('', back({ revision: 0 }, dry))).summary).toBe('would take web away, which is at revision 2');
  expect((await failureOf('', back({ revision: 7 }, dry))).message).toMatch(/web has no revision 7/);
  expect(releases()).toEqual(before);
});

test('values stay texts in their places, whatever they look like', async () => {
  const inputs = Object.fromEntries(hostileValues.map((value, index) => [`v${index}`, value]));
  const notes = Object.fromEntries(Object.keys(inputs).map((name) => [name, `\${{ inputs.${name} }}`]));
  await attemptOf('', upgrade({ values: { notes } }, {}, { inputs }));
  expect(api.object(settings)).toMatchObject({ data: inputs });
  expect([...api.objects.keys()].filter((path) => path.includes('/configmaps/'))).toEqual([settings]);
});

test.each(hostileValues.filter((value) => !/^[a-z0-9]+$/.test(value)))(
  'the release %j reaches no cluster',
  async (value) => {
    const step = upgrade({ release: '${{ inputs.value }}' }, {}, { inputs: { value } });
    expect((await failureOf('', step)).message).toMatch(/has to be the name of a release/);
    expect(api.requests).toEqual([]);
  },
);

test.each<[string, JsonObject, RegExp]>([
  ['a folder without a chart', { chart: 'charts/none' }, /Chart\.yaml file is missing/],
  ['a template that fails', { chart: 'charts/broken' }, /could not be upgraded: .*nil pointer/],
  ['a dependency that would have to be fetched', { chart: 'charts/fetching' }, /missing in charts\/ directory: redis/],
  ['values that the chart refuses', { values: { replicas: 0 } }, /values don't meet the specifications/],
  ['a context that is not there', { context: 'prod' }, /context "prod" does not exist/],
])('%s ends in a sentence', async (_, given, sentence) => {
  const failure = await failureOf('', upgrade(given));
  expect(failure.message).toMatch(sentence);
  expect(failure.nonRetryable).toBe(true);
  expect(api.objects.size).toBe(0);
});

test.each<[string, number, string, string, boolean]>([
  ['forbids it', 403, 'Forbidden', 'deployments.apps is forbidden: User "me" cannot create', true],
  ['finds it invalid', 422, 'Invalid', 'Deployment "web" is invalid: spec.replicas: must be positive', true],
  ['is in trouble', 500, 'InternalError', 'etcd is away', false],
])('a cluster that %s says so, and the next attempt goes on from there', async (_, code, reason, message, isFinal) => {
  api.instead = ({ method, path }) =>
    method === 'POST' && path.endsWith('/deployments') ? refusal(code, reason, message) : undefined;
  const failure = await failureOf('', upgrade());
  expect(failure.message).toContain(message);
  expect(failure.nonRetryable).toBe(isFinal);
  expect(releases()).toEqual(['v1 failed']);
  api.instead = () => undefined;
  expect((await attemptOf('', upgrade({}, {}, { attempt: 2 }))).summary).toBe('installed as revision 2');
});

test('what lets somebody in stands in no output, line or log', async () => {
  api.instead = ({ method, path }) =>
    method === 'POST' && path.endsWith('/deployments') ? refusal(500, 'InternalError', `who is ${token}?`) : undefined;
  expect((await failureOf('', upgrade())).message).toMatch(/could not be upgraded.*who is \*\*\*\?/);
  const logs = join(tools().folder, 'logs/deploy-checkout-x');
  for (const name of readdirSync(logs)) expect(readFileSync(join(logs, name), 'utf8')).not.toContain(token);
});

test('a release that does not get ready ends as a time-out that says so', async () => {
  api.isSettling = false;
  const failure = await failureOf('', upgrade({}, { timeout: '4s' }));
  expect(failure.message).toMatch(/web could not be upgraded: what it has was not ready in time/);
  expect(failure.nonRetryable).toBe(false);
  expect(releases()).toEqual(['v1 failed']);
  expect((await attemptOf('', upgrade({ wait: false }, {}, { attempt: 2 }))).status).toBe('done');
});

test('a cluster that does not answer ends as a time-out', async () => {
  api.instead = () => 'hang';
  const failure = await failureOf('', upgrade({}, { timeout: '2s' }));
  expect(failure.message).toMatch(/helm was not done after \S+ and was ended/);
});

test('a cancelled upgrade is over at once, says so in the cluster, and can be put back', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  api.isSettling = false;
  const environment = environmentOf({});
  const running = attemptOf('', upgrade(to('v2'), {}, { environment })).catch((error: unknown) => error);
  await underWay();
  environment.cancel();
  expect(await running).toMatchObject({ name: 'CancelledFailure' });
  expect(readdirSync(tools().workPlace)).toEqual([]);
  expect(releases()).toEqual(['v1 deployed', 'v2 failed']);
  api.settle();
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
});
