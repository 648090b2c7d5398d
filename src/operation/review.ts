import type { Ballot } from '../approvals/ballot';

/** What a break-glass operation owes: somebody else looks at it afterwards. Part of its judgement. */
export interface ReviewDebt {
  /** One seat for anybody of those who may close it; whoever broke the glass is excluded. */
  readonly ballot: Ballot;
  /** Teams whose members may close it. */
  readonly reviewBy: readonly string[];
  /** Where it is announced, and where to instead. */
  readonly channels: readonly string[];
  readonly withinMs: number;
}

/** A review that nobody has closed yet, as lists and policy know it. */
export interface OpenReview {
  /** Id of the operation that it is about. */
  readonly operation: string;
  readonly title: string;
  /** Account of the person who broke the glass. */
  readonly by: string;
  readonly reviewBy: readonly string[];
  /** ISO 8601 UTC. */
  readonly openedAt: string;
  readonly dueAt: string;
}

/** The review that a memo tells of; undefined when it does not. */
export function openReviewIn(memo: unknown): OpenReview | undefined {
  if (typeof memo !== 'object' || memo === null) return undefined;
  const { operation, title, by, reviewBy, openedAt, dueAt } = memo as Partial<OpenReview>;
  const texts = [operation, title, by, openedAt, dueAt];
  return texts.every((text) => typeof text === 'string') && Array.isArray(reviewBy) ? (memo as OpenReview) : undefined;
}
