import type { PersonEntry } from './people-schema';

/** Who is who: one person may have several Slack accounts and Git names. */
export interface People {
  /** The person behind an account; an account that nobody lists is a person of its own. */
  personOf(account: string): string;
  /** Every Slack account of a person. */
  accountsOf(person: string): readonly string[];
  /** People behind a Git author name or address; several when it is ambiguous, none when it is unknown. */
  byGit(author: string): readonly string[];
  nameOf(account: string): string | undefined;
  zoneOf(account: string): string | undefined;
  /** Who sits in for whom; both days (`2026-11-21`) inclusive. */
  readonly delegations: readonly {
    readonly of: string;
    readonly to: string;
    readonly from: string;
    readonly until: string;
  }[];
  /** Further account -> person, for ballots. */
  readonly aliases: { readonly [account: string]: string };
}

/** An index over `people.yaml`. */
export function peopleOf(entries: ReadonlyMap<string, PersonEntry>): People {
  const aliases: Record<string, string> = {};
  const byGit = new Map<string, Set<string>>();
  for (const [person, entry] of entries) {
    for (const account of entry.accounts ?? []) aliases[account] = person;
    for (const author of [...(entry.git ?? []), ...(entry.email ? [entry.email] : [])]) {
      const key = author.toLowerCase();
      byGit.set(key, (byGit.get(key) ?? new Set()).add(person));
    }
  }
  const personOf = (account: string): string => (Object.hasOwn(aliases, account) ? aliases[account]! : account);
  const entryOf = (account: string): PersonEntry | undefined => entries.get(personOf(account));
  return {
    aliases,
    personOf,
    accountsOf: (person) => [person, ...(entries.get(person)?.accounts ?? [])],
    byGit: (author) => [...(byGit.get(author.toLowerCase()) ?? [])],
    nameOf: (account) => entryOf(account)?.name,
    zoneOf: (account) => entryOf(account)?.timezone,
    delegations: [...entries].flatMap(([of, { delegate }]) => (delegate ? [{ of, ...delegate }] : [])),
  };
}

/** People whom an author stands for: a Slack account, or whoever bears the name in Git. */
export function peopleCalled(people: People, author: string): readonly string[] {
  // Every id of Slack has a digit in it, so that a name in capitals is none.
  const isAccount = /^[UW](?=[A-Z]*\d)[A-Z0-9]+$/.test(author);
  return [...(isAccount ? [author] : []), ...people.byGit(author)];
}

/** Authors who are nobody that `people.yaml` knows. */
export function strangersAmong(people: People, authors: readonly string[]): readonly string[] {
  return authors.filter((author) => peopleCalled(people, author).length === 0);
}

/**
 * Every account that never counts for an operation: all of the requester's, and all of the authors'. Git names are
 * forgeable, so an author's name may exclude people but never count one; an ambiguous one excludes all who bear it.
 */
export function excludedAccounts(input: {
  readonly people: People;
  /** Slack user id of a requesting person; absent when a machine asked. */
  readonly requester?: string;
  /** Git author names and addresses, or Slack ids. */
  readonly authors?: readonly string[];
}): readonly { readonly id: string; readonly because: 'requester' | 'author' }[] {
  const { people } = input;
  const accounts = (account: string): readonly string[] => [
    ...new Set([account, ...people.accountsOf(people.personOf(account))]),
  ];
  const requesters = input.requester ? accounts(input.requester) : [];
  const authors = (input.authors ?? []).flatMap((author) => peopleCalled(people, author).flatMap(accounts));
  return [
    ...requesters.map((id) => ({ id, because: 'requester' as const })),
    ...[...new Set(authors)].filter((id) => !requesters.includes(id)).map((id) => ({ id, because: 'author' as const })),
  ];
}
