import type { World } from '../../src/policy/request';
import { judge, policyOf, problemsOf, rulesOf, seatsOf } from './helpers';

const rules = (when: string, more = ''): string => `environments: { production: {} }
facts:
  declare: { risk: [low, high] }
  migrations: ["db/migrate/**", "**/*.sql"]
  rules:
    - { set: { risk: high }, when: '${when}' }
${more}`;
const risk = (when: string, world: World, request: Parameters<typeof judge>[1] = {}) =>
  judge(policyOf(rules(when)), request, world).facts.risk;

const known: World = {
  change: {
    commit: 'c1',
    ref: 'refs/tags/v2',
    commits: 3,
    filesChanged: 2,
    linesAdded: 10,
    linesRemoved: 5,
    isStepBack: false,
    firstByAuthor: false,
  },
  paths: ['src/a.ts', 'docs/b.md'],
  incidents: [],
  history: [
    { service: 'web', environment: 'production', version: 'v1', succeededAt: '2026-11-22T09:30:00Z' },
    {
      service: 'web',
      environment: 'production',
      version: 'v9',
      succeededAt: '2026-11-24T09:30:00Z',
      rolledBackAt: '2026-11-24T09:40:00Z',
    },
    { service: 'bank', environment: 'production', version: 'v1', succeededAt: '2026-11-24T09:30:00Z' },
  ],
};
const incident = { id: 'i1', state: 'open' as never, severity: 'sev1' as never };

describe('a fact rule about the change', () => {
  test.each<[string, string, World, string]>([
    ['commits', 'change.commits > 2', {}, 'high'],
    ['few commits', 'change.commits > 3', {}, 'low'],
    ['files', 'change.files_changed >= 2', {}, 'high'],
    ['lines', 'change.lines_changed > 14 && change.lines_added == 10 && change.lines_removed == 5', {}, 'high'],
    ['paths', 'change.paths.exists(p, p.startsWith("src/"))', {}, 'high'],
    ['other paths', 'change.paths.exists(p, p.startsWith("infra/"))', {}, 'low'],
    ['a migration', 'change.has_migration', { paths: ['db/migrate/7/up.rb'] }, 'high'],
    ['no migration', 'change.has_migration', {}, 'low'],
    ['a step back', 'change.is_step_back', { change: { ...known.change, isStepBack: true } }, 'high'],
    ['a new author', 'change.first_by_author', { change: { ...known.change, firstByAuthor: true } }, 'high'],
    ['the kind of its name', 'change.ref.startsWith("refs/heads/")', {}, 'low'],
    ['hours, of the version that still counts', 'change.hours_since_last_success == 48', {}, 'high'],
    [
      'open incidents, of this service',
      'change.open_incidents > 0',
      { incidents: [{ ...incident, service: 'web' }] },
      'high',
    ],
    [
      'incidents of others',
      'change.open_incidents > 0',
      { incidents: [{ ...incident, service: 'bank' }, incident] },
      'low',
    ],
    [
      'incidents elsewhere',
      'change.open_incidents > 0',
      { incidents: [{ ...incident, service: 'web', environment: 'staging' }] },
      'low',
    ],
  ])('looks at %s', (_what, when, world, expected) => {
    expect(risk(when, { ...known, ...world })).toBe(expected);
  });

  test.each([
    'change.commits > 1000',
    'change.files_changed > 1000',
    'change.lines_added > 1000',
    'change.lines_removed > 1000',
    'change.lines_changed > 1000',
    'change.paths.exists(p, p == "never")',
    'change.has_migration',
    'change.is_step_back',
    'change.first_by_author',
    'change.ref == "never"',
    'change.commit == "never"',
    'change.hours_since_last_success > 100000',
    'change.open_incidents > 1000',
  ])('that cannot be told counts as the strictest: %s', (when) => {
    expect(risk(when, {})).toBe('high');
    expect(risk(when, { change: {} })).toBe('high');
    expect(risk(when, known)).toBe('low');
  });

  test.each([
    ['of one line', { change: { linesAdded: 1 } }],
    ['without a number of the plan', { plan: { destroys: 'unknown' as const } }],
  ])('takes nothing %s for zero', (_what, world) => {
    expect(risk('change.lines_changed > 1000 || plan.destroys > 1000', { ...known, ...world })).toBe('high');
  });

  test.each([
    ['everybody is known', { authors: ['ana@example.com'] }, 'low'],
    ['nobody knows', { authors: undefined }, 'high'],
    ['somebody is a stranger', { authors: ['ana@example.com', 'x@y'], strangers: ['X'] }, 'high'],
  ])('asks who wrote it: %s', (_what, request, expected) => {
    expect(risk('!change.authors_known', known, request)).toBe(expected);
  });
});

test('every point that raised a fact is told with its place, and a lower one as such', () => {
  const policy = policyOf(`environments: { production: {} }
facts:
  declare: { risk: [low, medium, high] }
  rules:
    - { set: { risk: medium }, when: environment.name == "production" }
    - { set: { risk: high }, when: change.commits > 2 }
    - { set: { risk: high }, when: change.lines_changed > 100 }
    - { set: { risk: medium }, when: change.files_changed > 0 }
`);
  expect(
    judge(policy, {}, { ...known, change: { commits: 3, filesChanged: 1 } }).why.map(({ message }) => message),
  ).toEqual([
    'risk is at least medium, because environment.name == "production" (policy.yaml:13).',
    'risk is high, because change.commits > 2 (policy.yaml:14).',
    expect.stringMatching(/^risk is high, because its rule at policy\.yaml:15 could not be evaluated: .*\.$/),
  ]);
});

describe('before the change is looked up', () => {
  const later: World = { plan: undefined, isChangeLater: true };

  test('a fact is at its strictest, and an approval that asks for the change is taken as asked for', () => {
    const policy = policyOf(
      rules('change.commits > 2', 'approvals:\n  - { name: big, when: change.commits > 50, require: [leads] }\n'),
    );
    expect(judge(policy, {}, later).facts.risk).toBe('high');
    expect(seatsOf(judge(policy, {}, later))).toEqual({ leads: 1 });
    expect(rulesOf(judge(policy, {}, { change: {} }))).toEqual(['big']);
  });

  test.each(['change.commits > 2', 'change.risk == "high"', 'plan.destroys > 0'])(
    'a rule of the company does not refuse by what it does not know yet: %s',
    (when) => {
      const policy = policyOf(
        rules(
          'change.commits > 2',
          `rules:\n  - { name: ours, when: '${when}', level: hard, message: Not like that. }\n`,
        ),
      );
      expect(rulesOf(judge(policy, {}, later))).toEqual([]);
      expect(rulesOf(judge(policy, {}, { plan: { destroys: 'unknown' }, change: {} }))).toEqual(['ours']);
    },
  );
});

describe('before the change is looked up, what hangs on it is left to the second verdict', () => {
  const first: World = { plan: undefined, isChangeLater: true };
  const small: World = { plan: {}, isChangeLater: false, change: { linesAdded: 1, linesRemoved: 1 } };
  const large: World = { ...small, change: { linesAdded: 900, linesRemoved: 1 } };
  const year = 'from: 2026-11-20, to: 2026-11-30';

  test.each(['change.risk == "high"', 'change.lines_changed > 500', 'plan.destroys > 0 || change.risk == "high"'])(
    'a freeze that refuses: %s',
    (when) => {
      const policy = policyOf(
        rules('change.lines_changed > 500', `freezes: [{ name: shut, ${year}, effect: deny, when: '${when}' }]\n`),
      );
      const asked = judge(policy, {}, first);
      expect([first, small, large].map((world) => rulesOf(judge(policy, {}, world)))).toEqual([[], [], ['shut']]);
      expect(asked.why.map(({ message }) => message)).toContainEqual(
        expect.stringMatching(/^Whether "shut" applies depends on the change/),
      );
    },
  );

  test('who wrote it, too', () => {
    const policy = policyOf(
      rules(
        '!change.authors_known',
        'rules: [{ name: ours, when: "!change.authors_known", message: Not like that. }]\n',
      ),
    );
    const request = { authors: undefined };
    expect(rulesOf(judge(policy, request, first))).toEqual([]);
    expect(rulesOf(judge(policy, { authors: ['ana@example.com'] }, small))).toEqual([]);
    expect(rulesOf(judge(policy, request, small))).toEqual(['ours']);
  });

  test.each(['change.kind == "deploy" || change.risk == "high"', 'change.risk == "high" || change.risk == "low"'])(
    'what holds however the change comes out refuses at once: %s',
    (when) => {
      const policy = policyOf(
        rules('change.lines_changed > 500', `freezes: [{ name: shut, ${year}, effect: deny, when: '${when}' }]\n`),
      );
      expect(rulesOf(judge(policy, {}, first))).toEqual(['shut']);
    },
  );

  test.each([
    ['nobody is asked', 'change.lines_changed < 10', 'none', { security: 1 }],
    ['nobody is asked, by a fact', 'change.risk == "low"', 'none', { security: 1 }],
    ['as many are asked', 'change.lines_changed < 10', '[leads]', { leads: 1 }],
    ['more are asked', 'change.lines_changed > 10', '[leads, oncall]', { leads: 1, oncall: 1 }],
  ])('of rules that may apply the strictest is told: %s', (_what, when, require, seats) => {
    const policy = policyOf(
      rules(
        'change.lines_changed > 500',
        `approvals: [{ name: unsure, when: '${when}', require: ${require} }, { name: rest, require: [security] }]\n`,
      ),
    );
    const asked = judge(policy, {}, first);
    expect(seatsOf(asked)).toEqual(seats);
    expect(asked.why.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Whether "unsure" applies depends on the change/),
    );
  });

  test('a rule behind one that may apply refuses nothing by what is broken in it', () => {
    const policy = policyOf(
      rules(
        'change.lines_changed > 500',
        'approvals: [{ name: a, when: change.lines_changed < 10, require: [leads] }, { name: b, when: change.open_incidents > 0, require: [security] }]\n',
      ),
    );
    expect(rulesOf(judge(policy, {}, first))).toEqual([]);
    expect(rulesOf(judge(policy, {}, large))).toEqual(['b']);
  });
});

describe('who wrote it', () => {
  const policy = policyOf('environments: { production: {} }\nunknown_authors: extra_seat\n');

  test.each([
    ['known people', { authors: ['ana@example.com'] }, {}],
    ['nobody', { authors: [] }, {}],
    ['nobody knows whom', { authors: undefined }, { owners: 1 }],
    ['a stranger', { authors: ['x@y'], strangers: ['X'] }, { owners: 1 }],
    ['a stranger whom somebody who asks by hand names', { authors: ['x@y'] }, { owners: 1 }],
    ['a name in capitals that is no account', { authors: ['UWE'] }, { owners: 1 }],
  ])('%s', (_what, request, seats) => {
    expect(seatsOf(judge(policy, request, known))).toEqual(seats);
  });
});

describe('the place of the code', () => {
  const service = (keys: string) => ({
    'configs/services/shop.yaml': `service:\n  name: shop\n  owner: owners\n${keys}`,
  });
  const empty = 'environments: { production: {} }\n';

  test('is read with the folder and the name of its tags', () => {
    const policy = policyOf(
      empty,
      service('  repository: shop-code\n  path: services/shop/\n  version_tag: "shop-{version}"\n'),
    );
    expect(policy.services.get('shop')?.code).toEqual({
      connection: 'shop-code',
      path: 'services/shop',
      versionTag: 'shop-{version}',
    });
  });

  test.each([
    ['a folder that climbs', '  path: services/../../etc\n', 'has to be a folder of the repository'],
    ['a folder from the root', '  path: /etc\n', 'has to be a folder of the repository'],
    ['a tag without a version', '  version_tag: latest\n', 'has to have {version} in it'],
    ['a slip', '  version_tags: "v{version}"\n', 'did you mean "version_tag"'],
  ])('is refused with %s', (_what, keys, problem) => {
    expect(problemsOf(empty, service(keys)).join('\n')).toContain(problem);
  });
});

test('what nothing fills cannot be named', () => {
  expect(problemsOf(rules('plan.commits > 1')).join()).toContain('plan has no field "commits"');
  expect(problemsOf(rules('change.has_migration').replace(/ {2}migrations.*\n/, '')).join()).toContain(
    'change has no field "has_migration"',
  );
});
