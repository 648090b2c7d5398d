import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { sha256 } from '../../src/canonical';

/** Where a log lies: `<operation>/<file>`. */
export interface LogKey {
  readonly operation: string;
  /** Path of the step in the plan. */
  readonly step: string;
  readonly mode: 'do' | 'undo';
  readonly attempt: number;
}

export interface LogWriter {
  readonly key: string;
  /** Takes text that has been masked. What goes beyond the limit of a log is left out, and the log says so. */
  write(text: string): void;
  /** Resolves when everything is on disk; gives the length. */
  close(): Promise<number>;
}

export interface KeptLog {
  readonly key: string;
  readonly step: string;
  readonly mode: 'do' | 'undo';
  readonly attempt: number;
  readonly bytes: number;
}

/** Output of programs, a file for each attempt of a step. Losing it loses no decision and no record. */
export interface LogStore {
  open(key: LogKey): Promise<LogWriter>;
  /** Logs of one operation, in the order in which they were begun. */
  list(operation: string): Promise<readonly KeptLog[]>;
  read(key: string): Promise<string>;
  /** Removes logs that nobody has written to for so long; gives how many. */
  sweep(spec: { readonly olderThanMs: number }): Promise<number>;
}

export const maxLogBytes = 16 * 1024 * 1024;

/** Opens a folder as a log store; it is made when the first log is. */
export function openLogStore({ folder, maxBytes = maxLogBytes }: { folder: string; maxBytes?: number }): LogStore {
  return {
    async open(key) {
      const place = join(folder, safe(key.operation));
      await mkdir(place, { recursive: true, mode: 0o700 });
      const name = nameOf(key);
      const stream = createWriteStream(join(place, name), { flags: 'a', mode: 0o600 });
      await once(stream, 'open');
      return new FileWriter(`${safe(key.operation)}/${name}`, stream, maxBytes);
    },

    async list(operation) {
      const place = join(folder, safe(operation));
      const names = await readdir(place).catch(() => []);
      const logs = await Promise.all(
        names.flatMap((name) => {
          const found = partsOf(name);
          if (!found) return [];
          return stat(join(place, name)).then(({ size, birthtimeMs }) => ({ ...found, size, birthtimeMs, name }));
        }),
      );
      return logs
        .sort((left, right) => left.birthtimeMs - right.birthtimeMs)
        .map(({ step, mode, attempt, size, name }) => ({
          key: `${safe(operation)}/${name}`,
          step,
          mode,
          attempt,
          bytes: size,
        }));
    },

    read(key) {
      const [operation = '', name = '', ...more] = key.split('/');
      if (more.length > 0 || safe(operation) !== operation || !partsOf(name))
        throw new Error('this is no key of a log');
      return readFile(join(folder, operation, name), 'utf8');
    },

    async sweep({ olderThanMs }) {
      const before = Date.now() - olderThanMs;
      let removed = 0;
      for (const operation of await readdir(folder).catch(() => [])) {
        const place = join(folder, operation);
        for (const name of await readdir(place).catch(() => [])) {
          const { mtimeMs } = await stat(join(place, name));
          if (mtimeMs >= before) continue;
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

class FileWriter implements LogWriter {
  private bytes = 0;
  private isFull = false;

  constructor(
    readonly key: string,
    private readonly stream: WriteStream,
    private readonly maxBytes: number,
  ) {
    // A full disk costs the log and not the step.
    stream.on('error', () => (this.isFull = true));
  }

  write(text: string): void {
    if (this.isFull) return;
    const bytes = Buffer.byteLength(text);
    this.isFull = this.bytes + bytes > this.maxBytes;
    const kept = this.isFull ? `\n[The log ends here: it has ${this.maxBytes} bytes, and more are not kept.]\n` : text;
    this.bytes += Buffer.byteLength(kept);
    this.stream.write(kept);
  }

  async close(): Promise<number> {
    if (!this.stream.destroyed) await new Promise<void>((resolve) => this.stream.end(() => resolve()));
    return this.bytes;
  }
}

/** Operation ids and paths of steps as names of files: nothing in them can climb. */
function safe(text: string): string {
  const encoded = encodeURIComponent(text).replace(/^\.+/, (dots) => dots.replaceAll('.', '%2E'));
  if (encoded.length <= longestName) return encoded;
  return `${encoded.slice(0, longestName - 20).replace(/%[0-9A-F]?$/, '')}~${sha256(text).slice(0, 16)}`;
}

const longestName = 180;

function nameOf({ step, mode, attempt }: LogKey): string {
  return `${safe(step)}.${mode}.${attempt}.log`;
}

function partsOf(name: string): Pick<KeptLog, 'step' | 'mode' | 'attempt'> | undefined {
  const [, step, mode, attempt] = /^([^/]+)\.(do|undo)\.(\d+)\.log$/.exec(name) ?? [];
  if (step === undefined) return undefined;
  return { step: decoded(step), mode: mode as 'do' | 'undo', attempt: Number(attempt) };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
