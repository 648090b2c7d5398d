import { startChild, workflowInfo } from '@temporalio/workflow';
import type { Notice } from '../src/messages/notice';
import { reading } from './activities';
import { TITLE_MEMO, WORKFLOWS, type TriggerInput } from './contract';
import { Courier } from './courier';
import type { operation } from './operation';

/**
 * A schedule or an event starts a runbook: asks for it under the policy then in force, and waits for its end, so that a
 * schedule knows what is still under way. The operation is one like any other and outlives this.
 */
export async function trigger({ runbook, timings, asked }: TriggerInput): Promise<string> {
  const { workflowId } = workflowInfo();
  const courier = new Courier({ owner: workflowId, timings });
  const end = async (tell: string | undefined, sentence: string): Promise<string> => {
    const notice: Notice = { kind: 'plain', text: sentence };
    if (tell !== undefined) courier.send({ kind: 'channel', channel: tell }, notice);
    await courier.close();
    return sentence;
  };
  const answer = asked
    ? { kind: 'asks' as const, ...asked }
    : await reading(timings).scheduledRequest({ runbook, firing: workflowId });
  if (answer.kind === 'void') return end(answer.tell, answer.sentence);
  const { request, title, tell } = answer;
  const child = await startChild<typeof operation>(WORKFLOWS.operation, {
    workflowId: request.body.id,
    args: [{ request, timings }],
    parentClosePolicy: 'ABANDON',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { [TITLE_MEMO]: title },
    staticSummary: title,
  });
  const outcome = await child.result();
  // Everything else has a card of its own, which says it.
  return outcome.kind === 'denied'
    ? end(tell, `${title} was to start by itself and was not allowed. ${outcome.sentence}`)
    : end(undefined, outcome.sentence);
}
