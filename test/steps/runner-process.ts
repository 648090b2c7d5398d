import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { bodiesInMemory } from '../helpers/bodies';
import { createRunStep } from '../../activities/run-step';
import { acknowledgeOver } from '../../src/main/acknowledge';
import type { Plan } from '../../src/operation/plan';
import { openTools, script } from './tools';

/** A runner as a process of its own, so that it can be killed: `node -r hook runner-process.ts <JSON>`. */
const { address, queue, plan, source } = JSON.parse(process.argv[2]!) as {
  readonly address: string;
  readonly queue: string;
  readonly plan: Plan;
  readonly source: string;
};

Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });

void (async () => {
  const connection = await NativeConnection.connect({ address });
  const tools = await openTools({ family: script(source, { repeat: 'safe' }) });
  const runStep = createRunStep({
    readPlan: async () => plan,
    ...bodiesInMemory(),
    now: Date.now,
    env: {},
    log: { debug: () => undefined, warn: () => undefined },
    acknowledge: acknowledgeOver(connection, 'default'),
    tools,
  });
  const worker = await Worker.create({
    connection,
    taskQueue: queue,
    activities: { runStep },
    maxHeartbeatThrottleInterval: '500 milliseconds',
  });
  await worker.run();
})();
