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
  /** Takes text that has been masked; never waits. What goes beyond the limit of a log is left out, and the log says so. */
  write(text: string): void;
  /** Resolves when everything is kept, or when the store had its time. Never throws. */
  close(): Promise<LogEnd>;
}

export interface LogEnd {
  /** What is kept of it. */
  readonly bytes: number;
  /** Why not all of it is, in one sentence. */
  readonly lost?: string;
}

export interface KeptLog {
  readonly key: string;
  readonly step: string;
  readonly mode: 'do' | 'undo';
  readonly attempt: number;
  readonly bytes: number;
}

/**
 * Output of programs, a log for each attempt of a step. Losing it loses no decision and no record. Whatever reads
 * throws `LogStoreAway` with a sentence for people when the store does not do what it is asked.
 */
export interface LogStore {
  /** Begins a log, or goes on with it. Rejects when it cannot be begun. */
  open(key: LogKey): Promise<LogWriter>;
  /** Logs of one operation, in the order in which they were begun. */
  list(operation: string): Promise<readonly KeptLog[]>;
  /** The whole log, as it comes; nothing when it is gone. */
  stream(key: string): AsyncIterable<Uint8Array>;
  /** Its end, in whole lines: no more than so many bytes. */
  tail(key: string, bytes: number): Promise<string>;
  /** Removes one log, which may be gone already. */
  remove(key: string): Promise<void>;
  /** Removes logs that nobody has written to since; gives how many. */
  sweep(spec: { readonly before: Date }): Promise<number>;
}

export const maxLogBytes = 16 * 1024 * 1024;

/** The whole log as text. */
export async function textOfLog(store: Pick<LogStore, 'stream'>, key: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of store.stream(key)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** Cuts what a writer takes at the limit of a log. */
export class LogLimit {
  private bytes = 0;
  private isFull = false;

  constructor(private readonly maxBytes: number) {}

  /** What of it is to be kept; empty once the limit is reached. */
  take(text: string): string {
    if (this.isFull) return '';
    const bytes = Buffer.byteLength(text);
    this.isFull = this.bytes + bytes > this.maxBytes;
    const kept = this.isFull ? `\n[The log ends here: it has ${this.maxBytes} bytes, and more are not kept.]\n` : text;
    this.bytes += Buffer.byteLength(kept);
    return kept;
  }
}

/** A log that could not be begun: it takes everything, keeps nothing and says so at its end. */
export function lostLog(error: unknown): LogWriter {
  return {
    key: '',
    write: () => undefined,
    close: () => Promise.resolve({ bytes: 0, lost: whyLost(error) }),
  };
}

/** For people, who see it below the last lines of the step. */
export function whyLost(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return `The log could not be kept${code === undefined ? '' : ` (${code})`}; look at what LOG_STORE names.`;
}

const longestName = 180;
/** What `safeName` gives. */
const safeNames = /^[A-Za-z0-9_!~*'()%-][A-Za-z0-9_.!~*'()%-]*$/;

/** Operation ids and paths of steps as names of files: nothing in them can climb. */
export function safeName(text: string): string {
  const encoded = encodeURIComponent(text).replace(/^\.+/, (dots) => dots.replaceAll('.', '%2E'));
  if (encoded.length <= longestName) return encoded;
  return `${encoded.slice(0, longestName - 20).replace(/%[0-9A-F]?$/, '')}~${sha256(text).slice(0, 16)}`;
}

export function logName({ step, mode, attempt }: LogKey): string {
  return `${safeName(step)}.${mode}.${attempt}.log`;
}

/** What the name of a log says; undefined when it is none. */
export function partsOfName(name: string): Pick<KeptLog, 'step' | 'mode' | 'attempt'> | undefined {
  const [, step, mode, attempt] = /^([^/]+)\.(do|undo)\.(\d+)\.log$/.exec(name) ?? [];
  if (step === undefined) return undefined;
  return { step: decoded(step), mode: mode as 'do' | 'undo', attempt: Number(attempt) };
}

/** Operation and name in a key. Throws when it is none: keys come back from people. */
export function partsOfKey(key: string): { readonly operation: string; readonly name: string } {
  const [operation = '', name = '', ...more] = key.split('/');
  if (more.length > 0 || !safeNames.test(operation) || !safeNames.test(name) || !partsOfName(name))
    throw new Error('this is no key of a log');
  return { operation, name };
}

/** What is left of an end that begins in the middle of a line. */
export function wholeLines(text: string, isFromStart: boolean): string {
  if (isFromStart) return text;
  const end = text.indexOf('\n');
  return end < 0 ? text.replace(/^\uFFFD+/, '') : text.slice(end + 1);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
