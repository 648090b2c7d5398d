import type { Ballot } from '../approvals/ballot';
import type { Operators } from '../operation/authority';
import { teamsOf } from '../approvals/seats';
import { membersOf } from './members';
import type { Environment, Policy, Service } from './policy';
import type { Owner } from './resource-rights';

/**
 * Who may act on a running operation, by team: those that its ballots name, the service's owner, whoever is on call
 * (`break_glass.who`), the company's `operators`, and the team that answers for what started it; the person whose thing
 * it takes away; and, to abort only, those whom policy names for rollbacks.
 */
export function operatorsFor(input: {
  readonly policy: Policy;
  readonly service?: Service;
  readonly environment?: Environment;
  readonly ballots: readonly Ballot[];
  /** Team that answers for the trigger that started it. */
  readonly trigger?: string;
  /** Whose the thing is that it takes away. */
  readonly owner?: Owner;
  readonly now: Date;
}): Operators {
  const { policy, service, environment, ballots, trigger, owner, now } = input;
  const everything = new Set([
    ...ballots.flatMap(({ seats }) => seats.flatMap(teamsOf)),
    ...(service?.owner === undefined ? [] : [service.owner]),
    ...(policy.file.break_glass?.who ?? []),
    ...(policy.file.operators ?? []),
    ...(trigger === undefined ? [] : [trigger]),
  ]);
  const stoppers = service && environment ? (rollbackTeams({ policy, environment }) ?? []) : [];
  const onlyAbort = [...new Set(stoppers)].filter((team) => !everything.has(team));
  return {
    teams: [
      ...[...everything].map((team) => ({
        team,
        may: 'everything' as const,
        ...membersOf(policy, team, now, { service }),
      })),
      ...onlyAbort.map((team) => ({ team, may: 'abort' as const, ...membersOf(policy, team, now, { service }) })),
    ],
    ...(owner?.kind === 'person' && { owner: owner.id }),
    persons: policy.people.aliases,
  };
}

/** Teams that policy names for rollbacks, the service's owner aside; undefined when every full member may. */
export function rollbackTeams({
  policy,
  environment,
}: {
  readonly policy: Policy;
  readonly environment?: Environment;
}): readonly string[] | undefined {
  return policy.file.rollback?.who ?? environment?.request;
}
