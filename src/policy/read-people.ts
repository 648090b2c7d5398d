import { readDocument, type Problem } from '../documents/read-yaml';
import { peopleSchema, type PersonEntry } from './people-schema';
import type { PolicyFileText } from './policy';

/** Reads `people.yaml`: an account is one person, and whoever sits in for somebody is somebody else. */
export function readPeople(file: PolicyFileText | undefined): {
  readonly entries: ReadonlyMap<string, PersonEntry>;
  readonly problems: readonly Problem[];
} {
  if (!file) return { entries: new Map(), problems: [] };
  const document = readDocument({ file: 'people.yaml', text: file.text, schema: peopleSchema });
  if (!document.ok) return { entries: new Map(), problems: document.problems };
  const entries = new Map(Object.entries(document.value.people));
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const complain = (keys: readonly string[], message: string, hint: string): void => {
    const path = ['people', ...keys];
    const [line, column] = [document.lineOf(path), document.columnOf(path)];
    problems.push({ file: 'people.yaml', line, column, key: path.join('.'), message, hint });
  };
  for (const [person, entry] of entries) {
    const accounts = [person, ...(entry.accounts ?? [])];
    for (const account of accounts) {
      const other = owners.get(account);
      if (other !== undefined)
        complain([person], `the account ${account} belongs to ${other} already`, 'an account is one person');
      owners.set(account, person);
    }
    const { delegate } = entry;
    if (delegate && accounts.includes(delegate.to))
      complain(
        [person, 'delegate', 'to'],
        `${person} cannot sit in for themselves`,
        'name somebody else, or leave the delegation out',
      );
    if (delegate && delegate.until < delegate.from)
      complain(
        [person, 'delegate', 'until'],
        `the delegation of ${person} ends on ${delegate.until}, before it begins on ${delegate.from}`,
        'both days are inclusive',
      );
  }
  return { entries, problems };
}
