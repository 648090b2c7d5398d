import type { Logger } from 'pino';
import { type Config, readConfig, type Setting } from '../config';
import { Refusal } from '../errors';
import { serveHealth } from './health';
import { openLog, useLogForTemporal } from './log';

/** A running part of Signalbox. `stop` is graceful: what is under way is finished or handed back. */
export interface Running {
  stop(): Promise<void>;
}

export type Start = (spec: { readonly config: Config; readonly log: Logger }) => Promise<Running>;

/**
 * Runs parts as a process of their own: settings first, with every problem in one message; SIGTERM and SIGINT stop
 * gracefully; a bug in one listener is logged and does not take the others down.
 */
export async function runProcess(spec: {
  readonly name: string;
  readonly needs: readonly Setting[];
  readonly parts: readonly Start[];
  /** Set where no part serves health itself (the bot does). */
  readonly health?: 'serve';
}): Promise<void> {
  const config = settingsOrExit(spec.needs);
  const log = openLog(spec.name, config.LOG_LEVEL);
  useLogForTemporal(log);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'an unforeseen failure was contained'));
  const running: Running[] = [];
  let stopping = false;
  // gRPC throws so when a connection is closed in the middle of a call; at any other time nobody knows what is broken.
  process.on('uncaughtException', (error) => {
    if (stopping) return log.warn({ err: error }, 'a call was cut off by stopping');
    log.fatal({ err: error }, 'an unforeseen failure; a supervisor starts this process anew');
    process.exit(1);
  });
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    await Promise.allSettled(running.map((part) => part.stop()));
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  try {
    let ready = false;
    if (spec.health) {
      const notReady = () => (ready ? [] : ['It is still starting: Temporal or Git did not answer yet.']);
      running.push(await serveHealth({ host: config.HOST, port: config.PORT, notReady }));
    }
    for (const start of spec.parts) running.push(await start({ config, log }));
    ready = true;
    log.info('ready');
  } catch (error) {
    if (error instanceof Refusal) log.fatal(error.message);
    else log.fatal({ err: error }, 'could not start');
    await Promise.allSettled(running.map((part) => part.stop()));
    process.exit(1);
  }
}

/** Exit code 78 is the field's "configuration error" (sysexits.h), so a supervisor need not try again. */
function settingsOrExit(needs: readonly Setting[]): Config {
  try {
    return readConfig(needs);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    process.exit(78);
  }
}
