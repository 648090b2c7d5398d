import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import { attemptOf, environmentOf, key, type Attempt } from './attempt';
import { KubeApi } from './kube-api';
import { openTools, packFiles, type TestTools } from './tools';

export const token = 'T0KEN-0F-CLUSTER';
export const web = '/apis/apps/v1/namespaces/shop/deployments/web';
export const settings = '/api/v1/namespaces/shop/configmaps/settings';
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

/** The cluster's API refuses. */
export const refusal = (code: number, reason: string, message: string) => ({
  code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
});

/** For a test file: the real helm, against a stand-in that speaks the API, and a chart to install. */
export function helmWorld() {
  if (process.env.HELM_BIN) process.env.PATH = `${dirname(process.env.HELM_BIN)}:${process.env.PATH}`;
  const api = new KubeApi();
  let tools: TestTools;
  let trees: NonNullable<Plan['trees']>;
  beforeAll(async () => {
    await api.open();
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

  return {
    api,
    /** Once it is open. */
    tools: () => tools,
    upgrade,
    back,
    other,
    undone,
    to,
    image,
    releases,
    underWay,
    killed,
    killedHalfWay,
  };
}
