import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { registerSearchAttributes } from '../../src/main/temporal';
import { silenceTemporal } from './silence';

export interface TestTemporal {
  readonly client: Client;
  readonly namespace: string;
  readonly connection: NativeConnection;
  /** Starts a worker of one queue; ended by `close`. */
  worker(spec: {
    readonly taskQueue: string;
    readonly activities?: object;
    readonly workflows?: boolean;
    /** Workflows of somebody else. */
    readonly workflowsPath?: string;
  }): Promise<Worker>;
  close(): Promise<void>;
}

/** A namespace of its own, on the run's server unless another is named: queue and workflow names of test files never meet. */
export async function openTemporal(address = process.env.TEST_TEMPORAL_ADDRESS!): Promise<TestTemporal> {
  silenceTemporal();
  const namespace = `test-${randomUUID().slice(0, 8)}`;
  const plain = await Connection.connect({ address });
  await plain.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const client = new Client({ connection: plain, namespace });
  await eventually(() => registerSearchAttributes(client, namespace));
  const connection = await NativeConnection.connect({ address });
  const workers: { worker: Worker; run: Promise<void> }[] = [];
  return {
    client,
    namespace,
    connection,
    async worker({ taskQueue, activities, workflows = false, workflowsPath }) {
      const worker = await Worker.create({
        connection,
        namespace,
        taskQueue,
        activities,
        ...(workflowsPath === undefined ? {} : { workflowsPath }),
        ...(workflows ? { workflowBundle: { codePath: await workflowBundle() } } : {}),
        shutdownGraceTime: '1 second',
        shutdownForceTime: '2 seconds',
      });
      const run = worker.run();
      run.catch(() => undefined);
      workers.push({ worker, run });
      return worker;
    },
    async close() {
      for (const { worker } of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(workers.map(({ run }) => run));
      await connection.close();
      await plain.close();
    },
  };
}

let bundling: Promise<string> | undefined;

/** The workflow bundle, made once a test file at most; the file is shared by all of a run when it is newer than the sources. */
export function workflowBundle(): Promise<string> {
  bundling ??= (async () => {
    const folder = process.env.TEST_FOLDER ?? join(__dirname, '../../.signalbox/test');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'workflow-bundle.js');
    if (existsSync(path) && Date.now() - statSync(path).mtimeMs < 20_000) return path;
    const { code } = await bundleWorkflowCode({
      workflowsPath: require.resolve('../../workflows/index'),
      logger: new DefaultLogger('ERROR'),
    });
    const mine = `${path}.${process.pid}`;
    writeFileSync(mine, code);
    (await import('node:fs')).renameSync(mine, path);
    return path;
  })();
  return bundling;
}

/** Tries until it works, 15 s at most: namespaces take a moment to be known everywhere. */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
