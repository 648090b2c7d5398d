import type { PolicyRequest } from '../../../src/policy/evaluate';
import { gatesOf, judge, person, policyOf, problemsOf, rulesOf, seatsOf } from '../helpers';

const places = 'environments: { production: {}, staging: {} }\n';

/** A service of its own under what a test needs. */
const service = (compliance: string, more = '') => ({
  'configs/services/vault.yaml': `service:\n  name: vault\n  owner: owners\n  compliance: { ${compliance} }\n${more}`,
});

const about = { service: 'vault', reason: 'the interest rate' } as const;

interface Case {
  readonly compliance: string;
  readonly more?: string;
  readonly rules?: string;
  readonly request?: Partial<PolicyRequest>;
}

/** What would be allowed but for one thing: the rule that is named alone refuses it. */
const refusedBy: readonly (readonly [string, string, Case])[] = [
  [
    'a change of books without a business justification',
    'sox',
    { compliance: 'sox: required', request: { reason: ' ' } },
  ],
  [
    'an author who asks, where three people are wanted',
    'sox',
    {
      compliance: 'sox: required',
      rules: 'compliance: { sox: { segregation: three_people } }\n',
      request: { authors: ['ana@example.com'] },
    },
  ],
  [
    'an author who asks by another account of theirs',
    'sox',
    {
      compliance: 'sox: required',
      rules: 'compliance: { sox: { segregation: three_people } }\n',
      request: { authors: ['ana@example.com'], requester: person('U0ANA2') },
    },
  ],
  [
    'a change whose authors nobody knows, where three people are wanted',
    'sox',
    {
      compliance: 'sox: required',
      rules: 'compliance: { sox: { segregation: three_people } }\n',
      request: { authors: undefined },
    },
  ],
  [
    'an author whom nobody knows, who may be the one who asks, where three people are wanted',
    'sox',
    {
      compliance: 'sox: required',
      rules: 'compliance: { sox: { segregation: three_people } }\n',
      request: { authors: ['lee@example.com', 'ana@home.example'] },
    },
  ],
  [
    'a change of a card service without a reason',
    'pci_dss',
    { compliance: 'pci_dss: level_2', request: { reason: undefined } },
  ],
  [
    'an author of a card service who asks, where three people are wanted',
    'pci_dss',
    {
      compliance: 'pci_dss: level_1',
      rules: 'compliance: { pci_dss: { segregation: three_people } }\n',
      request: { authors: ['ana@example.com'] },
    },
  ],
  [
    'a region outside of where personal data may be',
    'gdpr',
    {
      compliance: 'gdpr: enabled, privacy_assessment: { date: 2026-03-01 }',
      more: '  deployment: { regions: [eu-west-1, us-east-1] }\n',
      rules: 'compliance: { gdpr: { regions: ["eu-*"] } }\n',
    },
  ],
  [
    'no region at all',
    'gdpr',
    {
      compliance: 'gdpr: enabled, privacy_assessment: { date: 2026-03-01 }',
      rules: 'compliance: { gdpr: { regions: ["eu-*"] } }\n',
    },
  ],
  [
    'no privacy assessment',
    'gdpr',
    {
      compliance: 'gdpr: enabled',
      more: '  deployment: { regions: [eu-west-1] }\n',
      rules: 'compliance: { gdpr: { regions: ["eu-*"] } }\n',
    },
  ],
  [
    'a privacy assessment that is too old',
    'gdpr',
    {
      compliance: 'gdpr: enabled, privacy_assessment: { date: 2026-08-01 }',
      more: '  deployment: { regions: [eu-west-1] }\n',
      rules: 'compliance: { gdpr: { regions: ["eu-*"], privacy_assessment: { max_age: 100d } } }\n',
    },
  ],
  [
    'a privacy assessment of a day to come',
    'gdpr',
    {
      compliance: 'gdpr: enabled, privacy_assessment: { date: 2026-12-01 }',
      more: '  deployment: { regions: [eu-west-1] }\n',
      rules: 'compliance: { gdpr: { regions: ["eu-*"] } }\n',
    },
  ],
  [
    'health data that is not encrypted at rest',
    'hipaa',
    { compliance: 'hipaa: required, encryption: { at_rest: false, in_transit: true }, access_log: s3' },
  ],
  [
    'health data that is not encrypted in transit',
    'hipaa',
    { compliance: 'hipaa: required, encryption: { at_rest: true }, access_log: s3' },
  ],
  [
    'health data without a log of access',
    'hipaa',
    { compliance: 'hipaa: required, encryption: { at_rest: true, in_transit: true }, access_log: false' },
  ],
];

const judged = ({ compliance, more, rules = '', request = {} }: Case) =>
  judge(policyOf(places + rules, service(compliance, more)), { ...about, ...request });

describe('what one regime alone refuses', () => {
  test.each(refusedBy)('%s (%s)', (_what, rule, given) => {
    const evaluation = judged(given);
    expect(rulesOf(evaluation)).toEqual([rule]);
    // Said with the file and the line, and what to do next.
    expect(evaluation.reasons[0]).toMatchObject({ source: { file: 'configs/services/vault.yaml' } });
    expect(evaluation.reasons[0]?.message).toMatch(/vault .*; .*\.$/s);
    expect(Object.keys(evaluation.evidence)).toEqual([rule]);
  });

  test.each(refusedBy.filter(([, , { request }]) => request?.requester === undefined))(
    'a rollback passes: %s (%s)',
    (_what, _rule, given) => {
      expect(rulesOf(judged({ ...given, request: { ...given.request, kind: 'rollback' } }))).toEqual([]);
    },
  );

  test.each(refusedBy)('where its level is advisory it is only said: %s (%s)', (_what, rule, given) => {
    const { rules = '' } = given;
    const written = `${rule}: { level: advisory`;
    const soft = rules.includes(`${rule}: {`)
      ? rules.replace(`${rule}: {`, `${written},`)
      : `compliance: { ${written} } }\n`;
    const evaluation = judged({ ...given, rules: soft });
    expect(rulesOf(evaluation)).toEqual([]);
    expect(evaluation.reasons).toMatchObject([{ rule, level: 'advisory' }]);
  });
});

test('authors who have not been looked up yet refuse nothing before there is a plan', () => {
  const policy = policyOf(`${places}compliance: { sox: { segregation: three_people } }\n`, service('sox: required'));
  const request = { ...about, authors: undefined };
  expect(rulesOf(judge(policy, request, { plan: undefined }))).toEqual([]);
  expect(rulesOf(judge(policy, request, { plan: {} }))).toEqual(['sox']);
});

describe('what the regimes let through', () => {
  const gdpr = 'compliance: { gdpr: { regions: ["eu-*", ch-zurich], privacy_assessment: { max_age: 100d } } }\n';
  const regions = '  deployment: { regions: [eu-west-1, ch-zurich] }\n';
  const passes: readonly (readonly [string, Case])[] = [
    ['SOX with a reason', { compliance: 'sox: required' }],
    [
      'three different people',
      {
        compliance: 'sox: required, pci_dss: level_1',
        rules: 'compliance: { sox: { segregation: three_people }, pci_dss: { segregation: three_people } }\n',
        request: { authors: ['lee@example.com'] },
      },
    ],
    [
      'GDPR in its regions, on the last day of its assessment',
      { compliance: 'gdpr: enabled, privacy_assessment: { date: 2026-08-16 }', more: regions, rules: gdpr },
    ],
    [
      'GDPR where policy asks for no assessment',
      {
        compliance: 'gdpr: enabled',
        more: regions,
        rules: 'compliance: { gdpr: { regions: ["*"], privacy_assessment: none } }\n',
      },
    ],
    ['GDPR where policy compares with nothing', { compliance: 'gdpr: enabled' }],
    [
      'HIPAA with everything declared',
      { compliance: 'hipaa: required, encryption: { at_rest: true, in_transit: true }, access_log: true' },
    ],
    [
      'a service that says it is under none of them',
      { compliance: 'sox: none, pci_dss: not_applicable, gdpr: disabled, hipaa: no', request: { reason: undefined } },
    ],
  ];
  test.each(passes)('%s', (_what, given) => {
    expect(rulesOf(judged(given))).toEqual([]);
  });

  test('what policy cannot compare with is said, once', () => {
    expect(judged({ compliance: 'gdpr: enabled' }).reasons).toMatchObject([{ rule: 'gdpr', level: 'advisory' }]);
  });

  test('a word that nobody knows means that the regime applies', () => {
    expect(rulesOf(judged({ compliance: 'sox: requried', request: { reason: undefined } }))).toEqual(['sox']);
  });
});

const none = 'approvals: [{ name: none, require: none }]\n';

describe('who has to approve', () => {
  const runbook = { kind: 'runbook', runbook: 'restart', version: undefined, authors: undefined } as const;
  test.each([
    ['SOX: two', 'sox: required', {}, { owners: 2 }],
    [
      'PCI DSS: somebody who neither asked nor wrote it',
      'pci_dss: level_1',
      { authors: ['x@y.example'] },
      { owners: 1 },
    ],
    ['PCI DSS: one more while nobody knows who wrote it', 'pci_dss: level_1', { authors: undefined }, { owners: 1 }],
    ['both', 'sox: required, pci_dss: level_1', { authors: undefined }, { owners: 3 }],
    ['GDPR and HIPAA: nobody', 'gdpr: enabled, hipaa: none', {}, {}],
    ['SOX: two for a runbook about the service', 'sox: required', runbook, { owners: 2 }],
    ['SOX: two where something is provisioned', 'sox: required', { kind: 'provision' }, { owners: 2 }],
    ['PCI DSS: somebody else for a runbook, which nobody wrote', 'pci_dss: level_1', runbook, { owners: 1 }],
    [
      'PCI DSS: somebody else where something is provisioned',
      'pci_dss: level_1',
      { kind: 'provision', authors: undefined },
      { owners: 1 },
    ],
    ['a rollback: nobody', 'sox: required, pci_dss: level_1', { kind: 'rollback' }, {}],
  ] as const)('%s', (_what, compliance, request, seats) => {
    const policy = policyOf(places + none, service(compliance));
    expect(seatsOf(judge(policy, { ...about, ...request }))).toEqual(seats);
  });
});

describe('the evidence that the record keeps', () => {
  const all =
    'sox: required, pci_dss: level_1, gdpr: enabled, hipaa: required, privacy_assessment: { date: 2026-05-04 }, encryption: { at_rest: true, in_transit: true }, access_log: "s3://audit"';
  const policy = policyOf(
    `${places}compliance: { gdpr: { regions: ["eu-*"] } }\n`,
    service(all, '  deployment: { regions: [eu-west-1] }\n'),
  );

  test('one entry for each regime that the service is under', () => {
    expect(judge(policy, { ...about, authors: ['LEE@example.com'] }, { plan: { irreversible: 1 } }).evidence).toEqual({
      sox: {
        businessJustification: 'the interest rate',
        requester: 'U0ANA',
        authors: ['U0LEE'],
        segregation: 'approvers',
        approversAsked: 2,
      },
      pci_dss: {
        level: 'level_1',
        reason: 'the interest rate',
        requester: 'U0ANA',
        authors: ['U0LEE'],
        segregation: 'approvers',
        approversAsked: 2,
        irreversibleSteps: 1,
      },
      gdpr: {
        regions: ['eu-west-1'],
        allowedRegions: ['eu-*'],
        outside: [],
        privacyAssessment: '2026-05-04',
        privacyAssessmentState: 'current',
      },
      hipaa: { encryptedAtRest: true, encryptedInTransit: true, accessLog: 's3://audit' },
    });
  });

  const glass = 'break_glass: { who: [leads], review_by: [security] }\n';
  const broken = { labels: ['break_glass'] };
  const hard = (require: string) => `approvals: [{ name: always, level: hard, require: ${require} }]\n`;
  test.each<readonly [string, string, Partial<PolicyRequest>, number]>([
    ['two by the duties of the regimes', none, {}, 2],
    ['more where a rule asks for more', 'approvals: [{ name: three, require: [{ team: leads, count: 3 }] }]\n', {}, 3],
    ['one more while nobody knows who wrote it', none, { authors: undefined }, 3],
    ['two for a runbook', none, { kind: 'runbook', runbook: 'restart', authors: undefined }, 2],
    ['nobody for a rollback', none, { kind: 'rollback' }, 0],
    [
      'two for a rollback that asks as a deploy does',
      `${none}rollback: { approvals: as_deploy }\n`,
      { kind: 'rollback' },
      2,
    ],
    ['nobody for break-glass', `${hard('none').replace('hard', 'soft')}${glass}`, broken, 0],
    ['two for break-glass where a hard rule asks one', `${hard('[owners]')}${glass}`, broken, 2],
  ])('it says how many the gate asks: %s', (_what, rules, request, asked) => {
    const under = policyOf(places + rules, service('sox: required, pci_dss: level_1'));
    const found = judge(under, { ...about, ...request });
    expect(rulesOf(found)).toEqual([]);
    expect(Object.values(seatsOf(found)).reduce((sum, count) => sum + count, 0)).toBe(asked);
    expect(found.evidence).toMatchObject({ sox: { approversAsked: asked }, pci_dss: { approversAsked: asked } });
  });

  test('break-glass keeps what a regime refuses', () => {
    const under = policyOf(
      `${places}${none}${glass}compliance: { sox: { segregation: three_people } }\n`,
      service('sox: required'),
    );
    expect(rulesOf(judge(under, { ...about, ...broken, authors: ['ana@example.com'] }))).toEqual(['sox']);
  });

  test('people stand in it by id, and an author whom people.yaml does not know is only counted', () => {
    const { evidence } = judge(policy, { ...about, authors: ['ana@example.com', 'who@else.example'] });
    expect(evidence).toMatchObject({ sox: { authors: ['U0ANA'], unlistedAuthors: 1 } });
    expect(JSON.stringify(evidence)).not.toContain('@');
    expect(judge(policy, { ...about, authors: undefined }).evidence).toMatchObject({ sox: { authors: null } });
  });

  test('of a denial too, and nothing for a service under none', () => {
    expect(judge(policy, { ...about, reason: undefined }).evidence).toMatchObject({
      sox: { businessJustification: null },
    });
    expect(judge(policy, { service: 'web' }).evidence).toEqual({});
  });
});

describe('the company’s own rules', () => {
  const rule = (level: string, when = 'change.version == "v2"', more = '') =>
    policyOf(
      `${places}rules:\n  - { name: no twos, when: '${when}', level: ${level}, message: "Version two is cursed; take three."${more} }\n`,
    );
  test.each([
    ['hard refuses', rule('hard'), ['denied', 'no twos']],
    ['advisory is said', rule('advisory'), []],
    ['one whose condition does not hold says nothing', rule('hard', 'change.version == "v3"'), []],
    [
      'one that cannot be evaluated denies, whatever its level',
      rule('advisory', '"a" in change.paths'),
      ['denied', 'no twos'],
    ],
  ])('%s', (_what, policy, gates) => {
    expect(gatesOf(judge(policy))).toEqual(gates);
  });

  test('one in the shadow binds nobody and says what it would have refused', () => {
    const found = judge(rule('hard', 'true', ', mode: shadow'));
    expect(found.verdict).toBe('allowed');
    expect(found.shadow).toEqual([expect.objectContaining({ rule: 'no twos' })]);
  });

  test('it refuses in the company’s words, with file and line', () => {
    expect(judge(rule('hard')).reasons).toEqual([
      {
        rule: 'no twos',
        level: 'hard',
        message: 'Version two is cursed; take three.',
        source: { file: 'policy.yaml', line: expect.any(Number) },
      },
    ]);
  });

  test('one about the plan is left to the second verdict, which has a plan', () => {
    const policy = rule('hard', 'plan.irreversible > 0');
    expect(gatesOf(judge(policy, {}, { plan: undefined }))).toEqual([]);
    expect(gatesOf(judge(policy, {}, { plan: { irreversible: 1 } }))).toEqual(['denied', 'no twos']);
  });

  test('a rollback passes unless policy keeps the rules for it', () => {
    const policy = (rollback: string) =>
      policyOf(`${places}${rollback}rules: [{ name: never, when: 'true', message: "No." }]\n`);
    expect(rulesOf(judge(policy(''), { kind: 'rollback' }))).toEqual([]);
    expect(rulesOf(judge(policy('rollback: { rules: keep }\n'), { kind: 'rollback' }))).toEqual(['never']);
  });

  test('two of one name, and names that nothing has, are errors of the file', () => {
    expect(
      problemsOf(
        `${places}rules:\n  - { name: a, when: 'change.versoin == ""', message: "x" }\n  - { name: a, when: 'true', message: "y", override: { who: [leeds] } }\n`,
      ),
    ).toEqual([
      expect.stringContaining('did you mean "version"'),
      expect.stringContaining('two rules are called "a"'),
      expect.stringContaining('there is no team "leeds"'),
    ]);
  });
});
