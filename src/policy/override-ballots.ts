import { digestOf } from '../canonical';
import { assignSeats } from '../approvals/seats';
import { lastingMembers } from '../approvals/members';
import type { Ballot, TeamMembers, Vote } from '../approvals/ballot';
import { listed } from './context';
import { delegationsAhead, rosterOf, type MembersOf } from './members';
import type { Policy, Service } from './policy';
import type { OverrideGate } from './verdict';

/** A gate that time opens is no reason to give up early, ms. */
const longestMs = 90 * 86_400_000;

/** Whoever overrode it may still wait for something else, and is asked about again before the first change. */
const aheadMs = 7 * 86_400_000;

/**
 * The ballot that overrides a soft rule: one seat for anybody of those who may. Its digest covers the plan and what the
 * rule says, so that an override is good for what was shown and for nothing else; equal contents give equal ids.
 * Who is on call and who sits in for whom goes by when the vote is given, so a handoff changes neither.
 */
export function overrideBallotFor(input: {
  readonly gate: OverrideGate;
  readonly policy: Policy;
  /** Whose owner may be meant. */
  readonly service?: Service;
  /** Code owners of the change, as far as they are known. */
  readonly world?: MembersOf['world'];
  readonly planDigest: string;
  readonly operationId: string;
  readonly excluded: Ballot['excluded'];
  readonly now: Date;
}): Ballot {
  const { gate, policy, planDigest, operationId, now } = input;
  const team = listed(gate.who, 'or');
  const timeoutMs = gate.until ? longestMs : gate.timeoutMs;
  const openMs = gate.until ? Math.min(longestMs, Math.max(0, Date.parse(gate.until) - now.getTime())) : timeoutMs;
  const roster = rosterOfAll(input, gate.who, openMs + aheadMs);
  const shown = {
    purpose: 'override' as const,
    rule: gate.rule,
    seats: [{ id: `${team}#1`, team }],
    teams: { [team]: roster },
    order: 'parallel' as const,
    excluded: gate.self ? input.excluded.filter(({ because }) => because !== 'requester') : input.excluded,
    timeoutMs,
    oneClick: false,
  };
  const lasting = { [team]: lastingMembers(roster) };
  const digest = digestOf({ format: 1, operationId, planDigest, message: gate.message, ...shown, teams: lasting });
  return {
    id: `o-${digest.slice(0, 12)}`,
    digest,
    ...shown,
    persons: policy.people.aliases,
    delegations: delegationsAhead(policy, { now, aheadMs: openMs + aheadMs, excluded: shown.excluded }),
    ladder: [],
    channels: [],
  };
}

/** Everybody of several teams, as one, from an instant on for `ahead` ms. */
function rosterOfAll(about: MembersOf, teams: readonly string[], ahead: number): TeamMembers {
  const all = teams.map((team) => rosterOf(about, team, ahead));
  const shifts = all.flatMap((one) => one.shifts ?? []);
  const missing = all.flatMap((one) => one.missing ?? []);
  return {
    groups: [...new Set(all.flatMap(({ groups }) => groups))],
    users: [...new Set(all.flatMap(({ users }) => users))],
    ...(shifts.length > 0 ? { shifts } : {}),
    ...(missing.length > 0 ? { missing: [...new Set(missing)].join(' ') } : {}),
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
