import type { DeliveryResult } from '../test/slack-rules';
import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { cardCount, rest, settled, warmUp, type Side, type Sides } from './side';

/** Many commands in the same moment: how long each waited for its acknowledgement, and when every card was there. */
export async function measureBurst({ ours, minimum }: Sides, settings: BenchSettings): Promise<Findings> {
  const { burst, bursts, cardsWithinMs: withinMs } = settings;
  const acks: { readonly [side in Side['name']]: number[] } = { ours: [], minimum: [] };
  const notes: string[] = [];
  for (const side of [ours, minimum]) await warmUp(side);
  for (let round = 0; round < bursts; round += 1)
    for (const side of round % 2 === 0 ? [minimum, ours] : [ours, minimum]) {
      const before = { cards: cardCount(side), counts: await side.handedOver() };
      const began = performance.now();
      const results = await atOnce(side, burst);
      acks[side.name].push(...acksIn(results));
      await rest(2_000);
      const counts = difference(before.counts, await side.handedOver());
      const wanted = takenOn(side, counts, burst);
      const cards = await cardsOf(side, { before: before.cards, wanted, withinMs });
      notes.push(
        `${burst} at once, ${side.name}: ${acksIn(results).length} acknowledged in 3 s${inWords(counts)}; ${cards.count} cards of ${wanted}, the last after ${((cards.last - began) / 1_000).toFixed(1)} s.`,
      );
    }
  return { rows: [{ what: `command → ack, ${burst} at once`, ...acks, aim: 1.3 }], notes };
}

/** More than fits: what was acknowledged in time, what was kept, and that nothing that was accepted is missing. */
export async function measureFlood({ ours, minimum }: Sides, settings: BenchSettings): Promise<Findings> {
  const notes: string[] = [];
  const acks: { readonly [side in Side['name']]: readonly number[] } = {
    // The minimum first: what ours has kept is handed over for minutes.
    minimum: await flood(minimum, settings, notes),
    ours: await flood(ours, settings, notes),
  };
  return { rows: [{ what: `command → ack, ${settings.flood} at once`, ...acks, aim: 1.3 }], notes };
}

async function flood(side: Side, settings: BenchSettings, notes: string[]): Promise<readonly number[]> {
  await warmUp(side);
  const before = { counts: await side.handedOver(), there: await operationsOf(side) };
  const acked = acksIn(await atOnce(side, settings.flood));
  const began = performance.now();
  // What came too late for Slack may still be on its way to Temporal or to Redis.
  await rest(5_000);
  const counts = difference(before.counts, await side.handedOver());
  const wanted = takenOn(side, counts, acked.length);
  let there = 0;
  while (performance.now() - began < settings.floodWaitMs) {
    there = (await operationsOf(side)) - before.there;
    if (there >= wanted) break;
    await rest(1_000);
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  const missing =
    there >= wanted ? 'none missing' : `${wanted - there} that were taken on not there yet (kept, or lost)`;
  notes.push(
    `${settings.flood} at once, ${side.name}: ${acked.length} acknowledged in 3 s${inWords(counts)}; ${there} operations in Temporal ${seconds} s later, ${missing}.`,
  );
  return acked;
}

/** Cards that came of a burst, waited for until they are all there or it takes too long; and when the last one came. */
async function cardsOf(
  side: Side,
  { before, wanted, withinMs }: { readonly before: number; readonly wanted: number; readonly withinMs: number },
): Promise<{ readonly count: number; readonly last: number }> {
  let [count, last] = [0, performance.now()];
  for (const deadline = last + withinMs; count < wanted && performance.now() < deadline; await rest(20)) {
    const now = cardCount(side) - before;
    if (now !== count) [count, last] = [now, performance.now()];
  }
  // What follows a card (the mention in its thread, the ledger) must not be the next one's burden.
  if (count >= wanted) await settled(side);
  return { count, last };
}

/** Ours says what it took on, acknowledged in time or not; of the minimum nothing is known but what it was asked. */
const takenOn = (side: Side, { started = 0, kept = 0 }: Counts, otherwise: number): number =>
  side.name === 'ours' ? started + kept : otherwise;

async function operationsOf(side: Side): Promise<number> {
  return (await side.client.workflow.count(`WorkflowType = '${side.workflow}'`)).count;
}

type Counts = Awaited<ReturnType<Side['handedOver']>>;

const difference = (before: Counts, after: Counts): Counts =>
  Object.fromEntries(Object.entries(after).map(([outcome, count]) => [outcome, count - (before[outcome] ?? 0)]));

function inWords(counts: Counts): string {
  const words = Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

const atOnce = (side: Side, count: number): Promise<readonly DeliveryResult[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => side.ask(index)));

const acksIn = (results: readonly DeliveryResult[]): readonly number[] =>
  results.flatMap(({ acked, ackMs }) => (acked && ackMs !== undefined ? [ackMs] : []));
