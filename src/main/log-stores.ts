import { join, resolve } from 'node:path';
import { openLogBucket } from '../../activities/adapters/log-bucket';
import { openLogFolder } from '../../activities/adapters/log-folder';
import type { LogStore } from '../../activities/adapters/log-store';
import type { Config } from '../config';
import { Refusal } from '../errors';

export type LogStoreConfig = Pick<
  Config,
  'LOG_STORE' | 'LOG_STORE_ENDPOINT' | 'LOG_STORE_REGION' | 'LOG_STORE_ACCESS_KEY' | 'LOG_STORE_SECRET_KEY' | 'DATA_DIR'
>;

/** Where the logs are, in words: the folder, or `s3://bucket/prefix`. */
export function placeOfLogs({ LOG_STORE: given, DATA_DIR }: Pick<Config, 'LOG_STORE' | 'DATA_DIR'>): string {
  return given !== undefined && isAddress(given) ? given : resolve(given ?? join(DATA_DIR, 'logs'));
}

/** Opens the log store of the settings; nothing is asked of it yet. Throws `Refusal` where they cannot be used. */
export function openLogs(config: LogStoreConfig): LogStore {
  const { LOG_STORE: given, LOG_STORE_ACCESS_KEY: accessKey, LOG_STORE_SECRET_KEY: secretKey } = config;
  if (given === undefined || !isAddress(given)) return openLogFolder({ folder: placeOfLogs(config) });
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(given) ?? [];
  const folders = prefix.replace(/\/$/, '');
  if (bucket === undefined || !/^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/(?!$)|$))*$/.test(folders))
    throw new Refusal(
      'setting_invalid',
      'LOG_STORE must be the path of a folder, or s3://bucket/prefix with plain letters, digits, hyphens and dots.',
    );
  if (accessKey === undefined || secretKey === undefined)
    throw new Refusal(
      'setting_invalid',
      'LOG_STORE is a bucket, so LOG_STORE_ACCESS_KEY and LOG_STORE_SECRET_KEY have to be set (or LOG_STORE_SECRET_KEY_FILE).',
    );
  const { LOG_STORE_REGION: region } = config;
  const endpoint = config.LOG_STORE_ENDPOINT ?? `https://s3.${region}.amazonaws.com`;
  return openLogBucket({ bucket, prefix: folders, endpoint, region, accessKey, secretKey });
}

function isAddress(given: string): boolean {
  return /^[a-z0-9+.-]+:\/\//i.test(given);
}
