import type { Command } from 'commander';
import { readConfig, type Config, type Setting } from '../../config';
import type { Io } from './io';

/** 0 done or allowed, 1 denied or failed, 2 bad input, 78 settings (sysexits.h), 130 stopped by Ctrl-C. */
export type ExitCode = 0 | 1 | 2 | 78 | 130;
export type Ended = ExitCode | 'running';

/** What was typed cannot be used. The message is one full sentence. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

/** It was understood and did not work out. The message is one full sentence. */
export class Failed extends Error {
  override readonly name = 'Failed';

  constructor(
    message: string,
    readonly code: ExitCode = 1,
  ) {
    super(message);
  }
}

/** What a file of this folder gets to add its command with. */
export interface Cli {
  readonly io: Io;
  /** Makes an action of a function that tells how it ended. */
  ends<Given extends readonly unknown[]>(
    work: (...given: Given) => Promise<Ended> | Ended,
  ): (...given: Given) => Promise<void>;
}

export type AddCommand = (program: Command, cli: Cli) => void;

/** The settings that a command needs. Throws a `Refusal` that lists what is missing. */
export function settingsOf(io: Io, needed: readonly Setting[] = []): Config {
  return io.env === undefined ? readConfig(needed) : readConfig(needed, io.env);
}

export function printJson(io: Io, value: unknown): void {
  io.out(JSON.stringify(value, null, 2));
}

/** Parses JSON that a person gave. `what` begins the sentence about what is wrong with it. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BadInput(`${what} is not JSON: ${(error as Error).message}.`);
  }
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
