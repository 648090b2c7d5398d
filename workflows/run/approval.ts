import { ChildWorkflowCancellationType, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import type { ApprovalAsk, ApprovalResult } from '../../src/approvals/ask';
import type { JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import { WORKFLOWS } from '../contract';
import type { requestApproval } from '../request-approval';
import type { Carried } from './walk';
import type { Walker } from './walker';

type ApprovalTold = Pick<ApprovalAsk, 'from' | 'about' | 'channel' | 'timeout'> & {
  readonly fields?: { readonly [name: string]: string | number | boolean };
};

/** Asks people on a card of its own; whoever asked for the operation is who asks here, too. */
export async function askApproval(walker: Walker, step: StepOutline, told: JsonObject): Promise<Carried> {
  const { from, about, channel, timeout, fields = {} } = told as unknown as ApprovalTold;
  const { request } = walker.walk.input;
  const { environment } = request.body;
  const ask: ApprovalAsk = {
    title: step.name,
    about,
    from,
    ...(environment === undefined ? {} : { environment }),
    ...(channel === undefined ? {} : { channel }),
    ...(timeout === undefined ? {} : { timeout }),
    fields: { 'Part of': walker.walk.input.operationId, ...textOf(fields) },
    operation: request,
  };
  const result = await walker.under(step, () =>
    executeChild<typeof requestApproval>(WORKFLOWS.requestApproval, {
      workflowId: `${walker.keyOf(step)}/approval`,
      args: [ask],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_REQUESTED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `Approval in ${walker.walk.input.operationId}`.slice(0, 200),
    }),
  );
  return answerOf(step, result);
}

function answerOf(step: StepOutline, { decision, votes }: ApprovalResult): Carried {
  const told = { decision, votes: votes.map((vote) => ({ ...vote })) };
  if (decision === 'approved') {
    const by = votes.map((vote) => `<@${vote.by}>`);
    return { kind: 'done', told, summary: `approved by ${by.join(', ')}` };
  }
  const why = votes.find(({ reason }) => reason !== undefined)?.reason;
  const reason =
    decision === 'rejected'
      ? `It was rejected${why ? `: ${why}` : ''}.`
      : 'Nobody decided in time, so it does not go on.';
  return { kind: 'failed', failure: { step: step.name, reason } };
}

function textOf(fields: { readonly [name: string]: string | number | boolean }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
