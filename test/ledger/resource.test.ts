import {
  applyResource,
  objectionTo,
  resourcesNamed,
  type ResourceChange,
  type ResourceState,
} from '../../src/resources/resource';

const about = {
  runbook: 'sandbox',
  owner: { kind: 'person', id: 'U0ANN' },
  inputs: {},
  data: 'kept',
  destroy: { how: 'undo' },
  teardown: 'a'.repeat(64),
  policyCommit: 'c'.repeat(40),
} as const;
const by = (operation: string, rest: object): ResourceChange =>
  ({ kind: 'sandbox', name: 'demo', operation, at: '2026-11-21T09:00:00.000Z', ...rest }) as ResourceChange;
const creating = (operation: string, fence?: number): ResourceChange =>
  by(operation, { change: 'creating', about, ...(fence !== undefined && { fence: { epoch: 1, number: fence } }) });
const from = (lane: string, operation: string, fence: number): ResourceChange =>
  ({ ...creating(operation, fence), lane }) as ResourceChange;
const after = (...changes: readonly ResourceChange[]): ResourceState | undefined =>
  changes.reduce<ResourceState | undefined>(applyResource, undefined);
const made = by('one', { change: 'made', outputs: { id: 'h-1' }, undoing: { paths: ['host'], outputs: {} } });

test('a life: begun, made, extended, begun to be destroyed, gone; each change twice is as once', () => {
  const life = [
    creating('one'),
    made,
    by('lease', { change: 'extended', of: 'one', expiresAt: '2026-11-25T09:00:00.000Z' }),
    by('two', { change: 'destroying' }),
    by('two', { change: 'destroyed' }),
  ];
  const twice = life.flatMap((change) => [change, change]);
  expect(after(...twice)).toEqual(after(...life));
  expect(after(...life)).toMatchObject({ status: 'destroyed', destroyedBy: 'two', outputs: { id: 'h-1' } });
  expect(after(...life.slice(0, 3))).toMatchObject({ status: 'live', expiresAt: '2026-11-25T09:00:00.000Z' });
});

test('only the operation that is at work says what came of it', () => {
  const live = after(creating('one'), made)!;
  for (const change of [by('other', { change: 'destroyed' }), by('other', { change: 'unmade' }), made])
    expect(applyResource(live, change)).toEqual(live);
  expect(applyResource(live, by('lease', { change: 'extended', of: 'former', expiresAt: 'later' }))).toEqual(live);
  const ending = applyResource(live, by('two', { change: 'destroying' }));
  expect(applyResource(ending, by('two', { change: 'stays' }))).toEqual(live);
  expect(applyResource(ending, by('two', { change: 'uncertain', because: 'no answer' }))).toMatchObject({
    status: 'uncertain',
    undoing: { paths: ['host'] },
  });
});

test.each<[string, ResourceState | undefined, ResourceChange, RegExp | undefined]>([
  ['the first of a name', undefined, creating('one'), undefined],
  ['a second while it is there', after(creating('one'), made), creating('two'), /there is a sandbox demo already/],
  ['a second while it is being made', after(creating('one')), creating('two'), /another operation \(one\) is at work/],
  ['the same once more', after(creating('one')), creating('one'), undefined],
  ['whoever has the lane after it', after(creating('one', 1)), creating('two', 2), undefined],
  ['whoever had the lane before it', after(creating('one', 2)), creating('two', 1), /at work/],
  ['a later holder of the same lane', after(from('servers', 'one', 1)), from('servers', 'two', 2), undefined],
  [
    'a holder of another lane, whose fence orders nothing here',
    after(from('servers', 'one', 1)),
    from('build', 'two', 2),
    /at work on the sandbox demo from another lane/,
  ],
  [
    'destroying from another lane',
    after(from('servers', 'one', 1)),
    { ...from('build', 'two', 9), change: 'destroying' } as ResourceChange,
    /from another lane/,
  ],
  ['after one that was written before lanes had names', after(creating('one', 1)), from('build', 'two', 2), undefined],
  ['destroying nothing', undefined, by('two', { change: 'destroying' }), /there is no sandbox demo any more/],
  ['saying what came of it', after(creating('one')), by('two', { change: 'destroyed' }), undefined],
])('whether it may be written: %s', (_what, known, change, says) => {
  const objection = objectionTo(change, known);
  if (says) expect(objection).toMatch(says);
  else expect(objection).toBeUndefined();
});

test('a word names what is there before what has gone, and a kind tells two of a name apart', () => {
  const live = after(creating('one'), made)!;
  const gone = { ...live, kind: 'database', status: 'destroyed' as const };
  expect(resourcesNamed([gone, live], 'demo')).toEqual([live]);
  expect(resourcesNamed([gone, live], 'database/demo')).toEqual([gone]);
  expect(resourcesNamed([{ ...gone, status: 'live' }, live], 'demo')).toHaveLength(2);
  expect(resourcesNamed([live], 'other')).toEqual([]);
});
