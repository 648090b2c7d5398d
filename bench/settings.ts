import { parseArgs } from 'node:util';

/** How much is measured. Every number can be given as a flag: `npm run bench -- --samples 20 --only latency`. */
export interface BenchSettings {
  /** Commands and clicks one at a time, each side. */
  readonly samples: number;
  /** The same, dropped before it counts. */
  readonly warmUp: number;
  /** Commands at once, and how often each side takes them. */
  readonly burst: number;
  readonly bursts: number;
  /** Steps of one run, and runs of each side. */
  readonly steps: number;
  readonly runs: number;
  /** Targets of one list, how many of them at once, and how long each takes, ms. */
  readonly targets: number;
  readonly atOnce: number;
  readonly targetMs: number;
  /** Operations that wait for a vote while memory is read. */
  readonly waiting: number;
  /** Longest time in which they are started, ms; those there by then are measured. */
  readonly waitingWithinMs: number;
  /** Commands at once that are more than fits into Slack's three seconds. */
  readonly flood: number;
  /** Longest wait for the cards of a burst, ms. */
  readonly cardsWithinMs: number;
  /** How long after a flood its operations may take to appear in Temporal, ms. */
  readonly floodWaitMs: number;
  /** Rest between two measurements, so that one does not pay for what the other left running, ms. */
  readonly restMs: number;
  /** A large policy: its services, its rules, commits of one file, and decisions. */
  readonly services: number;
  readonly rules: number;
  readonly policyChanges: number;
  readonly decisions: number;
  readonly only: readonly Stage[];
}

export const stages = ['latency', 'steps', 'fan', 'burst', 'waiting', 'flood', 'policy'] as const;
export type Stage = (typeof stages)[number];

type Sizes = Omit<BenchSettings, 'only'>;

const full: Sizes = {
  samples: 60,
  warmUp: 15,
  burst: 500,
  bursts: 3,
  steps: 150,
  runs: 4,
  targets: 5_000,
  atOnce: 50,
  targetMs: 1_000,
  waiting: 10_000,
  waitingWithinMs: 360_000,
  flood: 5_000,
  cardsWithinMs: 180_000,
  floodWaitMs: 300_000,
  restMs: 250,
  services: 5_000,
  rules: 300,
  policyChanges: 20,
  decisions: 5_000,
};
const quick: Partial<Sizes> = {
  samples: 15,
  warmUp: 6,
  burst: 250,
  bursts: 1,
  steps: 30,
  runs: 2,
  targets: 300,
  waiting: 100,
  waitingWithinMs: 20_000,
  flood: 750,
  cardsWithinMs: 15_000,
  floodWaitMs: 20_000,
  policyChanges: 5,
  decisions: 1_000,
};

/** Reads the command line. Throws on a flag that does not exist. */
export function readSettings(args: readonly string[]): BenchSettings {
  const names = Object.keys(full) as (keyof Sizes)[];
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    },
  });
  const given = values as { readonly [name: string]: string | boolean | undefined };
  const sizes = { ...full, ...(given.quick ? quick : {}) };
  const own = names.flatMap((name) => (given[name] === undefined ? [] : [[name, count(name, given[name])]]));
  return { ...sizes, ...Object.fromEntries(own), only: stagesIn(given.only) };
}

function count(name: string, text: string | boolean): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} takes a whole number, not ${String(text)}.`);
  return number;
}

function stagesIn(text: string | boolean | undefined): readonly Stage[] {
  if (typeof text !== 'string') return stages;
  return text.split(',').map((name) => {
    const stage = stages.find((each) => each === name);
    if (!stage) throw new Error(`--only takes ${stages.join(', ')}; there is no ${name}.`);
    return stage;
  });
}
