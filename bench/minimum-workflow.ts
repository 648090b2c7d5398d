import { condition, defineUpdate, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunnerActivities } from '../src/operation/runner-ports';
import { BARE_APPROVE, type BareActivities, type SameSteps } from './minimum-contract';

const { postCard, updateCard, callOut } = proxyActivities<BareActivities>({ startToCloseTimeout: '1 minute' });

/** A card, a click, the card updated. */
export async function bare({ channel, text }: { readonly channel: string; readonly text: string }): Promise<void> {
  let by: string | undefined;
  setHandler(defineUpdate<void, [string]>(BARE_APPROVE), (user) => {
    by = user;
  });
  const card = await postCard({ channel, text, workflowId: workflowInfo().workflowId });
  await condition(() => by !== undefined);
  await updateCard({ card, text: `${text} was approved by <@${by}>.` });
}

/** So many calls, one after the other. */
export async function bareRun({ url, count }: { readonly url: string; readonly count: number }): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await callOut({ url: `${url}/${index}`, key: `${workflowInfo().workflowId}/${index}` });
}

/** The same activities as a run of ours, on the same runner, without anything around them. */
export async function bareSteps({ taskQueue, heartbeatMs, timeoutMs, steps }: SameSteps): Promise<void> {
  const options = { taskQueue, startToCloseTimeout: timeoutMs, heartbeatTimeout: heartbeatMs };
  const { runStep } = proxyActivities<RunnerActivities>(options);
  for (const step of steps) await runStep(step);
}

/** A call for each of so many targets, so many at once: no undo, no checkpoint, no limit of failures. */
export async function bareFan(spec: {
  readonly url: string;
  readonly count: number;
  readonly atOnce: number;
}): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < spec.count) {
      const index = next;
      next += 1;
      await callOut({ url: `${spec.url}/${index}`, key: `${workflowInfo().workflowId}/${index}` });
    }
  };
  await Promise.all(Array.from({ length: spec.atOnce }, work));
}
