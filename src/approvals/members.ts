import type { Ballot, TeamMembers } from './ballot';

/** Somebody who counts for a team at an instant: by themselves, or sitting in for a person who is away. */
export interface Counted {
  readonly user: string;
  readonly sitsInFor?: string;
}

/**
 * The people of a team whom policy names, at an instant (ms): listed, on call then, and whoever sits in for one of them.
 * Who is in its Slack groups is Slack's to say. Plain data and pure: workflow code imports this file.
 */
export function namedMembers(ballot: Pick<Ballot, 'teams' | 'delegations' | 'persons'>, team: string, at: number) {
  const members = Object.hasOwn(ballot.teams, team) ? ballot.teams[team] : undefined;
  if (!members) return [];
  const own = [...members.users, ...onShift(members, at)];
  const delegates = (ballot.delegations ?? [])
    .filter((delegation) => isNow(delegation, at) && own.some((user) => personIn(ballot, user) === delegation.of))
    .map(({ to, of }): Counted => ({ user: to, sitsInFor: of }));
  const listed = [...new Set(own)].map((user): Counted => ({ user }));
  return [...listed, ...delegates.filter(({ user }) => !own.includes(user))];
}

/** Whom somebody sits in for at an instant (ms). */
export function awayFor(
  ballot: Pick<Ballot, 'delegations' | 'persons'>,
  account: string,
  at: number,
): readonly string[] {
  const person = personIn(ballot, account);
  return (ballot.delegations ?? [])
    .filter(
      (delegation) =>
        isNow(delegation, at) && (delegation.to === account || personIn(ballot, delegation.to) === person),
    )
    .map(({ of }) => of);
}

/** One person may have several accounts; policy's `people.yaml` says which are one. */
export function personIn({ persons }: Pick<Ballot, 'persons'>, account: string): string {
  return Object.hasOwn(persons, account) ? persons[account]! : account;
}

function onShift({ shifts = [] }: TeamMembers, at: number): readonly string[] {
  return shifts.filter(({ from, until }) => from <= at && at < until).map(({ user }) => user);
}

function isNow({ from, until }: { readonly from: number; readonly until: number }, at: number): boolean {
  return from <= at && at < until;
}

/** Who a team is apart from who is on call, which changes by the hour: a vote is judged by when it was given. */
export function lastingMembers({ groups, users }: TeamMembers): TeamMembers {
  return { groups, users };
}
