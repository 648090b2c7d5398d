import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  LogLimit,
  logName,
  maxLogBytes,
  partsOfKey,
  partsOfName,
  safeName,
  whyLost,
  wholeLines,
  type LogEnd,
  type LogStore,
  type LogWriter,
} from './log-store';

/** Opens a folder as a log store, a file a log; it is made when the first log is. */
export function openLogFolder({ folder, maxBytes = maxLogBytes }: { folder: string; maxBytes?: number }): LogStore {
  const fileOf = (key: string): string => {
    const { operation, name } = partsOfKey(key);
    return join(folder, operation, name);
  };
  return {
    async open(key) {
      const place = join(folder, safeName(key.operation));
      const name = logName(key);
      const stream = await opened(place, name);
      return new FileWriter(`${safeName(key.operation)}/${name}`, stream, new LogLimit(maxBytes));
    },

    async list(operation) {
      const place = join(folder, safeName(operation));
      const names = await readdir(place).catch(() => []);
      const logs = await Promise.all(
        names.flatMap((name) => {
          const found = partsOfName(name);
          if (!found) return [];
          return stat(join(place, name)).then(({ size, birthtimeMs }) => ({ ...found, size, birthtimeMs, name }));
        }),
      );
      return logs
        .sort((left, right) => left.birthtimeMs - right.birthtimeMs)
        .map(({ step, mode, attempt, size, name }) => ({
          key: `${safeName(operation)}/${name}`,
          step,
          mode,
          attempt,
          bytes: size,
        }));
    },

    async *stream(key) {
      const file = fileOf(key);
      if (await isThere(file)) yield* createReadStream(file) as AsyncIterable<Buffer>;
    },

    async tail(key, bytes) {
      const path = fileOf(key);
      if (!(await isThere(path))) return '';
      const file = await open(path);
      try {
        const { size } = await file.stat();
        const start = Math.max(0, size - bytes);
        const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
        return wholeLines(buffer.toString('utf8', 0, bytesRead), start === 0);
      } finally {
        await file.close();
      }
    },

    async remove(key) {
      await rm(fileOf(key), { force: true });
      // Stays when it is not empty.
      await rmdir(dirname(fileOf(key))).catch(() => undefined);
    },

    async sweep({ before }) {
      let removed = 0;
      for (const operation of await readdir(folder).catch(() => [])) {
        const place = join(folder, operation);
        for (const name of await readdir(place).catch(() => [])) {
          const { mtimeMs } = await stat(join(place, name));
          if (mtimeMs >= before.getTime() || !partsOfName(name)) continue;
          await rm(join(place, name), { force: true });
          removed += 1;
        }
        // Stays when it is not empty.
        await rmdir(place).catch(() => undefined);
      }
      return removed;
    },
  };
}

async function opened(place: string, name: string, tries = 3): Promise<WriteStream> {
  await mkdir(place, { recursive: true, mode: 0o700 });
  const stream = createWriteStream(join(place, name), { flags: 'a', mode: 0o600 });
  try {
    await once(stream, 'open');
    return stream;
  } catch (error) {
    // A sweep removes folders that are empty, and this one was until now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && tries > 1) return opened(place, name, tries - 1);
    throw error;
  }
}

class FileWriter implements LogWriter {
  private bytes = 0;
  private lost: string | undefined;

  constructor(
    readonly key: string,
    private readonly stream: WriteStream,
    private readonly limit: LogLimit,
  ) {
    // A full disk costs the log and not the step.
    stream.on('error', (error) => (this.lost = whyLost(error)));
  }

  write(text: string): void {
    if (this.lost !== undefined) return;
    const kept = this.limit.take(text);
    if (kept === '') return;
    this.bytes += Buffer.byteLength(kept);
    this.stream.write(kept);
  }

  async close(): Promise<LogEnd> {
    if (!this.stream.destroyed) await new Promise<void>((resolve) => this.stream.end(() => resolve()));
    return { bytes: this.bytes, ...(this.lost === undefined ? {} : { lost: this.lost }) };
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
