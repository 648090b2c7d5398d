import { infrastructureProblems, type Declared } from '../../src/infrastructure/declared';
import type { MadeBy } from '../../src/resources/resource';
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

const by = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'infrastructure-1']));

test.each<[string, number, MadeBy | undefined, string | undefined]>([
  ['the servers that were named', 2, by('db-3'), undefined],
  ['the same in another order', 1, by('db-3', 'db-2'), undefined],
  ['more than were named', 0, by('db-3'), 'typed for db-3, and by now the data of db-1, db-2, db-3 would be lost'],
  ['fewer than were named', 2, by('db-2', 'db-3'), 'typed for db-2, db-3, and by now the data of db-3 would be lost'],
  ['some, where none were named', 2, undefined, 'typed for no servers'],
  ['one of that name which was made anew', 2, { 'db-3': 'infrastructure-0' }, 'what is called db-3 now was made anew'],
])('a typed name stands for what it was typed for: %s', (_what, count, loses, sentence) => {
  const infrastructure = { confirmed: 'db', ...(loses && { loses }) };
  expect(infrastructureProblems({ infrastructure }, { declared: declared(count), resources })).toEqual(
    sentence === undefined ? [] : [expect.stringContaining(sentence)],
  );
});

test('a word that names no group is told what there is, and how an environment is asked about', () => {
  const about = { declared: declared(1), resources: [] };
  const [problem] = infrastructureProblems({ infrastructure: { group: 'staging' } }, about);
  expect(problem).toContain('there are: db. For an environment, write /provision servers in staging.');
  const [inOne] = infrastructureProblems({ infrastructure: { group: 'staging' }, environment: 'production' }, about);
  expect(inOne).not.toContain('For an environment');
});
