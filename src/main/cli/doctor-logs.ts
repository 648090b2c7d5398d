import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { textOfLog, type LogStore } from '../../../activities/adapters/log-store';
import { LogStoreAway, Refusal } from '../../errors';
import { openLogs, placeOfLogs, type LogStoreConfig } from '../log-stores';
import { failed, ok, type Check, type Finding } from './doctor-finding';
import { lookAtFolder } from './doctor-stores';

const check = 'log store';

/** Writes a small log, reads it back and removes it; a folder that is not there yet is not made for that. */
export const checkLogs: Check = (config) =>
  looked(config, async ({ store, place }) => {
    await probe(store);
    return ok(check, `${place} can be written, read and cleaned up.`);
  });

/** For programs that only read logs, and may hold keys for no more. */
export const checkLogReading: Check = (config) =>
  looked(config, async ({ store, place }) => {
    await store.list('signalbox-doctor');
    return ok(check, `${place} can be read.`);
  });

async function looked(
  config: Parameters<Check>[0],
  look: (opened: { readonly store: LogStore; readonly place: string }) => Promise<Finding>,
): Promise<readonly Finding[]> {
  const settings = { DATA_DIR: '.signalbox', LOG_STORE_REGION: 'us-east-1', ...config } satisfies LogStoreConfig;
  const setting = config.LOG_STORE === undefined ? 'DATA_DIR' : 'LOG_STORE';
  try {
    const store = openLogs(settings);
    const place = placeOfLogs(settings);
    if (!place.startsWith('s3://')) {
      const found = await lookAtFolder({ check, location: place, setting });
      if (found.result !== 'ok' || !(await stat(place).catch(() => undefined))) return [found];
    }
    return [await look({ store, place })];
  } catch (error) {
    return [failed(check, sentenceOf(error as Error, setting))];
  }
}

async function probe(store: LogStore): Promise<void> {
  const text = `${randomBytes(8).toString('hex')}\n`;
  const operation = `signalbox-doctor-${randomBytes(6).toString('hex')}`;
  const log = await store.open({ operation, step: 'doctor', mode: 'do', attempt: 1 });
  log.write(text);
  const { lost } = await log.close();
  if (lost !== undefined) throw new LogStoreAway(lost);
  const read = await textOfLog(store, log.key);
  await store.remove(log.key);
  if (read !== text) throw new LogStoreAway('What was written could not be read back as it was.');
}

/** Says which setting it is about where the trouble itself does not. */
function sentenceOf(error: Error, setting: string): string {
  const known = error instanceof LogStoreAway || error instanceof Refusal;
  const words = known ? error.message : `It cannot be used (${error.message.split('\n')[0]!.slice(0, 200)}).`;
  return /LOG_STORE|DATA_DIR/.test(words) ? words : `${words} Check ${setting}.`;
}
