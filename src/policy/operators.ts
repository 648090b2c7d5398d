import type { Ballot } from '../approvals/ballot';
import type { Operators } from '../operation/authority';
import { teamsOf } from '../approvals/seats';
import { membersOf } from './members';
import type { Environment, Policy, Service } from './policy';

/**
 * Who may act on a running operation, by team: those that its ballots name, the service's owner, whoever is on call
 * (`break_glass.who`) and the company's `operators`; and, to abort only, those whom policy names for rollbacks.
 */
export function operatorsFor(input: {
  readonly policy: Policy;
  readonly service?: Service;
  readonly environment?: Environment;
  readonly ballots: readonly Ballot[];
  readonly now: Date;
}): Operators {
  const { policy, service, environment, ballots, now } = input;
  const everything = new Set([
    ...ballots.flatMap(({ seats }) => seats.flatMap(teamsOf)),
    ...(service?.owner === undefined ? [] : [service.owner]),
    ...(policy.file.break_glass?.who ?? []),
    ...(policy.file.operators ?? []),
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
