import type { Repository } from '../../src/policy/read-repository';
import { runbookSchema } from '../../src/runbooks/schema';
import { concerns, movedBetween, watchedHeads, type Pushed } from '../../src/triggers/push-watch';
import { pushedRunbook } from '../../src/triggers/pushed-runbook';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];

test.each<[string, readonly string[], readonly string[]]>([
  ['a name', ['main'], ['main']],
  ['a pattern', ['release/*'], ['release/1']],
  ['a pattern over folders', ['**'], ['feature/x/y', 'main', 'release/1']],
  ['no branch', ['mian'], []],
])('%s stands for branches', (_, branches, wanted) => {
  const all = { main: one, 'release/1': one, 'feature/x/y': two };
  expect(Object.keys(watchedHeads({ branches }, all)).sort()).toEqual(wanted);
});

test('more branches than can be watched are none', () => {
  const all = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`b${index}`, one]));
  expect(watchedHeads({ branches: ['*'] }, all)).toBe('501 branches have such names, and at most 500 can be watched.');
});

test.each<[string, object, object, readonly object[]]>([
  ['stands where it stood', { main: one }, { main: one }, []],
  ['moved', { main: one }, { main: two }, [{ branch: 'main', commit: two, before: one }]],
  ['is new', {}, { main: two }, [{ branch: 'main', commit: two }]],
  ['is gone', { main: one }, {}, []],
  ['is called like a part of JavaScript', {}, { constructor: two }, [{ branch: 'constructor', commit: two }]],
])('a branch that %s', (_, before, now, moved) => {
  expect(movedBetween({ ...before }, { ...now })).toEqual(moved);
});

test.each<[string, readonly string[], readonly string[] | undefined, boolean]>([
  ['no files are named', [], ['README.md'], true],
  ['one of them is watched', ['src/**'], ['README.md', 'src/a/b.ts'], true],
  ['none of them is watched', ['src/**'], ['README.md', 'lib/src/b.ts'], false],
  ['nobody knows them', ['src/**'], undefined, true],
])('a push concerns a runbook where %s', (_, watched, paths, expected) => {
  expect(concerns({ paths: watched }, { paths })).toBe(expected);
});

describe('what a push starts', () => {
  const push: Pushed = {
    branch: 'main',
    commit: two,
    before: one,
    authors: ['Kim', 'Lee', 'Ash', 'Jo'].map((name) => ({ name, email: `${name}@company.example` })),
    paths: ['src/app.ts'],
  };
  const made = (rule: object = {}, given: Partial<Pushed> = {}) => {
    const document = runbookSchema.parse({
      name: 'ship',
      on: { push: { branches: ['main'], owner: 'platform', ...rule } },
      steps: [{ uses: 'expect', with: { that: 'true' } }],
      inputs: { commit: { type: 'string', default: 'none' }, files: { type: 'integer', default: 0 } },
    });
    const repository = { runbooks: new Map([['ship', { file: 'runbooks/ship.yaml', document }]]) };
    const watch = { runbook: 'ship', repository: 'shop-code' };
    const about = { watch, push: { ...push, ...given }, key: 'run/1' };
    return pushedRunbook(repository as unknown as Repository, about, new Date('2026-11-02T09:00:00Z'));
  };

  test('is asked for by a machine, for a reason that names its authors, who do not approve it', () => {
    expect(made({ inputs: { commit: '${{ event.commit }}', files: '${{ size(event.paths) }}' } })).toMatchObject({
      runbook: 'ship',
      key: 'main 2222222222',
      cooldownMs: 0,
      request: {
        kind: 'runbook',
        inputs: { commit: two, files: 1 },
        requester: { kind: 'machine', id: 'push', via: 'push' },
        reason:
          'Started by the push of 2222222222 to main of shop-code, written by Kim, Lee, Ash and 1 more; platform answers for it.',
        wroteBy: push.authors,
      },
    });
  });

  test('says nothing of authors whom nobody knows', () => {
    const firing = made({}, { authors: undefined });
    expect(firing).toMatchObject({ request: { reason: expect.not.stringContaining('written') } });
    expect(firing).not.toHaveProperty('request.wroteBy');
  });

  test('is one matter by the key of the runbook', () => {
    expect(made({ key: 'event.branch', cooldown: '5m', per_day: 3 })).toMatchObject({
      key: 'main',
      cooldownMs: 300_000,
      perDay: 3,
    });
  });

  test('is nothing where its key or an input cannot be made from it', () => {
    expect(made({ key: 'event.paths[3]' })).toMatch(
      /^The push to main of shop-code started nothing, because the key of ship cannot be made from it \(.+\); platform can mend on: push\.$/,
    );
    expect(made({ inputs: { commit: '${{ event.paths[3] }}' } })).toMatch(
      /^The runbook ship was not started by the push of /,
    );
  });
});
