import { load, policyOf, problemsOf, head } from './helpers';
import { loadPolicy } from '../../src/policy/policy';

const environments = 'environments: { staging: {}, production: { after: [staging] } }\n';

describe('what cannot be meant fails the whole commit, with the line to look at', () => {
  test.each([
    [
      'an environment called services',
      'environments: { services: {} }',
      'an environment cannot be called "services"; configs/services holds service definitions',
    ],
    [
      'an environment after itself',
      'environments: { a: { after: [a] } }',
      '"a" comes after itself; break the circle of after',
    ],
    [
      'a circle of two',
      'environments: { a: { after: [b] }, b: { after: [a] } }',
      '"b" comes after itself; break the circle of after',
    ],
    [
      'an unknown environment in after',
      'environments: { staging: {}, production: { after: [stagin] } }',
      'there is no environment "stagin"; did you mean "staging"?',
    ],
    [
      'gated changes that nobody is asked about',
      'environments: {}\npolicy_changes: gated\napprovals: [{ name: x, require: none }]',
      'no approval rule asks anybody, so no change of this policy could ever bind; add a rule with when: change.kind == "policy"',
    ],
    [
      'an unknown window',
      'environments: { a: { windows: [ofice] } }\nwindows: { office: { days: mon, from: "09:00", to: "10:00" } }',
      'there is no window "ofice"; did you mean "office"?',
    ],
    [
      'an unknown team',
      `${environments}approvals: [{ name: x, require: [lead] }]`,
      'there is no team "lead"; did you mean "leads"?',
    ],
    [
      'a team of nobody',
      `environments: {}\nlabels: { x: { who: [nobody] } }`,
      'there is no team "nobody"; teams: security, leads, owners, oncall',
    ],
    ['no seat at all', `${environments}approvals: [{ name: x, require: [] }]`, '"require" needs at least 1 entries'],
    [
      'a seat for nobody',
      `${environments}approvals: [{ name: x, require: [{ team: leads, count: 0 }] }]`,
      '"count" has to be at least 1',
    ],
    [
      'a condition that is no CEL',
      `${environments}approvals: [{ name: x, when: "change.kind ==", require: [leads] }]`,
      'the condition `change.kind ==` cannot be used: it is not CEL from character 13 on: unexpected =',
    ],
    [
      'a condition that is not true or false',
      `${environments}approvals: [{ name: x, when: change.kind, require: [leads] }]`,
      'the condition `change.kind` cannot be used: it has to be true or false; compare it with something',
    ],
    [
      'a fact that nobody declared',
      `${environments}approvals: [{ name: x, when: 'change.risk == "high"', require: [leads] }]`,
      'the condition `change.risk == "high"` cannot be used: change has no field "risk"; ',
    ],
    [
      'a value that a fact never has',
      `${environments}facts: { declare: { risk: [low, high] }, rules: [{ set: { risk: hgih } }] }`,
      '"risk" cannot be "hgih"; it is one of: low, high',
    ],
    [
      'a rule for an undeclared fact',
      `${environments}facts: { declare: { risk: [low, high] }, rules: [{ set: { risc: high } }] }`,
      'the fact "risc" is not declared; did you mean "risk"?',
    ],
    [
      'a fact named like a field',
      `${environments}facts: { declare: { kind: bool } }`,
      '"change.kind" exists already; choose another name for the fact',
    ],
    [
      'hour 25',
      'environments: { a: { windows: [{ days: mon, from: "25:00", to: "26:00" }] } }',
      '25:00 is not a time of day',
    ],
    [
      'a window without length',
      'environments: { a: { windows: [{ days: mon, from: "09:00", to: "09:00" }] } }',
      'the window has no length; for a whole day write from: "00:00", to: "24:00"',
    ],
    [
      'days that are none',
      'environments: { a: { windows: [{ days: monday, from: "09:00", to: "10:00" }] } }',
      '"monday" are no days; write mon-thu, sat, [mon, wed], weekdays or all',
    ],
    [
      'a zone on Mars',
      'environments: { a: { windows: [{ days: mon, from: "09:00", to: "10:00", timezone: Mars/Olympus }] } }',
      '"Mars/Olympus" is not a time zone; write its IANA name, such as Europe/Berlin, or UTC',
    ],
    [
      '30 February',
      `${environments}freezes: [{ name: x, from: 2026-02-30, to: 2026-03-01 }]`,
      '2026-02-30 is not a day of the calendar',
    ],
    [
      'a freeze that ends before it begins',
      `${environments}freezes: [{ name: x, from: 2027-01-04, to: 2026-12-18 }]`,
      'the freeze "x" ends before it begins',
    ],
    ...(
      [
        ['a cron pattern that is none', '{ cron: "0 25 * * *", for: 1h }', '"0 25 * * *" cannot be used: '],
        [
          'a cron pattern that never happens',
          '{ cron: "0 0 30 2 *", for: 1h }',
          '"0 0 30 2 *" cannot be used: it never happens',
        ],
        ['a cron pattern with seconds', '{ cron: "0 0 0 1 1 *", for: 1h }', '"0 0 0 1 1 *" cannot be used: '],
        [
          'a cron pattern without a length',
          '{ cron: "0 6 * * mon" }',
          '"for" is missing: how long does it last?; add for: 3h',
        ],
        ['half a minute', '{ cron: "0 6 * * mon", for: 30s }', '30s cannot be used; write whole minutes, 1m to 31d'],
      ] as const
    ).flatMap(([what, rule, problem]): [string, string, string][] => [
      [`a window with ${what}`, `environments: { a: { windows: [${rule}] } }`, problem],
      [`a freeze with ${what}`, `${environments}freezes: [${rule.replace('{', '{ name: x,')}]`, problem],
    ]),
    [
      'a window of both kinds',
      'environments: { a: { windows: [{ cron: "0 6 * * mon", for: 1h, days: mon }] } }',
      '"cron" says when it opens, so "days" means nothing; keep one of the two',
    ],
    [
      'a weekly window with a length',
      'environments: { a: { windows: [{ days: mon, from: "09:00", to: "10:00", for: 1h }] } }',
      '"for" belongs to "cron", and this window has none; write from and to',
    ],
    [
      'a window without an end',
      'environments: { a: { windows: [{ days: mon, from: "09:00" }] } }',
      '"to" is missing; a window has days, from and to, or cron and for',
    ],
    [
      'a freeze of both kinds',
      `${environments}freezes: [{ name: x, cron: "0 6 * * mon", for: 1h, every: year }]`,
      '"cron" says when it begins, so "every" means nothing; keep one of the two',
    ],
    [
      'a freeze without days',
      `${environments}freezes: [{ name: x, from: 2026-12-18 }]`,
      '"to" is missing; a freeze has from and to, or cron and for',
    ],
    [
      'a day without a year',
      `${environments}freezes: [{ name: x, from: "12-18", to: "01-04" }]`,
      '12-18 is not a day of the calendar; add the year, or every: year',
    ],
    [
      'a year where none belongs',
      `${environments}freezes: [{ name: x, every: year, from: 2026-12-18, to: "01-04" }]`,
      '2026-12-18 is not a day of the calendar; with every: year write a day without a year, such as "12-18"',
    ],
    [
      '30 February of every year',
      `${environments}freezes: [{ name: x, every: year, from: "02-30", to: "03-01" }]`,
      '02-30 is not a day of the calendar',
    ],
    [
      'a freeze of the whole year',
      `${environments}freezes: [{ name: x, every: year, from: "02-01", to: "01-31" }]`,
      'the freeze "x" never ends, because it begins again before it is over',
    ],
    [
      'a freeze that begins again before it is over',
      `${environments}freezes: [{ name: x, cron: "0 0 * * *", for: 24h }]`,
      'the freeze "x" never ends, because it begins again before it is over',
    ],
    [
      'a condition of a freeze that names nothing',
      `${environments}freezes: [{ name: x, from: 2026-01-01, to: 2026-01-02, when: service.kind == "x" }]`,
      'the condition `service.kind == "x"` cannot be used',
    ],
    [
      'an exception for an unknown label',
      `${environments}freezes: [{ name: x, from: 2026-01-01, to: 2026-01-02, except: [hotfx] }]\nlabels: { hotfix: {} }`,
      '"hotfx" is neither a kind of work nor a label; did you mean "hotfix"?',
    ],
    [
      'a negative length of time',
      `${environments}approvals: [{ name: x, timeout: -1h, require: [leads] }]`,
      '"timeout" has to be a length of time such as 30s, 5m, 4h or 2d',
    ],
    [
      'an endless length of time',
      `${environments}approvals: [{ name: x, timeout: 1e400h, require: [leads] }]`,
      '"timeout" has to be a length of time such as 30s, 5m, 4h or 2d',
    ],
    [
      'a year',
      `${environments}approvals: [{ name: x, timeout: 365d, require: [leads] }]`,
      '365d is longer than policy can wait; write at most 90d',
    ],
    [
      'a channel that is a comment',
      'environments:\n  a:\n    channel: #deploys',
      '"channel" has no value; # starts a comment, so write it in quotes: channel: "#deploys"',
    ],
    [
      'two rules of one name',
      `${environments}approvals: [{ name: x, require: [leads] }, { name: x, require: [leads] }]`,
      'two approvals are called "x"',
    ],
  ])('%s', (_what, rules, message) => {
    const problems = problemsOf(rules);
    expect(problems.filter((problem) => problem.includes(message))).not.toEqual([]);
    expect(problems.every((problem) => /^policy\.yaml:\d+:\d+: /.test(problem))).toBe(true);
  });

  test('problems of meaning stand at their line', () => {
    const [problem] = problemsOf(
      `${environments}approvals:\n  - name: a\n    require: [leads]\n  - name: b\n    require: [leeds]\n`,
    );
    expect(problem).toContain(`policy.yaml:${head.split('\n').length + 5}:5: there is no team "leeds"`);
  });

  const slip = 'rules: [{ name: r, when: "true", message: "No.", levle: soft }]\n';
  const meant = 'approvals: [{ name: b, require: [leeds] }]\n';
  test('a key that nobody knows hides no problem of meaning, and the commit does not bind', () => {
    const problems = problemsOf(`${environments}${slip}${meant}`);
    expect(problems).toEqual([
      expect.stringMatching(/:\d+:\d+: unknown key "levle"; did you mean "level"\?/),
      expect.stringMatching(/there is no team "leeds"/),
    ]);
    expect(problemsOf(`${environments}${slip}`)).toEqual([expect.stringContaining('unknown key "levle"')]);
  });

  test('of a section that is only misspelt nothing is told that follows from that', () => {
    const problems = problemsOf(`${environments}window: { office: { days: mon-thu } }\n${meant}`);
    expect(problems).toEqual([expect.stringContaining('unknown key "window"; did you mean "windows"?')]);
  });

  test('a team that contains itself is told, and a union of unions is written out once', () => {
    const teams = (lines: string) =>
      loadPolicy({
        files: new Map([['policy.yaml', { text: `version: 1\nteams:\n${lines}environments: {}\n`, blob: '' }]]),
        commit: '',
      });
    expect(teams('  a: [b]\n  b: [a]\n').ok).toBe(false);
    const doubled = Array.from({ length: 40 }, (_, level) => `  t${level + 1}: [t${level}, t${level}]\n`).join('');
    const loaded = teams(`  t0: { users: [U1] }\n${doubled}`);
    expect(loaded.ok && loaded.policy.teams.get('t40')).toMatchObject({ groups: [], users: ['U1'] });
  });
});

describe('service definitions', () => {
  test.each([
    [
      'a name unlike its file',
      'configs/services/shop.yaml',
      'service: { name: shp }',
      'the service is called "shp" and its file "shop"; give both one name',
    ],
    [
      'an owner that is no team',
      'services/shop.yaml',
      'service: { name: shop, owner: owner }',
      'the owner "owner" is not a team of policy.yaml; did you mean "owners"?',
    ],
    [
      'a slip in a key that acts',
      'services/shop.yaml',
      'service: { name: shop, deployment: { requires_dual_aproval: true } }',
      'the key "requires_dual_aproval" does nothing; did you mean "requires_dual_approval"?',
    ],
    [
      'a blackout that ends first',
      'services/shop.yaml',
      'service: { name: shop, deployment: { blackout_windows: [{ start: 2026-02-02, end: 2026-02-01 }] } }',
      'the blackout ends before it starts',
    ],
    [
      'one service in two files',
      'services/web.yaml',
      'service: { name: web }',
      'the service "web" is defined in configs/services/web.yaml already',
    ],
  ])('%s', (_what, file, text, message) => {
    const problems = problemsOf('environments: {}', { [file]: text });
    expect(problems.filter((problem) => problem.startsWith(`${file}:1:`) && problem.includes(message))).not.toEqual([]);
  });

  test('keys of the organisation are kept, and the known maps are filled in for conditions', () => {
    const policy = policyOf('environments: {}', {
      'services/shop.yaml': 'service: { name: shop, tier: 1.10, kind: fleet }',
    });
    expect(policy.services.get('shop')?.document).toMatchObject({
      tier: 1.1,
      kind: 'fleet',
      compliance: {},
      deployment: { regions: [], requires_dual_approval: false },
      dependencies: { internal: [], external: [] },
    });
  });
});

describe('the rest of the repository', () => {
  test('files of other kinds are left alone and handed on, and what looks like a slip is a warning', () => {
    const loaded = load('environments: {}\nhandlers: [{ for: deploy, runbook: ship }]\n', {
      'runbooks/other.yaml': 'anything: [',
      'README.md': '#',
    });
    if (!loaded.ok) throw new Error('it should load');
    expect(loaded.policy.files.has('runbooks/other.yaml')).toBe(true);
    expect(loaded.policy.warnings.map(({ message }) => message)).toEqual(['there is no runbooks/ship.yaml']);
  });

  test('without policy.yaml there is no policy', () => {
    const loaded = loadPolicy({ files: new Map(), commit: '' });
    expect(!loaded.ok && loaded.problems[0]?.message).toBe('there is no policy.yaml at this commit');
  });

  test.each([
    ['policy.yaml is missing', {}],
    ['policy.yaml has a wrong shape', { 'policy.yaml': `${head}environments: {}\napprovals: 1\n` }],
  ])('what other files mean is judged although %s', (_, more: { readonly [path: string]: string }) => {
    const files = {
      ...more,
      'people.yaml': 'people:\n  U1: { accounts: [U9] }\n  U2: { accounts: [U9] }\n',
      'services/x.yaml':
        'service: { name: y, deployment: { blackout_windows: [{ start: 2026-02-30, end: 2026-03-01, reason: z }] } }',
    };
    const loaded = loadPolicy({
      files: new Map(Object.entries(files).map(([path, text]) => [path, { text, blob: path }])),
      commit: '',
    });

    const [, ...others] = loaded.ok ? [] : loaded.problems;
    expect(others.map(({ message }) => message)).toEqual([
      'the account U9 belongs to U1 already',
      'the service is called "y" and its file "x"',
      '2026-02-30 is not a day of the calendar',
    ]);
  });

  const delegate = (to: string, until: string) => ({
    'people.yaml': `people:\n  U1: { accounts: [U9], delegate: { to: ${to}, from: 2026-11-02, until: ${until} } }\n`,
  });
  test.each([
    ['by themselves', delegate('U1', '2026-11-03'), '2:37: U1 cannot sit in for themselves'],
    ['by another account of theirs', delegate('U9', '2026-11-03'), '2:37: U1 cannot sit in for themselves'],
    [
      'before it begins',
      delegate('U2', '2026-11-01'),
      '2:63: the delegation of U1 ends on 2026-11-01, before it begins',
    ],
  ])('a delegation that cannot be is told: %s', (_what, files, words) => {
    expect(problemsOf('environments: {}', files)).toEqual([expect.stringContaining(`people.yaml:${words}`)]);
    expect(problemsOf('environments: {}', delegate('U2', '2026-11-02'))).toEqual([]);
  });

  test('an account belongs to one person', () => {
    const problems = problemsOf('environments: {}', {
      'people.yaml': 'people:\n  U1: { accounts: [U9] }\n  U2: { accounts: [U9] }\n',
    });
    expect(problems).toEqual(['people.yaml:3:3: the account U9 belongs to U1 already; an account is one person']);
  });

  test('problems of all files are told at once', () => {
    const problems = problemsOf('environments: {}\napprovals: 1\n', {
      'people.yaml': 'people: 1',
      'services/x.yaml': 'service: 1',
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['policy.yaml', 'people.yaml', 'services/x.yaml']);
  });
});
