import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { memoryOf, processorTimeOf, rest, warmUp, type Side, type Sides } from './side';
import type { Tally } from './tally';

/** Many targets, so many at once: how close to the time in which they could be done at best, and what they cost. */
export async function measureFan(
  { ours, minimum, temporalPid }: Sides,
  settings: BenchSettings,
  tally: Tally,
): Promise<Findings> {
  const { targets, atOnce, targetMs } = settings;
  const ideal = Math.ceil(targets / atOnce) * targetMs;
  tally.eachTakes(targetMs);
  const found: { readonly [side in Side['name']]: number[] } = { ours: [], minimum: [] };
  const notes: string[] = [];
  for (const side of [ours, minimum]) {
    await warmUp(side);
    const before = memoryOf(side.pids);
    const used = processorTimeOf({ ...side.pids, temporal: temporalPid });
    const calls = tally.await(targets, ideal * 4 + 120_000);
    await side.fan();
    const times = await calls;
    const took = times.at(-1)! + targetMs - times[0]!;
    found[side.name].push(took);
    const after = memoryOf(side.pids);
    const memory = Object.keys(before).map(
      (name) => `${name} ${before[name]!.toFixed(0)} MB before, ${after[name]!.toFixed(0)} MB after`,
    );
    const processors = Object.entries(processorTimeOf({ ...side.pids, temporal: temporalPid })).map(
      ([name, ms]) => `${name} ${((ms - used[name]!) / 1_000).toFixed(1)} s`,
    );
    const part = ((ideal / took) * 100).toFixed(1);
    notes.push(
      `${targets} targets of ${targetMs} ms, ${atOnce} at once, ${side.name}: ${(took / 1_000).toFixed(1)} s, which is ${part} % of the ideal pace (${ideal / 1_000} s); ${memory.join('; ')}; processor time: ${processors.join(', ')}.`,
    );
    await rest(3_000);
  }
  return { rows: [{ what: `${targets} targets, ${atOnce} at once`, ...found, aim: 1.1 }], notes };
}
