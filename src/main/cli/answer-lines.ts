import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BadInput, parseJson, type ExitCode } from './command';
import type { Io } from './io';

/** How many answers are written at once. */
const chunk = 500;

/**
 * Answers a file of JSON lines ("-" is standard input): one line of JSON for each line of the question, also for those
 * that cannot be answered. Exit 2 when there were such.
 */
export async function answerLines(
  { io, file }: { readonly io: Io; readonly file: string },
  answer: (question: object) => object,
): Promise<ExitCode> {
  const text = file === '-' ? await io.input() : readText(resolve(io.cwd, file));
  const lines = text.split(/\r?\n/);
  let bad = 0;
  const waiting: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      const given = parseJson(line, `Line ${index + 1}`);
      if (typeof given !== 'object' || given === null) throw new BadInput(`Line ${index + 1} is not an object.`);
      waiting.push(JSON.stringify(answer(given)));
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      bad += 1;
      waiting.push(JSON.stringify({ error: error.message }));
    }
    if (waiting.length === chunk) io.out(waiting.splice(0).join('\n'));
  }
  if (waiting.length > 0) io.out(waiting.join('\n'));
  if (bad > 0) io.err(`${bad} of ${lines.length} lines could not be answered; their line says why.`);
  return bad > 0 ? 2 : 0;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BadInput(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
