import type { Redactor } from './redact';
import { StreamRedactor } from './stream-redactor';

const maxKeptBytes = 4 * 1024 * 1024;
const maxLastLines = 12;
/** A line without end is cut into parts of this length. */
const maxLine = 4_000;

type Source = 'stdout' | 'stderr';

/** Reads both outputs of a program as they come: masked for people, as they are for the step itself. */
export class OutputReader {
  private readonly kept: Buffer[] = [];
  private keptBytes = 0;
  private isWhole = true;
  private readonly lastLines: string[] = [];
  private lastError: string | undefined;
  private readonly streams: { readonly [from in Source]: { readonly masked: StreamRedactor; rest: string } };

  constructor(
    private readonly spec: {
      readonly redactor: Redactor;
      /** Whole lines of the log. */
      readonly onText: (text: string) => void;
      readonly onLine: (line: string, from: Source) => void;
      /** How much of the standard output is kept; 4 MiB when absent. */
      readonly keepBytes?: number;
      /** Its standard output is for the step alone: no line of it is told. */
      readonly isPrivate?: boolean;
    },
  ) {
    const stream = () => ({ masked: new StreamRedactor(spec.redactor), rest: '' });
    this.streams = { stdout: stream(), stderr: stream() };
  }

  take(from: Source, chunk: Buffer): void {
    if (from === 'stdout') this.keep(chunk);
    if (from === 'stdout' && this.spec.isPrivate) return;
    this.lines(from, this.streams[from].masked.push(chunk));
  }

  /** When both outputs are at their end. */
  end(): void {
    for (const from of ['stdout', 'stderr'] as const) {
      const stream = this.streams[from];
      this.lines(from, stream.masked.end());
      if (stream.rest !== '') this.lines(from, '\n');
    }
  }

  told() {
    return {
      stdout: Buffer.concat(this.kept).toString('utf8'),
      isWhole: this.isWhole,
      lastLines: [...this.lastLines],
      ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
    };
  }

  private keep(chunk: Buffer): void {
    const room = (this.spec.keepBytes ?? maxKeptBytes) - this.keptBytes;
    if (chunk.length > room) this.isWhole = false;
    if (room <= 0) return;
    const part = chunk.subarray(0, room);
    this.kept.push(part);
    this.keptBytes += part.length;
  }

  private lines(from: Source, text: string): void {
    const stream = this.streams[from];
    const lines = (stream.rest + text).split('\n');
    stream.rest = lines.pop()!;
    while (stream.rest.length > maxLine) {
      lines.push(stream.rest.slice(0, maxLine));
      stream.rest = stream.rest.slice(maxLine);
    }
    for (const line of lines) this.line(from, line);
  }

  private line(from: Source, line: string): void {
    this.spec.onText(`${line}\n`);
    this.spec.onLine(line, from);
    const words = plainWords(line);
    if (words === '') return;
    if (from === 'stderr') this.lastError = words;
    this.lastLines.push(words);
    if (this.lastLines.length > maxLastLines) this.lastLines.shift();
  }
}

/** Without colours and control characters, and short enough for a message. */
function plainWords(line: string): string {
  return line
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .trim()
    .slice(0, 300);
}
