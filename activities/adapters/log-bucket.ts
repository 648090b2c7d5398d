import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { LogStoreAway } from '../../src/errors';
import { guardedLookup } from './address-guard';
import { bucketTrouble } from './bucket-trouble';
import { BucketLogWriter, defaultPace, type BucketPace } from './log-bucket-writer';
import {
  LogLimit,
  logName,
  maxLogBytes,
  partsOfKey,
  partsOfName,
  safeName,
  wholeLines,
  type KeptLog,
  type LogStore,
} from './log-store';

export interface BucketSettings {
  readonly bucket: string;
  /** Begins every key; without slashes at its ends, may be empty. */
  readonly prefix: string;
  /** `https://s3.eu-central-1.amazonaws.com`; the bucket is a part of the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly maxBytes?: number;
  /** One request, ms. */
  readonly limitMs?: number;
  readonly pace?: BucketPace;
}

interface Part {
  readonly key: string;
  readonly bytes: number;
  readonly writtenAt: number;
}

/**
 * Opens an S3-compatible bucket as a log store. A log is a row of objects, each written once while its program runs:
 * a runner that dies leaves all but the last seconds. Only what is in the settings is used: no profile, no other
 * machine's metadata, no redirect to another host.
 */
export function openLogBucket(settings: BucketSettings): LogStore {
  const { bucket, prefix, maxBytes = maxLogBytes, limitMs = 10_000, pace = defaultPace } = settings;
  const client = clientOf(settings, limitMs);
  const root = prefix === '' ? '' : `${prefix}/`;
  const trouble = (error: unknown): LogStoreAway => new LogStoreAway(bucketTrouble(error, { bucket }));

  async function* listed(under: string): AsyncGenerator<Part> {
    let token: string | undefined;
    do {
      const ask = new ListObjectsV2Command({ Bucket: bucket, Prefix: under, ContinuationToken: token });
      const page = await client.send(ask, { abortSignal: AbortSignal.timeout(limitMs) }).catch((error: unknown) => {
        throw trouble(error);
      });
      for (const { Key, Size, LastModified } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, bytes: Size ?? 0, writtenAt: LastModified?.getTime() ?? Date.now() };
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Rows of parts that are one log; keys come in their order, so the parts of one stand together. */
  async function* logsUnder(under: string): AsyncGenerator<Row> {
    let row: Row | undefined;
    for await (const part of listed(under)) {
      const key = logOf(part.key.slice(root.length));
      if (key === undefined) continue;
      if (row && row.key !== key) yield row;
      if (row?.key === key) row.parts.push(part);
      else row = { key, parts: [part] };
    }
    if (row) yield row;
  }

  const partsOf = async (key: string): Promise<readonly Part[]> => {
    const { operation, name } = partsOfKey(key);
    for await (const row of logsUnder(`${root}${operation}/${name}/`)) return row.parts;
    return [];
  };

  const read = async (key: string, range?: string): Promise<Uint8Array> => {
    try {
      const ask = new GetObjectCommand({ Bucket: bucket, Key: key, ...(range === undefined ? {} : { Range: range }) });
      const { Body } = await client.send(ask, { abortSignal: AbortSignal.timeout(limitMs) });
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      // Swept meanwhile: the rest is as it was.
      if ((error as Error).name === 'NoSuchKey') return new Uint8Array();
      throw trouble(error);
    }
  };

  const remove = async (parts: readonly Part[]): Promise<void> => {
    for (let from = 0; from < parts.length; from += deletedAtOnce) {
      const Objects = parts.slice(from, from + deletedAtOnce).map(({ key: Key }) => ({ Key }));
      const ask = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
      const { Errors = [] } = await client
        .send(ask, { abortSignal: AbortSignal.timeout(limitMs) })
        .catch((error: unknown) => {
          throw trouble(error);
        });
      if (Errors.length > 0)
        throw new LogStoreAway(
          `The bucket ${bucket} did not remove all logs that it was asked to; whoever runs Signalbox has to allow LOG_STORE_ACCESS_KEY to delete there.`,
        );
    }
  };

  return {
    open: (key) => {
      const name = `${safeName(key.operation)}/${logName(key)}`;
      const begun = String(Date.now()).padStart(13, '0');
      const put = async (number: number, body: Buffer): Promise<void> => {
        const Key = `${root}${name}/${begun}.${String(number).padStart(6, '0')}`;
        const ask = new PutObjectCommand({ Bucket: bucket, Key, Body: body, ContentType: 'text/plain; charset=utf-8' });
        await client.send(ask, { abortSignal: AbortSignal.timeout(limitMs) }).catch((error: unknown) => {
          throw trouble(error);
        });
      };
      return Promise.resolve(new BucketLogWriter(name, { put, limit: new LogLimit(maxBytes), pace }));
    },

    async list(operation) {
      const logs: (KeptLog & { readonly begun: string })[] = [];
      for await (const { key, parts } of logsUnder(`${root}${safeName(operation)}/`)) {
        const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
        const begun = parts[0]!.key.slice(parts[0]!.key.lastIndexOf('/') + 1);
        logs.push({ key, ...partsOfName(partsOfKey(key).name)!, bytes, begun });
      }
      const ordered = logs.sort((left, right) => (left.begun < right.begun ? -1 : 1));
      return ordered.map(({ key, step, mode, attempt, bytes }) => ({ key, step, mode, attempt, bytes }));
    },

    async *stream(key) {
      for (const part of await partsOf(key)) yield await read(part.key);
    },

    async tail(key, bytes) {
      const ends: Uint8Array[] = [];
      let left = bytes;
      const parts = await partsOf(key);
      for (const part of [...parts].reverse()) {
        if (left <= 0) break;
        const from = Math.max(0, part.bytes - left);
        ends.unshift(await read(part.key, from === 0 ? undefined : `bytes=${from}-`));
        left -= part.bytes - from;
      }
      const whole = parts.reduce((sum, part) => sum + part.bytes, 0);
      return wholeLines(Buffer.concat(ends).toString('utf8'), whole <= bytes);
    },

    remove: async (key) => remove(await partsOf(key)),

    async sweep({ before }) {
      let removed = 0;
      for await (const { parts } of logsUnder(root)) {
        if (parts.some(({ writtenAt }) => writtenAt >= before.getTime())) continue;
        await remove(parts);
        removed += 1;
      }
      return removed;
    },
  };
}

interface Row {
  readonly key: string;
  readonly parts: Part[];
}

/** What S3 takes in one request. */
const deletedAtOnce = 1_000;

/** `<operation>/<name>/<begun>.<number>` belongs to `<operation>/<name>`; anything else in the bucket is not ours. */
function logOf(key: string): string | undefined {
  const [, log, name] = /^([^/]+\/([^/]+))\/\d{13}\.\d{6}$/.exec(key) ?? [];
  return log !== undefined && partsOfName(name!) ? log : undefined;
}

function clientOf({ endpoint, region, accessKey, secretKey }: BucketSettings, limitMs: number): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    // `auto` would ask the metadata service of a cloud where this machine is.
    defaultsMode: 'standard',
    retryMode: 'standard',
    maxAttempts: 2,
    followRegionRedirects: false,
    useArnRegion: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    // Not every server that speaks S3 knows the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(3_000, limitMs),
      requestTimeout: limitMs,
      httpAgent: { keepAlive: true, maxSockets: 20, lookup: guardedLookup },
      httpsAgent: { keepAlive: true, maxSockets: 20, lookup: guardedLookup },
    },
  });
}
