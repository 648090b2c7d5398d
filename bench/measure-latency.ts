import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { isCard, nextCall, processorTimeOf, rest, type Side, type Sides } from './side';

interface Times {
  readonly ack: number[];
  readonly card: number[];
  readonly clickAck: number[];
  readonly update: number[];
}

/** One at a time, the sides in turn: command to acknowledgement and card, click to acknowledgement and changed card. */
export async function measureLatency({ ours, minimum }: Sides, settings: BenchSettings): Promise<Findings> {
  const times = { ours: none(), minimum: none() };
  let before = spent({ ours, minimum });
  for (let round = 0; round < settings.warmUp + settings.samples; round += 1) {
    const kept = round >= settings.warmUp;
    if (round === settings.warmUp) before = spent({ ours, minimum });
    // Whoever comes second pays for what the first left running, so they change places.
    for (const side of round % 2 === 0 ? [ours, minimum] : [minimum, ours])
      await once(side, { round, restMs: settings.restMs, into: kept ? times[side.name] : none() });
  }
  const after = spent({ ours, minimum });
  const row = (what: string, key: keyof Times, aim?: number) => ({
    what,
    ours: times.ours[key],
    minimum: times.minimum[key],
    aim,
  });
  return {
    rows: [
      row('command → ack', 'ack', 1.3),
      row('command → card', 'card', 1.25),
      row('click → ack', 'clickAck'),
      row('click → card updated', 'update', 1.25),
    ],
    notes: (['ours', 'minimum'] as const).map((side) => {
      const each = Object.entries(after[side]).map(
        ([program, ms]) => `${program} ${((ms - before[side][program]!) / settings.samples).toFixed(0)} ms`,
      );
      return `Processor time of one command and one click, ${side}: ${each.join(', ')}.`;
    }),
  };
}

const spent = ({ ours, minimum }: Pick<Sides, 'ours' | 'minimum'>) => ({
  ours: processorTimeOf(ours.pids),
  minimum: processorTimeOf(minimum.pids),
});

async function once(side: Side, how: { readonly round: number; readonly restMs: number; readonly into: Times }) {
  const { into, restMs } = how;
  const posting = nextCall(side.slack, isCard, 'a card');
  const typed = performance.now();
  await mustBeAcked(side.ask(how.round));
  into.ack.push(performance.now() - typed);
  const posted = await posting;
  into.card.push(posted.at - typed);
  await rest(restMs);
  const ts = String(posted.call.result!.ts);
  const updating = nextCall(side.slack, ({ method, args }) => method === 'chat.update' && args.ts === ts, 'an update');
  const clicked = performance.now();
  await mustBeAcked(side.approve({ channel: String(posted.call.args.channel), ts }));
  into.clickAck.push(performance.now() - clicked);
  into.update.push((await updating).at - clicked);
  await rest(restMs);
}

async function mustBeAcked(gesture: ReturnType<Side['ask']>): Promise<void> {
  const { acked, error } = await gesture;
  if (!acked) throw new Error(`A gesture was not acknowledged: ${error}.`);
}

const none = (): Times => ({ ack: [], card: [], clickAck: [], update: [] });
