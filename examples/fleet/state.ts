import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What must outlive a `kill -9` of the supervisor. */
export interface FleetState {
  /** Wanted version of each instance, by service; the position in the list is the instance's number. */
  wanted: { [service: string]: string[] };
  batches: Batch[];
  /** Versions that the registry has, by service. */
  released: { [service: string]: string[] };
  /** Ids of the batches that serve in a group. */
  groups: { [group: string]: string[] };
  /** How many nodes a group ever got: names are never used twice. */
  named: { [group: string]: number };
  fail: Failure | null;
}

export type Failure = 'join' | 'build';

export interface Batch {
  readonly id: string;
  readonly key?: string;
  readonly group: string;
  readonly nodes: readonly string[];
  /** Wall clock, ms. */
  readonly readyAt: number;
  readonly fails: boolean;
}

/** One mutating call, as it was answered. */
export interface LogLine {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly key?: string;
  readonly status: number;
}

const START_VERSION = 'v2.3.0';
const releases: readonly string[] = [START_VERSION, 'v2.4.0', 'v2.5.0'];
const sizes: Readonly<Record<string, number>> = { checkout: 4, web: 2, payments: 2, search: 2 };

export interface Store {
  readonly state: FleetState;
  /** Writes the state as it is now; readers see the old file or the new one, never half of one. */
  save(): void;
  log(line: LogLine): void;
  logged(): readonly LogLine[];
}

export function openStore(folder: string): Store {
  mkdirSync(folder, { recursive: true });
  const [stateFile, logFile] = [join(folder, 'state.json'), join(folder, 'log.jsonl')];
  // A file of an older fleet lacks what came since.
  const kept = existsSync(stateFile) ? (JSON.parse(readFileSync(stateFile, 'utf8')) as Partial<FleetState>) : {};
  const state: FleetState = { ...firstState(), ...kept };
  return {
    state,
    save: () => {
      writeFileSync(`${stateFile}.next`, JSON.stringify(state, null, 2));
      renameSync(`${stateFile}.next`, stateFile);
    },
    log: (line) => appendFileSync(logFile, `${JSON.stringify(line)}\n`),
    logged: () => (existsSync(logFile) ? linesOf(readFileSync(logFile, 'utf8')) : []),
  };
}

function firstState(): FleetState {
  const wanted = Object.fromEntries(
    Object.entries(sizes).map(([service, size]) => [service, Array.from({ length: size }, () => START_VERSION)]),
  );
  const released = Object.fromEntries(Object.keys(sizes).map((service) => [service, [...releases]]));
  return { wanted, released, batches: [], groups: {}, named: {}, fail: null };
}

/** The last line may have been cut by a crash; it was not answered then. */
function linesOf(text: string): readonly LogLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
}
