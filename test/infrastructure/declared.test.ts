import { infrastructureProblems, type Declared } from '../../src/infrastructure/declared';
import { group, server } from '../helpers/declared-servers';

const declared = (count: number): Declared => ({
  kind: 'read',
  commit: 'e'.repeat(40),
  branch: 'main',
  groups: [group({ name: 'db', count, data: true })],
  sources: [{ path: 'infrastructure/servers.yaml', blob: 'b'.repeat(40) }],
  authors: [],
});
const resources = ['db-1', 'db-2', 'db-3'].map((name) => server(name, { data: 'lost' }));

test.each<[string, number, readonly string[] | undefined, string | undefined]>([
  ['the servers that were named', 2, ['db-3'], undefined],
  ['the same in another order', 1, ['db-3', 'db-2'], undefined],
  ['more than were named', 0, ['db-3'], 'typed for db-3, and by now the data of db-1, db-2, db-3 would be lost'],
  ['fewer than were named', 2, ['db-2', 'db-3'], 'typed for db-2, db-3, and by now the data of db-3 would be lost'],
  ['some, where none were named', 2, undefined, 'typed for no servers'],
])('a typed name stands for what it was typed for: %s', (_what, count, loses, sentence) => {
  const infrastructure = { confirmed: 'db', ...(loses && { loses }) };
  expect(infrastructureProblems({ infrastructure }, { declared: declared(count), resources })).toEqual(
    sentence === undefined ? [] : [expect.stringContaining(sentence)],
  );
});
