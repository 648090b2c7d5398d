import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import { hostileValues } from '../helpers/hostile-values';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';
import { KubeApi } from './kube-api';
import { openTools, packFiles, type TestTools } from './tools';

/** The real kubectl, against a stand-in that speaks the API. */
const token = 'T0KEN-0F-CLUSTER';
const web = '/apis/apps/v1/namespaces/shop/deployments/web';
const settings = '/api/v1/namespaces/shop/configmaps/settings';
const manifests = {
  'web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { release: "r-\${VERSION}" } }
spec:
  replicas: \${COUNT}
  template:
    spec:
      containers: [{ name: web, image: "registry.example/web:\${VERSION}", command: ["sh", "-c", "echo \${HOME}"] }]
      volumes: [{ name: keys, secret: { defaultMode: 0400 } }]
---
# nothing here
`,
  'deep/settings.yml': `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { at: "22:30", on_day: 2026-01-02, note: "\${NOTE}" }
`,
  'README.md': 'no manifest',
};

let api: KubeApi;
let tools: TestTools;
let trees: NonNullable<Plan['trees']>;
beforeAll(async () => {
  api = await new KubeApi().open();
  tools = await openTools();
  trees = {
    'k8s/shop': await packFiles(tools.blobs, manifests),
    'k8s/hostile': await packFiles(tools.blobs, {
      'a.yaml': `kind: ConfigMap\napiVersion: v1\nmetadata: { name: settings }\ndata:\n${hostileValues
        .map((_, index) => `  v${index}: \${v${index}}\n`)
        .join('')}`,
    }),
    'k8s/empty': await packFiles(tools.blobs, { 'README.md': 'x' }),
    'k8s/broken': await packFiles(tools.blobs, { 'a.yaml': 'kind: [' }),
    'k8s/strange': await packFiles(tools.blobs, { 'a.yaml': 'kind: ConfigMap\napiVersion: v1\n' }),
    'k8s/elsewhere': await packFiles(tools.blobs, {
      'a.yaml': 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: x, namespace: other }\n',
    }),
  };
});
beforeEach(() => {
  api.objects.clear();
  api.requests.length = 0;
  api.instead = () => undefined;
});
afterAll(() => api.close());

const values = { VERSION: 'v2', COUNT: 3, NOTE: 'hello' };
const asked = (uses: string, given: JsonObject, keys: JsonObject = {}, more: Partial<Attempt> = {}): Attempt => ({
  step: {
    id: 'make',
    uses: `kubectl/${uses}`,
    with: { kubeconfig: { env: 'KUBE' }, context: 'shop', ...given },
    ...keys,
  },
  env: { KUBE: api.kubeconfig(token) },
  tools,
  trees,
  ...more,
});
const apply = (given: JsonObject = {}, keys: JsonObject = {}, more: Partial<Attempt> = {}) =>
  asked('apply', { folder: 'k8s/shop', values, ...given }, { outputs: { objects: 'objects' }, ...keys }, more);

test('manifests are applied with values in their places, and nothing else of them changes', async () => {
  const made = await attemptOf('', apply());
  expect(made.outputs).toEqual({ objects: ['configmap/settings', 'deployment.apps/web'] });
  expect(made.summary).toBe('2 objects applied');
  expect(api.object(web)).toMatchObject({
    metadata: { name: 'web', labels: { release: 'r-v2' } },
    spec: {
      replicas: 3,
      template: {
        spec: {
          containers: [{ image: 'registry.example/web:v2', command: ['sh', '-c', 'echo ${HOME}'] }],
          volumes: [{ secret: { defaultMode: 0o400 } }],
        },
      },
    },
  });
  expect(api.object(settings)).toMatchObject({ data: { at: '22:30', on_day: '2026-01-02', note: 'hello' } });
  const patch = api.requests.find(({ method, path }) => method === 'PATCH' && path === web)!;
  expect(patch.query.get('fieldManager')).toBe('signalbox');
  expect(patch.query.get('force')).not.toBe('true');
  expect(readdirSync(tools.workPlace)).toEqual([]);
});

test('doing it again changes nothing', async () => {
  await attemptOf('', apply());
  const { metadata: _, ...before } = api.object(web)!;
  expect((await attemptOf('', apply({}, {}, { attempt: 2 }))).status).toBe('done');
  expect(api.object(web)).toMatchObject(before);
});

test('a check has the API server look at everything and changes nothing', async () => {
  const made = await attemptOf('', apply({ check: true }));
  expect(made.summary).toBe('2 objects would be applied');
  expect(api.objects.size).toBe(0);
  expect(api.requests.filter(({ method }) => method === 'PATCH').map(({ query }) => query.get('dryRun'))).toEqual([
    'All',
    'All',
  ]);
});

test('a dry run has the API server say what would be applied and deleted', async () => {
  const dry = { input: { mode: 'check' } } as const;
  expect(await attemptOf('', apply({}, {}, dry))).toMatchObject({
    summary: '2 objects would be applied',
    would: 'tried',
  });
  expect(api.objects.size).toBe(0);
  await attemptOf('', apply());
  const remove = asked('delete', { folder: 'k8s/shop', values }, {}, dry);
  expect(await attemptOf('', remove)).toMatchObject({ summary: '2 would be deleted', would: 'tried' });
  expect(api.objects.size).toBe(2);
});

test('values stay texts in their places, whatever they look like', async () => {
  const inputs = Object.fromEntries(hostileValues.map((value, index) => [`v${index}`, value]));
  const written = Object.fromEntries(Object.keys(inputs).map((name) => [name, `\${{ inputs.${name} }}`]));
  await attemptOf('', apply({ folder: 'k8s/hostile', values: written }, {}, { inputs }));
  expect(api.object(settings)).toMatchObject({ data: inputs });
  expect([...api.objects.keys()]).toEqual([settings]);
});

test('what lets somebody in stands in no output, line or log', async () => {
  api.instead = ({ method }) =>
    method === 'PATCH'
      ? {
          code: 500,
          body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `who is ${token}?`, code: 500 },
        }
      : undefined;
  const failure = await failureOf('', apply({}, { repeat: 'never' }));
  expect(failure.message).toMatch(/could not be applied.*who is \*\*\*\?/);
  const logs = readdirSync(join(tools.folder, 'logs/deploy-checkout-x'));
  for (const name of logs)
    expect(readFileSync(join(tools.folder, 'logs/deploy-checkout-x', name), 'utf8')).not.toContain(token);
  const patches = api.requests.filter(({ method }) => method === 'PATCH');
  expect(patches.map((request) => request.token)).toEqual([token, token]);
});

const refusal = (code: number, reason: string, message: string) => () => ({
  code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
});

test.each<[string, () => Attempt, RegExp, 'final' | 'may pass']>([
  [
    'a folder without manifests',
    () => apply({ folder: 'k8s/empty', values: {} }),
    /k8s\/empty has no manifests/,
    'final',
  ],
  [
    'a manifest that is not YAML',
    () => apply({ folder: 'k8s/broken', values: {} }),
    /k8s\/broken\/a\.yaml cannot be read/,
    'final',
  ],
  [
    'a manifest without a name',
    () => apply({ folder: 'k8s/strange', values: {} }),
    /needs apiVersion, kind and metadata\.name/,
    'final',
  ],
  [
    'a value that no manifest asks for',
    () => apply({ values: { ...values, VERSON: 'v2' } }),
    /No manifest in k8s\/shop has \$\{VERSON\}/,
    'final',
  ],
  [
    'an object of another namespace',
    () => apply({ folder: 'k8s/elsewhere', values: {}, namespace: 'shop' }),
    /namespace from the provided object "other" does not match/,
    'final',
  ],
  ['a context that is not there', () => apply({ context: 'prod' }), /context "prod" does not exist/, 'final'],
  [
    'a kubeconfig that is none',
    () => apply({}, {}, { env: { KUBE: 'a: [b, "S3CRETPART' } }),
    /The kubeconfig of this step cannot be read/,
    'final',
  ],
])('%s ends in a sentence', async (_, attempt, sentence, kind) => {
  const failure = await failureOf('', attempt());
  expect(failure.message).toMatch(sentence);
  expect(failure.message).not.toContain('S3CRET');
  expect(failure.nonRetryable).toBe(kind === 'final');
  expect(api.objects.size).toBe(0);
});

test.each<[string, () => { readonly code: number; readonly body: JsonObject }, RegExp, boolean]>([
  [
    'forbids it',
    refusal(403, 'Forbidden', 'deployments is forbidden: User "me" cannot patch'),
    /User "me" cannot patch/,
    true,
  ],
  [
    'finds it invalid',
    refusal(422, 'Invalid', 'Deployment "web" is invalid: spec.replicas: must be positive'),
    /must be positive/,
    true,
  ],
  ['is in trouble', refusal(500, 'InternalError', 'etcd is away'), /etcd is away/, false],
])('a cluster that %s says so', async (_, answer, sentence, isFinal) => {
  api.instead = (request) => (request.method === 'PATCH' ? answer() : undefined);
  const failure = await failureOf('', apply());
  expect(failure.message).toMatch(sentence);
  expect(failure.nonRetryable).toBe(isFinal);
});

test('fields that somebody else manages are taken over only when the step says so', async () => {
  api.put(web, { metadata: { name: 'web', labels: { owner: 'helm' } }, spec: { replicas: 9 } });
  expect((await failureOf('', apply())).message).toMatch(/conflict with "helm"/);
  expect(api.object(web)).toMatchObject({ spec: { replicas: 9 } });
  await attemptOf('', apply({ force_conflicts: true }));
  expect(api.object(web)).toMatchObject({ spec: { replicas: 3 } });
});

test('a cluster that does not answer ends as a time-out', async () => {
  api.instead = () => 'hang';
  const failure = await failureOf('', apply({}, { timeout: '2s' }));
  expect(failure.message).toMatch(/kubectl was not done after \S+ and was ended/);
  expect(failure.nonRetryable).toBe(false);
});

const rolling = (status: JsonObject): Parameters<KubeApi['put']>[1] => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', generation: 2, uid: 'u' },
  spec: { replicas: 3, selector: {}, template: {} },
  status: { observedGeneration: 2, ...status },
});
const half = { replicas: 3, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3 };
const all = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
const rollout = (keys: JsonObject = {}, more: Partial<Attempt> = {}) =>
  asked('rollout', { name: 'web' }, { outputs: { ready: 'ready', updated: 'updated' }, ...keys }, more);
const watched = async (): Promise<void> => {
  while (!api.requests.some(({ query }) => query.get('watch'))) await pause(20);
};

test('a rollout is waited for until it is done', async () => {
  api.put(web, rolling(half));
  const running = attemptOf('', rollout());
  await watched();
  api.put(web, rolling(all));
  const made = await running;
  expect(made.outputs).toEqual({ ready: 3, updated: 3 });
  expect(made.summary).toBe('rolled out, 3 of 3 ready');
});

test('a rollout that is stuck is told from one that only takes long', async () => {
  const stuck = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
  api.put(web, rolling({ ...half, conditions: [stuck] }));
  expect((await failureOf('', rollout())).message).toMatch(/made no progress within its own deadline/);
  api.put(web, rolling(half));
  expect((await failureOf('', rollout({ timeout: '3s' }))).message).toMatch(
    /is not rolled out after 2s and may still get there/,
  );
});

test('a rollout of what is not there fails at once', async () => {
  const failure = await failureOf('', rollout());
  expect(failure.message).toMatch(/deployment\/web could not be watched.*"web" not found/);
  expect(failure.nonRetryable).toBe(true);
});

test('a cancelled wait is over at once', async () => {
  api.put(web, rolling(half));
  const environment = environmentOf({});
  const running = attemptOf('', rollout({}, { environment })).catch((error: unknown) => error);
  await watched();
  environment.cancel();
  expect(await running).toMatchObject({ name: 'CancelledFailure' });
  expect(readdirSync(tools.workPlace)).toEqual([]);
});

test('a delete takes away what a folder has, and doing it again is nothing', async () => {
  await attemptOf('', apply());
  api.put('/api/v1/namespaces/shop/configmaps/other', { metadata: { name: 'other' } });
  const step = asked('delete', { folder: 'k8s/shop', values }, { outputs: { objects: 'objects' } });
  const made = await attemptOf('', step);
  expect((made.outputs.objects as string[]).sort()).toEqual(['configmap/settings', 'deployment.apps/web']);
  expect([...api.objects.keys()]).toEqual(['/api/v1/namespaces/shop/configmaps/other']);
  expect((await attemptOf('', step)).summary).toBe('nothing was there');
});

test('one object is deleted by its type and name', async () => {
  api.put(web, rolling(all));
  expect((await attemptOf('', asked('delete', { type: 'deployment', name: 'web' }))).summary).toBe('1 deleted');
  expect(api.objects.size).toBe(0);
});

test.each(hostileValues.filter((value) => !/^[a-z0-9]+$/.test(value)))(
  'the name %j reaches no cluster',
  async (value) => {
    const step = asked('delete', { type: 'deployment', name: '${{ inputs.value }}' }, {}, { inputs: { value } });
    expect((await failureOf('', step)).message).toMatch(/has to be the name of an object/);
    expect(api.requests).toEqual([]);
  },
);
