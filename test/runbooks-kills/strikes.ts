import { pause, randomOf } from '../kills/fault';
import type { RunnerProgram } from '../helpers/runner-program';
import { eventually } from '../helpers/temporal';

/** A kill once so much of a run is done, and so long (ms) after that. */
export interface Strike {
  readonly after: number;
  readonly afterMs: number;
}

/** Five moments of one run, in their order: no two of them after the same piece of work. `pieces`: what a run has. */
export function strikesOf(seed: number, pieces: number): readonly Strike[] {
  const random = randomOf(seed);
  const moments = Array.from({ length: pieces }, (_, after) => after);
  // As many are left out, one by one, as there are too many.
  while (moments.length > 5) moments.splice(Math.floor(random() * moments.length), 1);
  return moments.map((after) => ({ after, afterMs: Math.round(random() * 1_000) }));
}

export function describeStrikes(seed: number, pieces: number): string {
  const words = strikesOf(seed, pieces).map(({ after, afterMs }) => `${afterMs} ms after ${after} of ${pieces}`);
  return `FAULT_SEED=${seed}: kill -9 of the runner ${words.join(', ')}`;
}

/** Kills the runner at each moment and starts it again at once; gives when (ms since the epoch) it struck. */
export async function strikeAll(spec: {
  readonly runner: RunnerProgram;
  readonly strikes: readonly Strike[];
  /** How much is done, in the target's own words. */
  readonly done: () => number | Promise<number>;
  readonly restart: () => Promise<void>;
}): Promise<readonly number[]> {
  const struck: number[] = [];
  for (const { after, afterMs } of spec.strikes) {
    await eventually(async () => {
      const done = await spec.done();
      if (done < after) throw new Error(`only ${done} of ${after} are done:\n${spec.runner.log().slice(-2_000)}`);
    }, 120_000);
    await pause(afterMs);
    struck.push(Date.now());
    await spec.runner.strike();
    await spec.restart();
  }
  return struck;
}

/** Rounds of five kills each: one in `npm test`, 100 kills in `npm run test:faults`. */
export const rounds = process.env.SIGNALBOX_FAULTS ? 20 : 1;
