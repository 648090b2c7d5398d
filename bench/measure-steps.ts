import { randomUUID } from 'node:crypto';
import { runnerQueue } from '../workflows/contract';
import type { RunInput } from '../workflows/run/state';
import { BARE_QUEUE, type SameSteps } from './minimum-contract';
import type { Findings } from './report';
import type { BenchSettings } from './settings';
import { rest, type Side, type Sides } from './side';
import type { Tally } from './tally';

type Way = 'ours' | 'minimum' | 'by hand';

/**
 * Time from one step's call to the next one's, as the server sees it that they call. Ours is held against a workflow by
 * hand with the same activities on the same runner, and against one whose only activity is the call, in its own worker.
 */
export async function measureSteps({ ours, minimum }: Sides, settings: BenchSettings, tally: Tally): Promise<Findings> {
  const gaps: { readonly [way in Way]: number[] } = { ours: [], minimum: [], 'by hand': [] };
  const ways: readonly Way[] = ['ours', 'by hand', 'minimum'];
  for (let run = 0; run < settings.runs; run += 1)
    for (const way of run % 2 === 0 ? ways : [...ways].reverse()) {
      if (way === 'by hand' && gaps.ours.length === 0) continue;
      const calls = tally.await(settings.steps, 120_000);
      if (way === 'by hand') await sameByHand(ours);
      else await (way === 'ours' ? ours : minimum).run();
      const times = await calls;
      gaps[way].push(...times.slice(1).map((time, index) => time - times[index]!));
      // The last edits of the card, and the outcome in the ledger.
      await rest(1_500);
    }
  return {
    rows: [
      { what: 'one step to the next, same activities', ours: gaps.ours, minimum: gaps['by hand'], aim: 1.1 },
      { what: 'one step to the next, a bare call', ours: gaps.ours, minimum: gaps.minimum },
    ],
    notes: [],
  };
}

/** Calls the steps of the newest run of ours once more, by a workflow that does nothing else. */
async function sameByHand({ client }: Side): Promise<void> {
  const { plan, operationId, late, timings } = await newestRun(client);
  const args: [SameSteps] = [
    {
      taskQueue: runnerQueue(plan.steps[0]!.pool),
      heartbeatMs: timings.heartbeatMs,
      timeoutMs: plan.steps[0]!.timeoutMs,
      steps: plan.steps.map(({ path }) => ({
        planDigest: plan.digest,
        path,
        mode: 'do',
        outputs: {},
        key: `${operationId}/${path}`,
        late,
      })),
    },
  ];
  await client.workflow.start('bareSteps', { workflowId: randomUUID(), taskQueue: BARE_QUEUE, args });
}

async function newestRun(client: Side['client']): Promise<RunInput> {
  let newest: { readonly workflowId: string; readonly startTime: Date } | undefined;
  for await (const each of client.workflow.list({ query: 'WorkflowType = "run"' }))
    if (!newest || each.startTime > newest.startTime) newest = each;
  if (!newest) throw new Error('There is no run of ours to repeat.');
  const { events } = await client.workflow.getHandle(newest.workflowId).fetchHistory();
  const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return JSON.parse(Buffer.from(payload!.data!).toString('utf8')) as RunInput;
}
