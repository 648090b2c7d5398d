import { digestOf } from '../canonical';
import { assignSeats } from '../approvals/seats';
import type { Ballot, Vote } from '../approvals/ballot';
import { listed } from './context';
import { membersOf } from './members';
import type { Policy } from './policy';
import type { OverrideGate } from './verdict';

/** A gate that time opens is no reason to give up early, ms. */
const longestMs = 90 * 86_400_000;

/**
 * The ballot that overrides a soft rule: one seat for anybody of those who may. Its digest covers the plan and what the
 * rule says, so that an override is good for what was shown and for nothing else; equal contents give equal ids.
 */
export function overrideBallotFor(input: {
  readonly gate: OverrideGate;
  readonly policy: Policy;
  readonly planDigest: string;
  readonly operationId: string;
  readonly excluded: Ballot['excluded'];
  readonly now: Date;
}): Ballot {
  const { gate, policy, planDigest, operationId, now } = input;
  const team = listed(gate.who, 'or');
  const shown = {
    purpose: 'override' as const,
    rule: gate.rule,
    seats: [{ id: `${team}#1`, team }],
    teams: { [team]: unionOf(policy, gate.who, now) },
    order: 'parallel' as const,
    excluded: gate.self ? input.excluded.filter(({ because }) => because !== 'requester') : input.excluded,
    timeoutMs: gate.until ? longestMs : gate.timeoutMs,
    oneClick: false,
  };
  const digest = digestOf({ format: 1, operationId, planDigest, message: gate.message, ...shown });
  return { id: `o-${digest.slice(0, 12)}`, digest, ...shown, persons: policy.people.aliases, ladder: [], channels: [] };
}

/** Everybody of several teams, as one. */
export function unionOf(policy: Policy, teams: readonly string[], now: Date): Ballot['teams'][string] {
  const all = teams.map((team) => membersOf(policy, team, now));
  return {
    groups: [...new Set(all.flatMap(({ groups }) => groups))],
    users: [...new Set(all.flatMap(({ users }) => users))],
  };
}

/** Gates with those opened whose ballot these votes fill. */
export function overridden<G extends { readonly holds: boolean; readonly ballot?: string }>(
  gates: readonly G[],
  { ballots, votes }: { readonly ballots: readonly Ballot[]; readonly votes: readonly Vote[] },
): readonly G[] {
  const filled = new Set(ballots.filter((ballot) => assignSeats({ ballot, votes }).complete).map(({ id }) => id));
  return gates.map((gate) => (gate.ballot !== undefined && filled.has(gate.ballot) ? { ...gate, holds: true } : gate));
}
