import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import { hostileValues } from '../helpers/hostile-values';
import { attemptOf, environmentOf, failureOf, key, type Attempt } from './attempt';
import { KubeApi } from './kube-api';
import { openTools, packFiles, type TestTools } from './tools';

/** The real helm, against a stand-in that speaks the API. */
if (process.env.HELM_BIN) process.env.PATH = `${dirname(process.env.HELM_BIN)}:${process.env.PATH}`;

const token = 'T0KEN-0F-CLUSTER';
const web = '/apis/apps/v1/namespaces/shop/deployments/web';
const settings = '/api/v1/namespaces/shop/configmaps/settings';
const chart = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n',
  'values.yaml': 'image: registry.example/web:v1\nreplicas: 2\nnotes: {}\n',
  'values.schema.json': '{"properties":{"replicas":{"type":"integer","minimum":1}}}',
  'templates/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: {{ .Values.image | quote }} }]
`,
  'templates/settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data:
{{- range $name, $text := .Values.notes }}
  {{ $name }}: {{ $text | quote }}
{{- end }}
`,
  'templates/NOTES.txt': 'It runs {{ .Values.image }}.',
};

let api: KubeApi;
let tools: TestTools;
let trees: NonNullable<Plan['trees']>;
beforeAll(async () => {
  api = await new KubeApi().open();
  tools = await openTools();
  trees = {
    'charts/web': await packFiles(tools.blobs, chart),
    'charts/broken': await packFiles(tools.blobs, { ...chart, 'templates/web.yaml': '{{ .Values.x.y }}' }),
    'charts/fetching': await packFiles(tools.blobs, {
      ...chart,
      'Chart.yaml': `${chart['Chart.yaml']}dependencies: [{ name: redis, version: 1.0.0, repository: "https://charts.example" }]\n`,
    }),
    'charts/none': await packFiles(tools.blobs, { 'README.md': 'x' }),
  };
});
beforeEach(() => {
  api.objects.clear();
  api.requests.length = 0;
  api.instead = () => undefined;
  api.settle();
});
afterAll(() => api.close());

const asked = (uses: string, given: JsonObject, keys: JsonObject = {}, more: Partial<Attempt> = {}): Attempt => ({
  step: {
    id: 'make',
    uses: `helm/${uses}`,
    with: { kubeconfig: { env: 'KUBE' }, context: 'shop', release: 'web', ...given },
    ...keys,
  },
  env: { KUBE: api.kubeconfig(token) },
  tools,
  trees,
  ...more,
});
const undo = { uses: 'helm/rollback', with: { kubeconfig: { env: 'KUBE' }, context: 'shop', release: 'web' } };
const told = { revision: 'revision', status: 'status', notes: 'notes', objects: 'objects' };
const upgrade = (given: JsonObject = {}, keys: JsonObject = {}, more: Partial<Attempt> = {}): Attempt =>
  asked('upgrade', { chart: 'charts/web', ...given }, { outputs: told, undo, ...keys }, more);
const back = (given: JsonObject = {}, more: Partial<Attempt> = {}): Attempt =>
  asked('rollback', given, { outputs: { revision: 'revision', status: 'status' } }, more);
/** Another operation, or somebody by hand. */
const other = (name = 'other'): Partial<Attempt> => ({ input: { key: `${name}/make` } });
const undone = (asks: Attempt = upgrade()): Attempt => ({ ...asks, input: { key, ...asks.input, mode: 'undo' } });
const to = (image: string): JsonObject => ({ values: { image: `registry.example/web:${image}` } });

const image = (): unknown =>
  (api.object(web)?.spec as { template: { spec: { containers: readonly JsonObject[] } } } | undefined)?.template.spec
    .containers[0]!.image;
const releases = (): readonly string[] =>
  [...api.objects]
    .filter(([path]) => path.includes('/secrets/sh.helm.release'))
    .map(([path, { metadata }]) => `${path.split('.').at(-1)!} ${String((metadata.labels as JsonObject).status)}`)
    .sort();
/** The moment at which an upgrade has written that it is under way. */
const underWay = async (): Promise<void> => {
  while (!releases().some((row) => row.includes('pending'))) await pause(20);
};
/** What a runner that was killed would leave of work that waits. */
async function killed(asks: (environment: Attempt['environment']) => Attempt): Promise<void> {
  const secrets = (): readonly string[] => [...api.objects.keys()].filter((path) => path.includes('/secrets/'));
  const before = secrets().length;
  api.isSettling = false;
  const environment = environmentOf({});
  const running = attemptOf('', asks(environment)).catch(() => undefined);
  while (secrets().length === before) await pause(20);
  const left = secrets().map((name) => [name, structuredClone(api.object(name)!)] as const);
  environment.cancel();
  await running;
  for (const [name, secret] of left) api.put(name, secret);
  api.settle();
}
const killedHalfWay = (version: string): Promise<void> =>
  killed((environment) => upgrade(to(version), {}, { environment }));

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
  expect(readdirSync(tools.workPlace)).toEqual([]);
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

const refusal = (code: number, reason: string, message: string) => ({
  code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
});

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
  const logs = join(tools.folder, 'logs/deploy-checkout-x');
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
  expect(readdirSync(tools.workPlace)).toEqual([]);
  expect(releases()).toEqual(['v1 deployed', 'v2 failed']);
  api.settle();
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
});

test('an upgrade that was killed half-way is put back and done again', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade']);
  const made = await attemptOf('', upgrade(to('v2'), {}, { attempt: 2 }));
  expect(made.outputs).toMatchObject({ revision: 4, status: 'deployed' });
  expect(image()).toBe('registry.example/web:v2');
});

test('a first installation that was killed half-way is taken away and done again', async () => {
  await killedHalfWay('v2');
  expect(releases()).toEqual(['v1 pending-install']);
  expect((await attemptOf('', upgrade(to('v2'), {}, { attempt: 2 }))).summary).toBe('installed as revision 1');
  expect(releases()).toEqual(['v1 deployed']);
});

test('the undo of an upgrade that was killed half-way goes back to what was there', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', undone())).status).toBe('done');
  expect(image()).toBe('registry.example/web:v1');
});

test('an upgrade whose way back was killed as well goes back and is done again by another attempt', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  await killed((environment) => upgrade(to('v2'), {}, { environment, attempt: 2 }));
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade', 'v3 pending-rollback']);
  expect((await attemptOf('', upgrade(to('v2'), {}, { attempt: 3 }))).outputs).toMatchObject({ status: 'deployed' });
  expect(image()).toBe('registry.example/web:v2');
});

test.each<[string, (environment?: Attempt['environment']) => Attempt]>([
  ['the undo of an upgrade', (environment) => ({ ...undone(), environment })],
  ['a rollback to a revision that was asked for', (environment) => back({ revision: 1 }, { environment })],
])('%s that was killed half-way is carried on by whoever tries it again', async (_, asks) => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await attemptOf('', upgrade(to('v2')));
  await killed(asks);
  await killed(asks);
  expect(releases().slice(2)).toEqual(['v3 pending-rollback', 'v4 pending-rollback']);
  expect((await attemptOf('', asks())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', asks())).summary).toBe('was at revision 1 already');
});

test('the undo of an upgrade that failed or was killed is carried on when it was killed, too', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  await killed((environment) => ({ ...undone(), environment }));
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade', 'v3 pending-rollback']);
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
});

test('an undo that the cluster refused is tried again, and a rollback to elsewhere is somebody else’s', async () => {
  for (const version of ['v0', 'v1']) await attemptOf('', upgrade(to(version), {}, other(version)));
  await attemptOf('', upgrade(to('v2')));
  api.instead = ({ method, path }) =>
    method === 'PATCH' && path.includes('/deployments/') ? refusal(500, 'InternalError', 'etcd is away') : undefined;
  expect((await failureOf('', undone())).message).toContain('etcd is away');
  api.instead = () => undefined;
  expect(releases().at(-1)).toBe('v4 failed');
  await killed((environment) => back({ revision: 1 }, { environment }));
  expect((await failureOf('', undone())).message).toMatch(/Somebody else is at work on the release web \(revision 5/);
  api.objects.delete('/api/v1/namespaces/shop/secrets/sh.helm.release.v1.web.v5');
  expect((await attemptOf('', undone())).summary).toBe('back to revision 2');
  expect(image()).toBe('registry.example/web:v1');
});

test('somebody else who is at work on the release is left alone', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  for (const asks of [
    upgrade(to('v3'), {}, other('third')),
    back({}, other('third')),
    undone(upgrade({}, {}, other('third'))),
  ]) {
    const failure = await failureOf('', asks);
    expect(failure.message).toMatch(/Somebody else is at work on the release web \(revision 2 is pending-upgrade\)/);
    expect(failure.nonRetryable).toBe(false);
  }
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade']);
});

test('the undo goes back to the revision before, and twice is once', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await attemptOf('', upgrade(to('v2')));
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', undone())).summary).toBe('was at revision 1 already');
  expect(releases()).toEqual(['v1 superseded', 'v2 superseded', 'v3 deployed']);
});

test('the undo takes away what was not there before, even when it failed at first', async () => {
  api.isSettling = false;
  await failureOf('', upgrade({}, { timeout: '4s' }));
  api.settle();
  await attemptOf('', upgrade({}, {}, { attempt: 2 }));
  expect((await attemptOf('', undone())).summary).toBe('taken away');
  expect([...api.objects.keys()].filter((path) => !path.includes('/replicasets/'))).toEqual([]);
  expect((await attemptOf('', undone())).summary).toBe('nothing was there to be put back');
});

test('the undo leaves alone what the step did not make, and what somebody has changed since', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  expect((await attemptOf('', undone())).summary).toBe('nothing was made that could be put back');
  await attemptOf('', upgrade(to('v2')));
  await attemptOf('', upgrade(to('v3'), {}, other('third')));
  expect((await failureOf('', undone())).message).toMatch(/web was changed by somebody else after this operation/);
  expect(image()).toBe('registry.example/web:v3');
});

test('a rollback goes to the newest revision that worked, or to the one that is asked for', async () => {
  for (const version of ['v1', 'v2', 'v3']) await attemptOf('', upgrade(to(version), {}, other(version)));
  expect((await attemptOf('', back())).outputs).toEqual({ revision: 4, status: 'deployed' });
  expect(image()).toBe('registry.example/web:v2');
  await attemptOf('', back({ revision: 1 }));
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', back({ revision: 1 }))).summary).toBe('was at revision 1 already');
  expect((await attemptOf('', back({ revision: 0 }))).outputs).toEqual({ revision: 0, status: 'absent' });
  expect(releases()).toEqual([]);
  expect((await attemptOf('', back({ revision: 0 }))).summary).toBe('nothing was there');
});

test('a rollback that was lost half-way is carried on by the next attempt', async () => {
  for (const version of ['v1', 'v2']) await attemptOf('', upgrade(to(version), {}, other(version)));
  api.isSettling = false;
  const environment = environmentOf({});
  const heard: unknown[] = [];
  environment.on('heartbeat', (details) => heard.push(details));
  const running = attemptOf('', back({}, { environment })).catch(() => undefined);
  await underWay();
  environment.cancel();
  await running;
  api.settle();
  const again = await attemptOf('', back({}, { attempt: 2, heartbeatDetails: heard.at(-1) }));
  expect(again.outputs).toMatchObject({ status: 'deployed' });
  expect(image()).toBe('registry.example/web:v1');
});

test('a rollback of what has nothing to go back to fails at once', async () => {
  expect((await failureOf('', back())).message).toMatch(/web has no revision before the present one that worked/);
  await attemptOf('', upgrade());
  expect((await failureOf('', back({ revision: 9 }, other()))).message).toMatch(/release has no 9 version/);
});

test('what helm keeps of a release can be read by helm alone, and holds the values that were given', async () => {
  await attemptOf('', upgrade({ values: { replicas: 3 } }));
  const { data } = api.object('/api/v1/namespaces/shop/secrets/sh.helm.release.v1.web.v1') as unknown as {
    data: { release: string };
  };
  const body = gunzipSync(Buffer.from(Buffer.from(data.release, 'base64').toString(), 'base64')).toString();
  expect(JSON.parse(body)).toMatchObject({ config: { replicas: 3 } });
});
