/** Where a ballot stands. `void`: another one replaces it. */
export type BallotStatus = 'open' | 'filled' | 'rejected' | 'expired' | 'void';

/** What may still be given to a ballot. */
export type BallotTakes = 'votes' | 'rejections' | 'nothing';

/**
 * What a ballot takes now. One whose seats are filled takes rejections until the first side effect, for as long as the
 * operation waits for a window, another ballot or its lane. Pure, and a part of the workflow bundle.
 */
export function ballotTakes(ballot: {
  readonly status: BallotStatus;
  /** Whether the first side effect is still ahead. */
  readonly work: 'ahead' | 'begun' | 'finished';
}): BallotTakes {
  if (ballot.work !== 'ahead') return 'nothing';
  if (ballot.status === 'open') return 'votes';
  return ballot.status === 'filled' ? 'rejections' : 'nothing';
}
