import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { OpenReview } from '../../src/operation/review';
import { REVIEW_MEMO, reviewId, SEARCH_ATTRIBUTES, TITLE_MEMO, WORKFLOWS, type ReviewInput } from '../contract';
import { instant } from '../say';
import type { Life } from './life';
import type { Allowed } from './state';

/**
 * What break-glass owes is opened with its first side effect and lives on by itself, whatever becomes of the operation.
 */
export async function openReview(
  { facts, input, title }: Life,
  { review: debt, policyCommit }: Allowed,
): Promise<void> {
  const { request } = facts;
  if (!debt || request.requester.kind !== 'person') return;
  const now = Date.now();
  const review: OpenReview = {
    operation: request.id,
    title,
    by: request.requester.id,
    reviewBy: debt.reviewBy,
    openedAt: instant(now),
    dueAt: instant(now + debt.withinMs),
  };
  const { service, environment, reason, requestedAt } = request;
  const about = { service, environment, reason, day: requestedAt.slice(0, 10), policyCommit };
  const keyword = (name: string, value: string | undefined) =>
    value === undefined ? [] : [{ key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD), value }];
  try {
    await startChild<(asked: ReviewInput) => Promise<void>>(WORKFLOWS.review, {
      workflowId: reviewId(request.id),
      args: [{ review, debt, about, timings: input.timings }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      memo: { [TITLE_MEMO]: `Review of break-glass: ${title}`, [REVIEW_MEMO]: { ...review } },
      typedSearchAttributes: [
        ...keyword(SEARCH_ATTRIBUTES.kind.name, 'review'),
        ...keyword(SEARCH_ATTRIBUTES.state.name, 'waiting'),
        ...keyword(SEARCH_ATTRIBUTES.service.name, service),
        ...keyword(SEARCH_ATTRIBUTES.environment.name, environment),
        ...keyword(SEARCH_ATTRIBUTES.requester.name, request.requester.id),
      ],
    });
  } catch (error) {
    // A reset operation finds its review open already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
