import type { DeliveryResult } from '../test/slack-rules';
import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { cardCount, moreCards, rest, type Side, type Sides } from './side';

/** Many commands in the same moment: how long each waited for its acknowledgement, and when every card was there. */
export async function measureBurst({ ours, minimum }: Sides, { burst, bursts }: BenchSettings): Promise<Findings> {
  const acks: { readonly [side in Side['name']]: number[] } = { ours: [], minimum: [] };
  const notes: string[] = [];
  for (let round = 0; round < bursts; round += 1)
    for (const side of round % 2 === 0 ? [ours, minimum] : [minimum, ours]) {
      const before = cardCount(side);
      const began = performance.now();
      const results = await atOnce(side, burst);
      const acked = acksIn(results);
      acks[side.name].push(...acked);
      await moreCards(side, before, acked.length, 180_000);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      notes.push(
        `${burst} at once, ${side.name}: ${acked.length} acknowledged in 3 s${await countsOf(side)}, all cards shown after ${seconds} s.`,
      );
      await rest(3_000);
    }
  return { rows: [{ what: `command → ack, ${burst} at once`, ...acks, aim: 1.3 }], notes };
}

/** More than fits: what was acknowledged in time, what was kept, and that nothing that was accepted is missing. */
export async function measureFlood({ ours, minimum }: Sides, settings: BenchSettings): Promise<Findings> {
  const acks: { readonly [side in Side['name']]: readonly number[] } = {
    ours: await flood(ours, settings.flood),
    minimum: [],
  };
  const notes = [await afterFlood(ours, acks.ours.length, settings)];
  const bare = await flood(minimum, settings.flood);
  notes.push(await afterFlood(minimum, bare.length, settings));
  const row = { what: `command → ack, ${settings.flood} at once`, ours: acks.ours, minimum: bare, aim: 1.3 };
  return { rows: [row], notes };
}

const flood = async (side: Side, count: number): Promise<readonly number[]> => acksIn(await atOnce(side, count));

async function afterFlood(side: Side, acked: number, settings: BenchSettings): Promise<string> {
  const began = performance.now();
  const wanted = await acceptedBy(side, acked);
  let there = 0;
  while (performance.now() - began < settings.floodWaitMs) {
    ({ count: there } = await side.client.workflow.count(`WorkflowType = '${side.workflow}'`));
    if (there >= wanted) break;
    await rest(1_000);
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  const missing = Math.max(0, wanted - there);
  return `${settings.flood} at once, ${side.name}: ${acked} acknowledged in 3 s${await countsOf(side)}; ${there} operations in Temporal ${seconds} s later; ${missing} accepted and lost.`;
}

/** Ours says which it took on or keeps, acknowledged in time or not; of the minimum only the acknowledgement is known. */
async function acceptedBy(side: Side, acked: number): Promise<number> {
  const { started = 0, kept = 0 } = await side.handedOver();
  return side.name === 'ours' ? started + kept : acked;
}

async function countsOf(side: Side): Promise<string> {
  const counts = Object.entries(await side.handedOver());
  return counts.length === 0 ? '' : ` (so far ${counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ')})`;
}

const atOnce = (side: Side, count: number): Promise<readonly DeliveryResult[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => side.ask(index)));

const acksIn = (results: readonly DeliveryResult[]): readonly number[] =>
  results.flatMap(({ acked, ackMs }) => (acked && ackMs !== undefined ? [ackMs] : []));
