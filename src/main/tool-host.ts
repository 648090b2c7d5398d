import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { BlobStore } from '../../activities/adapters/blob-store';
import { findIsolation } from '../../activities/processes/isolation';
import type { ToolHost } from '../../activities/steps/toolbox';
import { removeAbandoned } from '../../activities/steps/workspace';
import { readAllowedPrograms } from '../../activities/steps/allowed-programs';
import type { Config } from '../config';
import { Refusal } from '../errors';
import { isolationWords } from './isolation-words';
import { openLogs, type LogStoreConfig } from './log-stores';

const outputBytes = 256 * 1024 * 1024;

/** Beside this file in `dist`. */
const guard = join(__dirname, '../../activities/processes/guard-program.js');

/** Throws a `Refusal` when the file cannot be read or used: less would be another list. */
function allowedPrograms(file: string | undefined): Pick<ToolHost, 'programs' | 'terraform'> {
  if (file === undefined) return {};
  try {
    return readAllowedPrograms(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(
      'setting_invalid',
      `RUNNER_PROGRAMS names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}); write the programs there, or leave the setting out.`,
    );
  }
}

/** What a runner's steps run programs with; what killed runners left behind is cleared away first. */
export async function openToolHost(
  config: LogStoreConfig & Pick<Config, 'STEP_MEMORY_MB' | 'RUNNER_PROGRAMS'>,
  { blobs, log }: { readonly blobs: BlobStore; readonly log: Logger },
): Promise<ToolHost> {
  const isolation = findIsolation();
  log.info(isolationWords(isolation).sentence);
  const logs = openLogs(config);
  const workPlace = resolve(config.DATA_DIR, 'work');
  await removeAbandoned(workPlace);
  return {
    blobs,
    logs,
    workPlace,
    ...allowedPrograms(config.RUNNER_PROGRAMS),
    isolation,
    guard: [process.execPath, guard],
    limits: { memoryBytes: config.STEP_MEMORY_MB * 2 ** 20, outputBytes },
  };
}
