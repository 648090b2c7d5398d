import type { Ballot, VoteBody } from './ballot';

/** How long before an approval its second factor may have been given. */
export const secondFactorMs = 5 * 60_000;

/**
 * Whether an approval lacks the fresh second factor that its ballot asks for. Both instants are of the bot that signed
 * the vote; one that cannot be read, or lies after the vote, is none.
 */
export function lacksSecondFactor(
  ballot: Pick<Ballot, 'secondFactor'>,
  { decision, at, secondFactor }: Pick<VoteBody, 'decision' | 'at' | 'secondFactor'>,
): boolean {
  if (!ballot.secondFactor || decision !== 'approve') return false;
  const age = Date.parse(at) - Date.parse(secondFactor?.at ?? '');
  return !(age >= 0 && age <= secondFactorMs);
}
