import type { Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Running } from './process';

/** Runs a worker until it is stopped. A worker that ends by itself ends the process, so that a supervisor starts anew. */
export function runWorker(spec: {
  readonly worker: Worker;
  readonly log: Logger;
  readonly onStopped: () => Promise<void>;
}): Running {
  const { worker, log } = spec;
  let wanted = true;
  const finished = worker.run().then(
    () => {
      if (wanted) process.exit(1);
    },
    (error: unknown) => {
      log.fatal({ err: error }, 'the worker ended by itself');
      process.exit(1);
    },
  );
  return {
    async stop() {
      wanted = false;
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished;
      await spec.onStopped();
    },
  };
}
