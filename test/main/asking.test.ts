import { readRepository } from '../../src/policy/read-repository';
import { createAsking } from '../../src/main/asking';
import { examplePolicy } from '../helpers/company';

test('the catalogue offers runbooks that people may ask for, and knows handlers without offering them', async () => {
  const files = new Map(Object.entries(examplePolicy(7400)).map(([path, text]) => [path, { text, blob: path }]));
  const read = readRepository({ files, commit: 'c0ffee' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const current = async () => ({ repository: read.repository });
  const asking = createAsking({
    policy: { current } as never,
    ledger: { history: async () => [] },
    groupsOf: async () => [],
    heldBack: async () => ({}),
    standingOf: async () => 'member',
    now: () => new Date(),
  });

  const { runbooks, handlers } = await asking.catalogue();

  expect(runbooks.find(({ name }) => name === 'web')).toMatchObject({ folder: 'provision' });
  expect(runbooks.find(({ name }) => name === 'sandbox')).toMatchObject({ lease: { usual: '1d', most: '14d' } });
  // All of the example company's, whatever else it has by now: handlers are in the other list, and in that one only.
  expect(runbooks.map(({ name }) => name)).toEqual(expect.arrayContaining(['check-services', 'ship', 'web']));
  expect(runbooks.filter(({ name }) => handlers.some((handler) => handler.name === name))).toEqual([]);
  expect(handlers.map(({ name }) => name).sort()).toEqual([
    'create-server',
    'deliver-to-fleet',
    'remove-server',
    'set-fleet-share',
    'sync-service',
  ]);
});
