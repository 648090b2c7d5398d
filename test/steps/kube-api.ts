import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../src/json';
import { secretOf } from './kube-protobuf';

type KubeObject = JsonObject & {
  readonly metadata: JsonObject;
  readonly status?: JsonObject;
  readonly spec?: JsonObject;
};

/** Resources of the cluster: discovery, and where each lies. */
const resources = [
  { group: '', version: 'v1', name: 'configmaps', singular: 'configmap', kind: 'ConfigMap', namespaced: true },
  { group: '', version: 'v1', name: 'namespaces', singular: 'namespace', kind: 'Namespace', namespaced: false },
  { group: '', version: 'v1', name: 'nodes', singular: 'node', kind: 'Node', namespaced: false },
  { group: '', version: 'v1', name: 'secrets', singular: 'secret', kind: 'Secret', namespaced: true },
  { group: 'apps', version: 'v1', name: 'replicasets', singular: 'replicaset', kind: 'ReplicaSet', namespaced: true },
  { group: 'apps', version: 'v1', name: 'deployments', singular: 'deployment', kind: 'Deployment', namespaced: true },
] as const;

/** A request as the API server has seen it. */
export interface KubeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly type: string;
  readonly body: string;
  readonly bytes: Buffer;
  readonly token?: string;
}

/**
 * The part of the API of Kubernetes 1.32 that kubectl and helm need for a few kinds of objects: discovery, server-side
 * apply with owners of fields, creation, replacement, strategic merges, reading, lists, watches and deletion.
 */
export class KubeApi {
  readonly objects = new Map<string, KubeObject>();
  readonly requests: KubeRequest[] = [];
  /** Answers instead of the API where it gives something; `hang` never answers. */
  instead: (request: KubeRequest) => { readonly code: number; readonly body: JsonObject } | 'hang' | undefined = () =>
    undefined;
  /** Whether Deployments that are written get ready at once, as the controllers of a cluster would see to. */
  isSettling = false;
  private version = 100;
  private readonly watchers = new Set<{
    readonly path: string;
    readonly name?: string;
    readonly send: (event: JsonObject) => void;
  }>();
  /** kubectl sends no token over a line that is not encrypted. */
  private readonly identity = makeIdentity();
  private readonly server = createServer(this.identity, (request, response) => void this.answer(request, response));

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  kubeconfig(token: string, current = 'none'): string {
    const server = `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': current,
      clusters: [
        { name: 'here', cluster: { server, 'certificate-authority-data': this.identity.cert.toString('base64') } },
      ],
      users: [{ name: 'me', user: { token } }],
      contexts: [{ name: 'shop', context: { cluster: 'here', user: 'me', namespace: 'shop' } }],
    });
  }

  object(path: string): KubeObject | undefined {
    return this.objects.get(path);
  }

  /** Changes an object, and tells whoever watches it. */
  put(path: string, object: KubeObject): KubeObject {
    this.version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } };
    const type = this.objects.has(path) ? 'MODIFIED' : 'ADDED';
    this.objects.set(path, stored);
    this.tell(path, { type, object: stored });
    return stored;
  }

  drop(path: string): void {
    const object = this.objects.get(path);
    this.objects.delete(path);
    if (object) this.tell(path, { type: 'DELETED', object });
  }

  private tell(path: string, event: JsonObject): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    for (const watcher of this.watchers)
      if (path.startsWith(`${watcher.path}/`) && (watcher.name === undefined || watcher.name === name))
        watcher.send(event);
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url!, 'http://kube');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const request: KubeRequest = {
      method: incoming.method!,
      path: url.pathname,
      query: url.searchParams,
      type: incoming.headers['content-type'] ?? '',
      body: bytes.toString('utf8'),
      bytes,
      token: incoming.headers.authorization?.replace('Bearer ', ''),
    };
    this.requests.push(request);
    const instead = this.instead(request);
    if (instead === 'hang') return;
    if (request.query.get('watch') && !instead) return this.watch(request, response);
    const { code, body } = instead ?? this.route(request);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private watch({ path, query }: KubeRequest, response: ServerResponse): void {
    const name = /metadata\.name=([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watcher = { path, name, send: (event: JsonObject) => void response.write(`${JSON.stringify(event)}\n`) };
    this.watchers.add(watcher);
    response.on('close', () => this.watchers.delete(watcher));
  }

  private route(request: KubeRequest): { readonly code: number; readonly body: JsonObject } {
    const { path, method } = request;
    const found = discovery(path);
    if (found) return { code: 200, body: found };
    const resource = resources.find(({ group, version, name, namespaced }) =>
      new RegExp(`^${base(group, version)}${namespaced ? '/namespaces/[^/]+' : ''}/${name}(/[^/]+)?$`).test(path),
    );
    if (!resource) return status(404, 'NotFound', 'the server could not find the requested resource');
    if (path.endsWith(`/${resource.name}`) && method === 'GET')
      return { code: 200, body: this.list(request, resource) };
    if (method === 'POST') return this.create(request, resource);
    const object = this.objects.get(path);
    if (method === 'PATCH' && request.type === 'application/apply-patch+yaml') return this.apply(request, object);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!object) return status(404, 'NotFound', `${resource.name} "${name}" not found`);
    if (method === 'DELETE') {
      if (!request.body.includes('"dryRun":["All"]')) this.drop(path);
      return {
        code: 200,
        body: { kind: 'Status', apiVersion: 'v1', status: 'Success', details: { name, kind: resource.name, uid: 'u' } },
      };
    }
    if (method === 'PATCH') return this.change(request, object);
    if (method === 'PUT') return this.write(request, { ...object, ...objectIn(request) }, 200);
    return { code: 200, body: object };
  }

  private create(request: KubeRequest, { kind, name: resource, group, version }: (typeof resources)[number]) {
    const given = objectIn(request);
    const name = String(given.metadata.name);
    const path = `${request.path}/${name}`;
    if (this.objects.has(path)) return status(409, 'AlreadyExists', `${resource} "${name}" already exists`);
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const metadata = { ...given.metadata, uid: `uid-${name}`, generation: 1 };
    return this.write({ ...request, path }, { apiVersion, kind, ...given, metadata }, 201);
  }

  private change(request: KubeRequest, before: KubeObject): { readonly code: number; readonly body: JsonObject } {
    if (request.type === 'application/strategic-merge-patch+json')
      return this.write(request, strategic(before, JSON.parse(request.body) as Json) as KubeObject, 200);
    return status(415, 'UnsupportedMediaType', `no ${request.type}`);
  }

  private write({ path, query }: KubeRequest, object: KubeObject, code: number) {
    if (query.get('dryRun') === 'All') return { code, body: object };
    const stored = this.put(path, object);
    if (this.isSettling && path.includes('/deployments/')) this.getReady(path, stored);
    return { code, body: stored };
  }

  /** Its controllers come to work: what waits gets ready, and what is written from here on does at once. */
  settle(): void {
    this.isSettling = true;
    for (const [path, object] of this.objects) if (path.includes('/deployments/')) this.getReady(path, object);
  }

  private getReady(path: string, { metadata, spec, status: before }: KubeObject): void {
    const { replicas, selector, template } = spec as { replicas?: number; selector: JsonObject; template: JsonObject };
    const count = replicas ?? 1;
    const ready = { replicas: count, updatedReplicas: count, readyReplicas: count, availableReplicas: count };
    const set = path.replace('/deployments/', '/replicasets/');
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: metadata.name!,
      uid: metadata.uid!,
      controller: true,
    };
    this.objects.set(path, {
      ...this.object(path)!,
      status: { ...before, ...ready, observedGeneration: metadata.generation ?? 1 },
    });
    this.put(set, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: metadata.name!, labels: (selector.matchLabels ?? {}) as JsonObject, ownerReferences: [owner] },
      spec: { replicas: count, selector, template },
      status: ready,
    });
  }

  private list({ path, query }: KubeRequest, { kind, group, version }: (typeof resources)[number]): JsonObject {
    const name = /metadata\.name=([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1];
    const items = [...this.objects].flatMap(([at, object]) =>
      at.startsWith(`${path}/`) && (name === undefined || at === `${path}/${name}`) && hasLabels(object, query)
        ? [object]
        : [],
    );
    const apiVersion = group === '' ? version : `${group}/${version}`;
    return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: String(this.version) }, items };
  }

  /** Server-side apply: what another manager owns and would change is a conflict. */
  private apply(
    request: KubeRequest,
    before: KubeObject | undefined,
  ): { readonly code: number; readonly body: JsonObject } {
    const given = JSON.parse(request.body) as KubeObject;
    const manager = request.query.get('fieldManager')!;
    const owner = (before?.metadata.labels as JsonObject | undefined)?.owner;
    const isForced = request.query.get('force') === 'true';
    if (owner !== undefined && owner !== manager && !isForced)
      return status(409, 'Conflict', `Apply failed with 1 conflict: conflict with "${String(owner)}": .spec.replicas`, {
        causes: [
          { reason: 'FieldManagerConflict', message: `conflict with "${String(owner)}"`, field: '.spec.replicas' },
        ],
      });
    const merged = merge(before ?? {}, given) as KubeObject;
    const stored = { ...merged, metadata: { ...merged.metadata, uid: 'u', generation: 1 } };
    if (request.query.get('dryRun') === 'All') return { code: 200, body: stored };
    return { code: before ? 200 : 201, body: this.put(request.path, stored) };
  }
}

function objectIn({ type, body, bytes }: KubeRequest): KubeObject {
  return type === 'application/vnd.kubernetes.protobuf' ? secretOf(bytes) : (JSON.parse(body) as KubeObject);
}

function hasLabels({ metadata }: KubeObject, query: URLSearchParams): boolean {
  const labels = (metadata.labels ?? {}) as JsonObject;
  const wanted = (query.get('labelSelector') ?? '').split(',').filter((term) => term !== '');
  return wanted.every((term) => {
    const [name, value] = term.split(/==?/);
    return labels[name!] === value;
  });
}

function makeIdentity(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-kube-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=kube', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

function base(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

function discovery(path: string): JsonObject | undefined {
  const list = (group: string): JsonObject => ({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? 'v1' : `${group}/v1`,
    resources: resources
      .filter((each) => each.group === group)
      .map(({ name, singular, kind, namespaced }) => ({
        name,
        singularName: singular,
        namespaced,
        kind,
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      })),
  });
  const apps = { groupVersion: 'apps/v1', version: 'v1' };
  const known: { readonly [path: string]: JsonObject } = {
    '/version': { major: '1', minor: '32', gitVersion: 'v1.32.4', platform: 'linux/amd64' },
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [{ name: 'apps', versions: [apps], preferredVersion: apps }],
    },
    '/api/v1': list(''),
    '/apis/apps/v1': list('apps'),
    '/openapi/v3': {
      paths: {
        'api/v1': { serverRelativeURL: '/openapi/v3/api/v1' },
        'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1' },
      },
    },
    '/openapi/v3/api/v1': described(''),
    '/openapi/v3/apis/apps/v1': described('apps'),
    '/api/v1/namespaces/shop': { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'shop' } },
  };
  return known[path];
}

/** What says that the API server itself checks the fields of what it is given. */
function described(group: string): JsonObject {
  const parameters = [{ name: 'fieldValidation', in: 'query' }];
  const paths = resources
    .filter((each) => each.group === group)
    .map(({ name, kind, version }): [string, Json] => [
      `${base(group, version)}/${name}/{name}`,
      { patch: { parameters, 'x-kubernetes-group-version-kind': { group, version, kind } } },
    ]);
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.32.4' }, paths: Object.fromEntries(paths) };
}

function status(code: number, reason: string, message: string, details: JsonObject = {}) {
  return {
    code,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code },
  };
}

function merge(left: Json, right: Json): Json {
  const isMap = (value: Json): value is JsonObject =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(left) || !isMap(right)) return right;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, Object.hasOwn(right, key) ? merge(left[key] ?? null, right[key]!) : left[key]!]),
  );
}

/** A strategic merge: nothing takes a key away, and items of lists that have a name are merged by it. */
function strategic(left: Json | undefined, right: Json): Json {
  const isMap = (value: Json | undefined): value is JsonObject =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const nameOf = (value: Json): Json | undefined => (isMap(value) ? value.name : undefined);
  if (Array.isArray(left) && Array.isArray(right) && right.every((item: Json) => nameOf(item) !== undefined)) {
    const items = new Map(left.map((item: Json): [Json | undefined, Json] => [nameOf(item), item]));
    for (const item of right as readonly Json[]) {
      if (isMap(item) && item.$patch === 'delete') items.delete(item.name);
      else items.set(nameOf(item), strategic(items.get(nameOf(item)), item));
    }
    return [...items.values()];
  }
  if (!isMap(right)) return right;
  const made: { [key: string]: Json } = isMap(left) ? { ...left } : {};
  for (const [key, value] of Object.entries(right)) {
    if (key.startsWith('$')) continue;
    if (value === null) delete made[key];
    else made[key] = strategic(made[key], value);
  }
  return made;
}
