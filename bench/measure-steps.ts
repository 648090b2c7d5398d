import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { rest, type Side, type Sides } from './side';
import type { Tally } from './tally';

/** Time from one step's call to the next one's, as the server sees it that they call. */
export async function measureSteps({ ours, minimum }: Sides, settings: BenchSettings, tally: Tally): Promise<Findings> {
  const gaps: { readonly [side in Side['name']]: number[] } = { ours: [], minimum: [] };
  for (let run = 0; run < settings.runs; run += 1)
    for (const side of run % 2 === 0 ? [ours, minimum] : [minimum, ours]) {
      const calls = tally.await(settings.steps, 120_000);
      await side.run();
      const times = await calls;
      gaps[side.name].push(...times.slice(1).map((time, index) => time - times[index]!));
      // The last edits of the card, and the outcome in the ledger.
      await rest(1_500);
    }
  return { rows: [{ what: 'one step to the next', ...gaps, aim: 1.1 }], notes: [] };
}
