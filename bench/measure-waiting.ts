import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { cardCount, isCard, memoryOf, moreCards, nextCall, rest, warmUp, type Side, type Sides } from './side';

const lanes = 10;

/** Memory of many operations that wait for a vote, and whether the oldest of them still takes one. */
export async function measureWaiting({ ours, minimum }: Sides, settings: BenchSettings): Promise<Findings> {
  return { rows: [], notes: [...(await onSide(ours, settings)), ...(await onSide(minimum, settings))] };
}

async function onSide(side: Side, settings: BenchSettings): Promise<readonly string[]> {
  const posting = nextCall(side.slack, isCard, 'the first card');
  await warmUp(side);
  const { call: first } = await posting;
  const before = memoryOf(side.pids);
  const began = performance.now();
  const waiting = await askFor(side, settings);
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
    `${waiting} of ${settings.waiting} waiting operations, ${side.name}: ${programs.join('; ')}. They were started at ${pace} a second, card included.`,
    `A click on the oldest of them, ${side.name}: card updated after ${(await clickOn(side, first)).toFixed(0)} ms.`,
  ];
}

/** So many commands, or as many as fit into the time, each with its card; a bounded number of them under way. */
async function askFor(side: Side, { waiting, waitingWithinMs }: BenchSettings): Promise<number> {
  const before = cardCount(side);
  const deadline = performance.now() + waitingWithinMs;
  let asked = 0;
  const lane = async (): Promise<void> => {
    while (asked < waiting && performance.now() < deadline) {
      asked += 1;
      const { acked, error } = await side.ask(asked);
      if (!acked) throw new Error(`A command was not acknowledged: ${error}.`);
      // No more commands than cards: what is measured is waiting, not a queue of work.
      await moreCards(side, before, Math.max(0, asked - 2 * lanes), 120_000);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await moreCards(side, before, asked, 180_000);
  return asked;
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
