import * as fc from 'fast-check';
import {
  differenceOf,
  isEmptyDifference,
  losingGroups,
  type GroupDifference,
} from '../../src/infrastructure/difference';
import type { ServerGroup } from '../../src/infrastructure/read';
import type { ResourceState } from '../../src/resources/resource';
import { group, server } from '../helpers/declared-servers';

/** `+web-3 (web-1)` is created in place of web-1; `-web-2 fewer` is removed; `=web-1` stays. */
const shortly = (differences: readonly GroupDifference[]): readonly string[] =>
  differences.flatMap(({ kept, creates, removes, busy }) => [
    ...kept.map((name) => `=${name}`),
    ...creates.map(({ name, replaces }) => `+${name}${replaces ? ` (${replaces})` : ''}`),
    ...removes.map(({ name, because, losesData }) => `-${name} ${because}${losesData ? ' loses' : ''}`),
    ...busy.map(({ name, operation }) => `~${name} ${operation}`),
  ]);

test.each<[string, readonly ServerGroup[], readonly ResourceState[], readonly string[]]>([
  ['nothing is declared and nothing there', [], [], []],
  ['nothing is there', [group()], [], ['+web-1', '+web-2']],
  ['all are there', [group()], [server('web-2'), server('web-1')], ['=web-1', '=web-2']],
  ['one is missing', [group()], [server('web-2')], ['=web-2', '+web-1']],
  [
    'fewer are declared: the newest go',
    [group({ count: 1 })],
    [server('web-10'), server('web-2')],
    ['=web-2', '-web-10 fewer'],
  ],
  [
    'another type is declared: new ones come under new names, then the old ones go',
    [group({ type: 'cx32' })],
    [server('web-1'), server('web-2')],
    ['+web-3 (web-1)', '+web-4 (web-2)', '-web-1 type', '-web-2 type'],
  ],
  [
    'another region is declared for fewer',
    [group({ region: 'hel1', count: 1 })],
    [server('web-1'), server('web-2')],
    ['+web-3 (web-1)', '-web-1 region', '-web-2 region'],
  ],
  [
    'of two types the right one stays',
    [group()],
    [server('web-1', {}, { type: 'cx11' }), server('web-2')],
    ['=web-2', '+web-3 (web-1)', '-web-1 type'],
  ],
  ['its group is no longer declared', [], [server('web-1')], ['-web-1 undeclared']],
  [
    'nobody knows what is left of one',
    [group({ count: 1 })],
    [server('web-1', { status: 'uncertain' })],
    ['+web-2 (web-1)', '-web-1 unsure'],
  ],
  ['one has gone', [group({ count: 1 })], [server('web-1', { status: 'destroyed' })], ['+web-1']],
  [
    'one is being made',
    [group({ count: 1 })],
    [server('web-1', { status: 'creating', underWay: { operation: 'op', from: 'none' } })],
    ['=web-1', '~web-1 op'],
  ],
  [
    'one is being taken away',
    [group({ count: 1 })],
    [server('web-1', { status: 'destroying', underWay: { operation: 'op', from: 'live' } })],
    ['+web-2', '~web-1 op'],
  ],
  [
    'a name is taken by what no group declares',
    [group({ count: 1 })],
    [server('web-1', { declared: undefined })],
    ['+web-2'],
  ],
  [
    'data is lost: by what was recorded, whatever the file says now',
    [group({ count: 0 })],
    [server('web-1', { data: 'lost' })],
    ['-web-1 fewer loses'],
  ],
  [
    'data is lost by what is declared now',
    [group({ count: 0, data: true })],
    [server('web-1')],
    ['-web-1 fewer loses'],
  ],
])('%s', (_, groups, resources, expected) => {
  expect(shortly(differenceOf({ groups, resources }))).toEqual(expected);
});

test('each environment has its own servers, with its name in theirs', () => {
  const here = server('staging-web-1', { environment: 'staging' }, { group: 'web' });
  const groups = [group({ count: 1 })];
  expect(shortly(differenceOf({ groups, resources: [here], environment: 'staging' }))).toEqual(['=staging-web-1']);
  expect(shortly(differenceOf({ groups, resources: [here] }))).toEqual(['+web-1']);
  expect(shortly(differenceOf({ groups, resources: [here], environment: 'production' }))).toEqual([
    '+production-web-1',
  ]);
});

test('a server that nothing can take away stays, takes no place and keeps its name', () => {
  const left = { runbook: 'remove-server', inputs: ['id'] };
  const resources = [
    server('web-1'),
    server('web-2', { status: 'uncertain' }),
    server('old-1', { status: 'uncertain' }),
  ];
  const stuck = ['web-2', 'old-1'].map((name) => ({ name, ...left }));
  const differences = differenceOf({ groups: [group({ data: true })], resources, stuck });
  expect(shortly(differences)).toEqual(['=web-1', '+web-3']);
  expect(differences.map((each) => each.stuck.map(({ name }) => name))).toEqual([['old-1'], ['web-2']]);
  expect(losingGroups(differences)).toEqual([]);
});

test('only one group is looked at where one is named, and groups that lose data are told', () => {
  const groups = [group({ count: 0, data: true }), group({ name: 'db', count: 1 })];
  const resources = [server('web-1'), server('old-1')];
  expect(differenceOf({ groups, resources }).map(({ group: name }) => name)).toEqual(['db', 'old', 'web']);
  expect(losingGroups(differenceOf({ groups, resources }))).toEqual(['web']);
  expect(shortly(differenceOf({ groups, resources, only: 'db' }))).toEqual(['+db-1']);
  expect(differenceOf({ groups, resources, only: 'nothing' })).toEqual([]);
});

const names = ['web', 'db', 'cache'] as const;
const kinds = fc.constantFrom('cx22', 'cx32');
const regions = fc.constantFrom('fsn1', 'hel1');
const someGroups = fc
  .uniqueArray(
    fc.record({ name: fc.constantFrom(...names), count: fc.nat(5), type: kinds, region: regions, data: fc.boolean() }),
    { selector: ({ name }) => name },
  )
  .map((groups) => groups.map((each) => group(each)));
const someServers = fc
  .uniqueArray(
    fc.record({
      of: fc.constantFrom(...names),
      number: fc.integer({ min: 1, max: 9 }),
      type: kinds,
      region: regions,
      status: fc.constantFrom('live', 'uncertain', 'destroyed') as fc.Arbitrary<ResourceState['status']>,
      isLost: fc.boolean(),
    }),
    { selector: ({ of, number }) => `${of}-${number}`, maxLength: 15 },
  )
  .map((all) =>
    all.map(({ of, number, type, region, status, isLost }) =>
      server(`${of}-${number}`, { status, data: isLost ? 'lost' : 'kept' }, { group: of, type, region }),
    ),
  );

test('carried out, nothing is left to do, whatever was declared and whatever was there', () => {
  fc.assert(
    fc.property(
      someGroups,
      someServers,
      fc.option(fc.constantFrom(...names), { nil: undefined }),
      (groups, all, only) => {
        const differences = differenceOf({ groups, resources: all, only });
        const creates = differences.flatMap((each) => each.creates);
        const removes = differences.flatMap((each) => each.removes);
        const leaving = new Set(removes.map(({ name }) => name));
        const there = new Set(all.filter(({ status }) => status !== 'destroyed').map(({ name }) => name));
        // A new server never has the name of one that is there, and only what is there is removed, once.
        expect(creates.filter(({ name }) => there.has(name))).toEqual([]);
        expect(new Set(creates.map(({ name }) => name)).size).toBe(creates.length);
        expect([...leaving].every((name) => there.has(name))).toBe(true);
        expect(leaving.size).toBe(removes.length);
        if (only !== undefined) expect([...creates, ...removes].every((each) => each.group === only)).toBe(true);
        // What stays was as declared.
        for (const { kept, declared } of differences)
          for (const name of kept)
            expect(all.find((each) => each.name === name)).toMatchObject({
              status: 'live',
              declared: { type: declared!.type, region: declared!.region },
            });
        const after = [
          ...all.filter(({ name }) => !leaving.has(name) && !creates.some((each) => each.name === name)),
          ...creates.map(({ name, group: of, type, region }) => server(name, {}, { group: of, type, region })),
        ];
        expect(isEmptyDifference(differenceOf({ groups, resources: after, only }))).toBe(true);
        // The order in which the ledger tells them says nothing.
        expect(differenceOf({ groups, resources: [...all].reverse(), only })).toEqual(differences);
      },
    ),
    { numRuns: 300 },
  );
});
