import { fork, type ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import type { Target } from './load';
import type { Store } from './state';

/** The processes of all services, brought to the wanted versions one by one and kept alive. */
export interface Instances {
  view(service: string): ServiceView;
  targets(): readonly Target[];
  /** Whether every instance of the service runs its wanted version and is healthy. */
  settled(service: string): boolean;
  /** Starts bringing the service to what the store wants; returns at once. */
  converge(service: string): void;
  stop(): Promise<void>;
}

export interface ServiceView {
  readonly name: string;
  readonly instances: readonly InstanceView[];
  readonly versions: { readonly [version: string]: number };
}

export interface InstanceView {
  readonly id: string;
  readonly version: string;
  readonly healthy: boolean;
  readonly port: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly version: string;
  readonly port: number;
}

export function startInstances(asked: {
  readonly store: Store;
  /** JavaScript file of an instance. */
  readonly program: string;
  readonly restartMs: number;
}): Instances {
  const { state } = asked.store;
  const running = new Map<string, Running>();
  const children = new Set<ChildProcess>();
  const busy = new Set<string>();
  let stopping = false;

  /** One instance at a time: the new process serves before the old one is told to stop. */
  async function bring(service: string): Promise<void> {
    if (busy.has(service)) return;
    busy.add(service);
    try {
      for (;;) {
        const next = state.wanted[service]!.findIndex(
          (version, index) => running.get(id(service, index))?.version !== version,
        );
        if (next < 0 || stopping) return;
        const started = await start(service, next, state.wanted[service]![next]!);
        if (!started) await pause(asked.restartMs);
      }
    } finally {
      busy.delete(service);
    }
  }

  async function start(service: string, index: number, version: string): Promise<boolean> {
    const child = fork(asked.program, [service, version], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    children.add(child);
    child.once('exit', () => ended(service, index, child));
    const port = await portOf(child);
    if (port === undefined || stopping || !(await healthy(port))) {
      child.kill('SIGKILL');
      return false;
    }
    const before = running.get(id(service, index));
    running.set(id(service, index), { child, version, port });
    before?.child.kill('SIGTERM');
    return true;
  }

  function ended(service: string, index: number, child: ChildProcess): void {
    children.delete(child);
    if (running.get(id(service, index))?.child !== child) return;
    running.delete(id(service, index));
    if (!stopping) setTimeout(() => void bring(service), asked.restartMs);
  }

  const instancesOf = (service: string): readonly InstanceView[] =>
    state.wanted[service]!.map((wanted, index) => {
      const now = running.get(id(service, index));
      return {
        id: id(service, index),
        version: now?.version ?? wanted,
        healthy: now !== undefined,
        port: now?.port ?? 0,
      };
    });

  for (const service of Object.keys(state.wanted)) void bring(service);
  return {
    view: (service) => {
      const instances = instancesOf(service);
      const versions: Record<string, number> = {};
      for (const { version } of instances) versions[version] = (versions[version] ?? 0) + 1;
      return { name: service, instances, versions };
    },
    targets: () =>
      Object.keys(state.wanted).flatMap((service) =>
        instancesOf(service)
          .filter((instance) => instance.healthy)
          .map(({ version, port }) => ({ service, version, port })),
      ),
    settled: (service) =>
      instancesOf(service).every(
        (instance, index) => instance.healthy && instance.version === state.wanted[service]![index],
      ),
    converge: (service) => void bring(service),
    stop: async () => {
      stopping = true;
      const ends = [...children].map((child) => new Promise((resolve) => child.once('exit', resolve)));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ends);
    },
  };
}

const id = (service: string, index: number): string => `${service}-${index + 1}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function portOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', () => resolve(undefined));
    child.once('error', () => resolve(undefined));
  });
}

function healthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/healthz', timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
