import type { Config } from '../../config';
import type { Io } from './io';

/** One line of the report. `failed`: Signalbox does not work like this; `missing`: it does without. */
export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'failed' | 'missing';
  /** What was found and, unless it is well, what to do. Never the value of a secret. */
  readonly sentence: string;
}

/** Looks at one neighbour. Never throws for what is wrong there. */
export type Check = (config: Partial<Config>, io: Io) => Promise<readonly Finding[]>;

export const ok = (check: string, sentence: string): Finding => ({ check, result: 'ok', sentence });
export const failed = (check: string, sentence: string): Finding => ({ check, result: 'failed', sentence });
export const missing = (check: string, sentence: string): Finding => ({ check, result: 'missing', sentence });
