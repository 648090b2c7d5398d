import type { Client } from '@temporalio/client';
import { openReviewIn, type OpenReview } from '../../src/operation/review';
import { REVIEW_MEMO, WORKFLOWS } from '../../workflows/contract';
import { openAbout } from './open-about';

/** One is enough to refuse; more are only counted. */
const most = 20;

/**
 * Reviews of break-glass by any of these accounts that nobody has closed. From lists, which lag by a moment: the
 * operation asks again right before its first change. Throws when Temporal does not say in time.
 */
export async function openReviews(
  { client, waitMs }: { readonly client: Pick<Client, 'workflow' | 'withDeadline'>; readonly waitMs: number },
  accounts: readonly string[],
): Promise<readonly OpenReview[]> {
  const query = openAbout(WORKFLOWS.review, { requester: accounts });
  return client.withDeadline(Date.now() + waitMs, async () => {
    const found: OpenReview[] = [];
    for await (const { memo } of client.workflow.list({ query, pageSize: most })) {
      const review = openReviewIn(memo?.[REVIEW_MEMO]);
      if (review) found.push(review);
      if (found.length >= most) break;
    }
    return found;
  });
}
