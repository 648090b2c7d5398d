import type { Readable } from 'node:stream';

/** Hears whole lines, however they are cut on their way. A last one without an end is not one. */
export function hearLines(from: Readable, hear: (line: string) => void): void {
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) hear(line);
  });
}
