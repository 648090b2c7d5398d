import { openReviewIn, type OpenReview } from '../src/operation/review';
import { REVIEW_MEMO, WORKFLOWS } from '../workflows/contract';
import { listWorkflows, type LookDeps } from './looks';

/** Which break-glass nobody has looked at yet, the one that is due first at the top; one sentence each. */
export async function reviewLines(deps: LookDeps & { now(): Date }): Promise<readonly string[]> {
  const query = `WorkflowType = '${WORKFLOWS.review}' AND ExecutionStatus = 'Running'`;
  const found = await listWorkflows(deps, query);
  const open = found.flatMap(({ memo }) => openReviewIn(memo?.[REVIEW_MEMO]) ?? []);
  if (open.length === 0) return ['Every break-glass has been looked at.'];
  return [...open].sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1)).map((review) => sentenceOf(review, deps.now()));
}

function sentenceOf({ operation, title, by, reviewBy, dueAt }: OpenReview, now: Date): string {
  const overdue = Date.parse(dueAt) < now.getTime();
  const due = overdue ? `is overdue since ${minutes(dueAt)}` : `is due by ${minutes(dueAt)}`;
  return `• ${title} (${operation}), done by ${by}: its review by ${reviewBy.join(' or ')} ${due}; until it is closed, ${by} cannot break the glass again.`;
}

/** `2026-11-22 10:00 UTC` */
function minutes(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
