import { stdin } from 'node:process';

/** All that a command sees of the terminal it was typed in. */
export interface Io {
  /** Writes one line, or several, of the answer. */
  out(text: string): void;
  /** Writes one line of what went wrong, or of progress that is not the answer. */
  err(text: string): void;
  /** Everything on standard input. */
  input(): Promise<string>;
  /** The settings' environment; absent: that of the process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd: string;
  now(): Date;
  /** Aborts at Ctrl-C from the first call on; before that, Ctrl-C ends the process as usual. */
  interrupted(): AbortSignal;
  /** Time between two looks at an operation that is followed, ms. */
  readonly pollMs: number;
}

export function processIo(): Io {
  let interrupt: AbortController | undefined;
  // Whoever reads the answer may stop reading: `signalbox steps | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    async input() {
      let text = '';
      for await (const chunk of stdin.setEncoding('utf8')) text += String(chunk);
      return text;
    },
    cwd: process.cwd(),
    now: () => new Date(),
    interrupted() {
      if (interrupt === undefined) {
        const made = new AbortController();
        process.once('SIGINT', () => made.abort());
        interrupt = made;
      }
      return interrupt.signal;
    },
    pollMs: 1_000,
  };
}
