import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogLevel } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

/** One JSON line an event, on standard output. Secrets never reach it: nothing here logs settings or bodies. */
export function openLog(name: string, level: string): Logger {
  return pino({ name, level, base: { name, pid: process.pid } });
}

/** Sends the Temporal SDK's own log through ours, and leaves signals to us. */
export function useLogForTemporal(log: Logger): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    log[levels[level]]({ temporal: meta?.sdkComponent, ...(meta ?? {}) }, message);
  });
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
  });
}

const levels: { readonly [level in LogLevel]: 'trace' | 'debug' | 'info' | 'warn' | 'error' } = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};
