import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { cardCount, isCard, memoryOf, moreCards, nextCall, rest, type Side, type Sides } from './side';

const lanes = 40;
const warmUp = 100;

/** Memory of many operations that wait for a vote, and whether the oldest of them still takes one. */
export async function measureWaiting({ ours, minimum }: Sides, { waiting }: BenchSettings): Promise<Findings> {
  return { rows: [], notes: [...(await onSide(ours, waiting)), ...(await onSide(minimum, waiting))] };
}

async function onSide(side: Side, waiting: number): Promise<readonly string[]> {
  const posting = nextCall(side.slack, isCard, 'the first card');
  await askFor(side, warmUp);
  const { call: first } = await posting;
  await rest(5_000);
  const before = memoryOf(side.pids);
  const began = performance.now();
  await askFor(side, waiting);
  const seconds = (performance.now() - began) / 1_000;
  await rest(5_000);
  const after = memoryOf(side.pids);
  const programs = Object.keys(before).map((program) => {
    const more = after[program]! - before[program]!;
    const each = ((more * 1_024) / waiting).toFixed(1);
    return `${program} ${before[program]!.toFixed(0)} MB before, ${after[program]!.toFixed(0)} MB after (${each} kB each)`;
  });
  const pace = (waiting / seconds).toFixed(0);
  return [
    `${waiting} waiting operations, ${side.name}: ${programs.join('; ')}. They were started at ${pace} a second, card included.`,
    `A click on the oldest of them, ${side.name}: card updated after ${(await clickOn(side, first)).toFixed(0)} ms.`,
  ];
}

/** So many commands, a bounded number of them under way, until each has its card. */
async function askFor(side: Side, count: number): Promise<void> {
  const before = cardCount(side);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const { acked, error } = await side.ask(next);
      if (!acked) throw new Error(`A command was not acknowledged: ${error}.`);
      // No more commands than cards: what is measured is waiting, not a queue of work.
      await moreCards(side, before, Math.max(0, next - 2 * lanes), 120_000);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await moreCards(side, before, count, 180_000);
}

async function clickOn(
  side: Side,
  { args, result }: { args: Record<string, unknown>; result?: Record<string, unknown> },
) {
  const ts = String(result!.ts);
  const updating = nextCall(side.slack, (call) => call.method === 'chat.update' && call.args.ts === ts, 'an update');
  const clicked = performance.now();
  await side.approve({ channel: String(args.channel), ts });
  return (await updating).at - clicked;
}
