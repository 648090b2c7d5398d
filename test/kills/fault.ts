import { victims, type FaultyCompany, type Victim } from '../helpers/faulty-company';

/** Moments of the story, and how long (ms) after each of them a kill may come: longer where more happens by itself. */
export const moments = {
  'deploy is asked for': 400,
  'deploy is approved first': 800,
  'deploy is approved again': 8_000,
  'provisioning is asked for': 400,
  'provisioning is approved': 1_500,
  'faulty deploy is asked for': 400,
  'faulty deploy is approved first': 800,
  'faulty deploy is approved again': 5_000,
  'incident is declared': 1_500,
  'rollback is asked for': 4_000,
  'incident is mitigated': 1_500,
  'incident is resolved': 1_500,
} as const;

export type Moment = keyof typeof moments;

export interface Fault {
  readonly seed: number;
  readonly victim: Victim;
  readonly moment: Moment;
  /** From the moment to the kill. */
  readonly afterMs: number;
  /** From the kill to the start. */
  readonly awayMs: number;
}

/** Any five seeds in a row kill everything once; moments come as often as they are long. */
export function faultOf(seed: number): Fault {
  const random = randomOf(seed);
  const all = Object.entries(moments) as [Moment, number][];
  let left = random() * all.reduce((sum, [, ms]) => sum + ms, 0);
  const [moment, withinMs] = all.find(([, ms]) => (left -= ms) < 0) ?? all[0]!;
  return {
    seed,
    victim: victims[seed % victims.length]!,
    moment,
    afterMs: Math.round(random() * withinMs),
    awayMs: Math.round(200 + random() * 2_800),
  };
}

/** mulberry32: the same seed gives the same numbers for ever. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function describeFault({ seed, victim, moment, afterMs, awayMs }: Fault): string {
  return `FAULT_SEED=${seed}: kill -9 of ${victim}, ${afterMs} ms after "${moment}", back after ${awayMs} ms`;
}

/** Waits for the fault's moment, strikes, and brings back what was killed. */
export class Striker {
  private struck: Promise<void> | undefined;

  constructor(
    private readonly company: Pick<FaultyCompany, 'strike' | 'bringBack'>,
    readonly fault: Fault,
  ) {}

  /** The story has come to a moment. */
  readonly reached = (moment: Moment): void => {
    trace(moment);
    if (moment !== this.fault.moment || this.struck) return;
    this.struck = this.strike();
    this.struck.catch(() => undefined);
  };

  /** Resolves once what was killed is back. */
  async over(): Promise<void> {
    if (!this.struck) throw new Error(`the story never came to "${this.fault.moment}"`);
    await this.struck;
  }

  private async strike(): Promise<void> {
    await pause(this.fault.afterMs);
    await this.company.strike(this.fault.victim);
    await pause(this.fault.awayMs);
    await this.company.bringBack(this.fault.victim);
  }
}

/** With FAULT_TRACE set, says when the story came where. */
export function trace(what: string): void {
  if (process.env.FAULT_TRACE) process.stdout.write(`${new Date().toISOString()} ${what}\n`);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
