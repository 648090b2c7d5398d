import { gatesOf, judge, machine, person, policyOf, rulesOf, seatsOf } from './helpers';

const two = 'environments:\n  staging: {}\n  production: { after: [], channel: "#prod" }\n';

describe('what policy does not name is denied', () => {
  const policy = policyOf(two);
  test.each([
    ['an environment', { environment: 'prod' }, ['environments']],
    ['no environment at all', { environment: undefined }, ['environments']],
    ['a service', { service: 'wbe' }, ['services']],
    ['no service at all', { service: undefined }, ['services']],
    ['both', { environment: 'x', service: 'y' }, ['environments', 'services']],
    [
      'a name that every object has',
      { environment: 'constructor', service: '__proto__' },
      ['environments', 'services'],
    ],
  ])('%s', (_what, request, rules) => {
    expect(rulesOf(judge(policy, request))).toEqual(rules);
  });

  test('a runbook needs neither, and then has no lane', () => {
    const verdict = judge(policy, { kind: 'runbook', runbook: 'x', service: undefined, environment: undefined });
    expect(verdict).toMatchObject({ verdict: 'allowed', channel: '#deploys' });
    expect(verdict.lane).toBeUndefined();
  });

  test('an environment without rules asks for nothing', () => {
    expect(judge(policy)).toMatchObject({
      verdict: 'allowed',
      gates: [],
      channel: '#prod',
      lane: { service: 'web', environment: 'production' },
      policyCommit: 'c0ffee',
    });
  });
});

describe('who may ask', () => {
  const policy = policyOf(
    'environments: { production: { request: [security, owners], machines: [ci] }, staging: {} }\n',
  );
  const looked = { teams: { security: ['U0SAM'] } };
  test.each([
    ['a member of the team', { requester: person('U0DAN') }, looked, []],
    ['a member of the team’s group', { requester: person('U0SAM') }, looked, []],
    ['somebody else', { requester: person('U0ANA') }, looked, ['requester']],
    ['somebody while the group cannot be looked up', { requester: person('U0SAM') }, {}, ['requester']],
    ['a guest', { environment: 'staging' }, { requester: 'guest' }, ['requester']],
    ['a stranger', { environment: 'staging' }, { requester: 'stranger' }, ['requester']],
    ['somebody whom Slack does not know', { environment: 'staging' }, { requester: 'unknown' }, ['requester']],
    ['any full member where no team is named', { environment: 'staging' }, { requester: 'member' }, []],
    ['a machine on the list', { requester: machine('ci') }, {}, []],
    ['a machine that is not', { requester: machine('cron') }, {}, ['requester']],
    ['a machine where no list is', { requester: machine('cron'), environment: 'staging' }, {}, []],
  ] as const)('%s', (_what, request, world, rules) => {
    expect(rulesOf(judge(policy, request, world))).toEqual(rules);
  });
});

describe('approvals', () => {
  const policy = policyOf(`${two}facts: { declare: { risk: [low, high], pays: bool } }
approvals:
  - { name: advice, level: advisory, require: [owners] }
  - { name: risky, when: 'change.risk == "high"', require: [security, { team: leads, count: 2 }], order: sequence, timeout: 2h, remind: [30m, 3h], channel: "#risk" }
  - { name: free, when: 'environment.name == "staging"', require: none }
  - { name: rest, require: [leads], one_click: true }
`);

  test('the first rule whose condition holds asks for its seats', () => {
    const verdict = judge(policy, { raise: { risk: 'high' } });
    expect(verdict).toMatchObject({
      verdict: 'allowed',
      gates: [
        {
          kind: 'approval',
          rule: 'risky',
          holds: false,
          order: 'sequence',
          timeoutMs: 7_200_000,
          ladder: [{ afterMs: 1_800_000, does: 'remind' }],
          channels: ['#risk'],
          oneClick: false,
          seats: [
            { team: 'security', count: 1, filledBy: [] },
            { team: 'leads', count: 2, filledBy: [] },
          ],
        },
      ],
    });
    expect(seatsOf(judge(policy))).toEqual({ leads: 1 });
  });

  test('a rule may say that nobody has to approve', () => {
    expect(gatesOf(judge(policy, { environment: 'staging' }))).toEqual([]);
  });

  test('an advisory rule is said and does not hide the rule that asks', () => {
    const verdict = judge(policy);
    expect(verdict.reasons.map(({ rule, level }) => [rule, level])).toEqual([['advice', 'advisory']]);
    expect(gatesOf(verdict)).toEqual(['approval rest: waits']);
  });

  test('a condition that cannot be evaluated denies and names its rule', () => {
    const broken = policyOf(
      `${two}approvals:\n  - { name: by path, when: '"a" in change.paths', require: [leads] }\n  - { name: rest, require: none }\n`,
    );
    expect(rulesOf(judge(broken))).toEqual(['by path']);
    expect(judge(broken).reasons[0]?.message).toContain('policy.yaml:13');
    expect(gatesOf(judge(broken, {}, { paths: ['b'] }))).toEqual([]);
  });

  test('before there is a plan, a condition on it is taken as holding', () => {
    const planned = policyOf(`${two}approvals:\n  - { name: destroys, when: plan.destroys > 0, require: [leads] }\n`);
    expect(gatesOf(judge(planned, {}, { plan: undefined }))).toEqual(['approval destroys: waits']);
    expect(gatesOf(judge(planned, {}, { plan: {} }))).toEqual([]);
    expect(gatesOf(judge(planned, {}, { plan: { destroys: 2 } }))).toEqual(['approval destroys: waits']);
  });

  describe('votes of the world fill seats', () => {
    const approve = (...by: readonly string[]) => ({
      votes: by.map((voter) => ({ by: voter, decision: 'approve' as const, at: '2026-11-24T09:00:00Z' })),
    });
    const filled = (world: object, request = {}) => {
      const verdict = judge(policy, request, world);
      const gate = verdict.verdict === 'allowed' ? verdict.gates[0] : undefined;
      return gate?.kind === 'approval' ? [gate.holds, ...gate.seats.map(({ filledBy }) => filledBy)] : undefined;
    };
    test.each([
      ['a lead', approve('U0LEE'), [true, ['U0LEE']]],
      ['the requester', approve('U0ANA'), [false, []]],
      ['the requester’s other account', approve('U0ANA2'), [false, []]],
      ['somebody of no team', approve('U0EVA'), [false, []]],
      ['a delegate on a day of the delegation', approve('U0SUB'), [true, ['U0SUB']]],
    ])('%s', (_what, world, seats) => {
      expect(filled(world)).toEqual(seats);
    });

    test('an author does not count, nor anybody else who bears the same Git name', () => {
      expect(filled(approve('U0LEE'), { authors: ['LEE@example.com'] })).toEqual([false, []]);
      expect(filled(approve('U0LEE', 'U0KIM'), { authors: ['Shared Name'] })).toEqual([false, []]);
    });
  });
});

describe('duties of a service add seats to the company’s rule', () => {
  const dual = (rules: string) =>
    policyOf(two + rules, {
      'configs/services/pair.yaml':
        'service: { name: pair, owner: owners, deployment: { requires_dual_approval: true } }',
      'configs/services/lost.yaml': 'service: { name: lost, deployment: { requires_dual_approval: true } }',
    });
  const none = 'approvals: [{ name: none, require: none }]\n';
  const one = 'approvals: [{ name: one, require: [leads] }]\n';
  const enough = 'approvals: [{ name: two, require: [{ team: leads, count: 2 }] }]\n';
  test.each([
    ['two, where the rule asks nobody', none, { service: 'pair' }, { owners: 2 }],
    ['one, where the rule asks one', one, { service: 'pair' }, { leads: 1, owners: 1 }],
    ['two for a runbook, too', none, { service: 'pair', kind: 'runbook' as const, runbook: 'restart' }, { owners: 2 }],
    ['none, where the rule asks two', enough, { service: 'pair' }, { leads: 2 }],
    ['under SOX, as if dual approval were written', none, { service: 'bank', reason: 'x' }, { owners: 2 }],
    [
      'one more for unknown authors of a card service',
      enough,
      { service: 'bank', reason: 'x', authors: undefined },
      { leads: 2, owners: 1 },
    ],
    [
      'one more for unknown authors where policy wants it',
      `${one}unknown_authors: extra_seat\n`,
      { authors: undefined },
      { leads: 1, owners: 1 },
    ],
    ['none for a service without duties', one, { authors: undefined }, { leads: 1 }],
  ])('%s', (_what, rules, request, seats) => {
    expect(seatsOf(judge(dual(rules), request))).toEqual(seats);
  });

  test('all seats are on one ballot, so that one person cannot fill two of them', () => {
    expect(gatesOf(judge(dual(one), { service: 'pair' }))).toEqual(['approval one: waits']);
  });

  test('without an owner and without a rule nobody can approve, which denies', () => {
    expect(rulesOf(judge(dual(none), { service: 'lost' }))).toEqual(['dual approval of lost']);
    expect(seatsOf(judge(dual(one), { service: 'lost' }))).toEqual({ leads: 2 });
  });

  test('a strict environment has a person look at what a machine asks for', () => {
    const policy = policyOf('environments: { production: { strict: true }, staging: {} }\n');
    expect(seatsOf(judge(policy, { requester: machine('ci') }))).toEqual({ owners: 1 });
    expect(seatsOf(judge(policy, { requester: machine('ci'), environment: 'staging' }))).toEqual({});
    expect(seatsOf(judge(policy))).toEqual({});
  });

  test('SOX wants a reason, and a rollback none', () => {
    const policy = policyOf(two);
    const books = policyOf(two, {
      'configs/services/books.yaml': 'service: { name: books, owner: owners, compliance: { sox: required } }\n',
    });
    expect(rulesOf(judge(books, { service: 'books' }))).toEqual(['sox']);
    expect(rulesOf(judge(books, { service: 'books', reason: '  ' }))).toEqual(['sox']);
    expect(rulesOf(judge(policy, { service: 'bank', kind: 'rollback' }))).toEqual([]);
  });
});

describe('while nobody can rely on the newest policy', () => {
  const rules = `environments:
  strict: { strict: true }
  brave: { strict: true, when_unreachable: use_last }
  open: {}
  careful: { when_unreachable: refuse }
`;
  test.each([
    ['refused', ['strict', 'brave']],
    ['unreachable', ['strict', 'careful']],
    ['both', ['strict', 'brave', 'careful']],
    [undefined, ['strict', 'brave']],
  ] as const)('%s: those that want it take no new work, but rollbacks and break-glass', (policyTrouble, refusing) => {
    const policy = policyOf(`${rules}break_glass: { who: [leads] }\n`);
    const world = {
      policyProblem: 'something',
      policyTrouble,
      history: ['strict', 'brave', 'open', 'careful'].map((environment) => ({
        service: 'web',
        environment,
        version: 'v1',
        succeededAt: '2026-11-01T00:00:00Z',
      })),
    };
    const refused = (request: Parameters<typeof judge>[1]) =>
      ['strict', 'brave', 'open', 'careful'].filter((environment) =>
        rulesOf(judge(policy, { ...request, environment }, world)).includes('strict'),
      );
    expect(refused({})).toEqual(refusing);
    expect(refused({ kind: 'rollback', version: 'v1' })).toEqual([]);
  });
});

describe('a rollback is always possible', () => {
  const closed = `windows: { never: { days: sun, from: "03:00", to: "03:01" } }
environments: { production: { windows: [never], strict: true, request: [leads] } }
approvals: [{ name: all, require: [leads] }]
freezes: [{ name: closed, from: 2026-01-01, to: 2026-12-31, effect: deny }]
`;
  const before = {
    history: [{ service: 'web', environment: 'production', version: 'v1', succeededAt: '2026-11-01T00:00:00Z' }],
  };
  const back = { kind: 'rollback', version: 'v1' } as const;
  const world = {
    ...before,
    policyProblem: 'it does not compile',
    incidents: [{ id: 'i', state: 'declared', severity: 'sev1', service: 'web' } as const],
    locks: [{ by: 'U0LEE', reason: 'r' }],
  };

  test('without votes, windows, freezes, locks, incidents or a policy that can be read', () => {
    expect(gatesOf(judge(policyOf(closed), back, world))).toEqual([]);
    expect(rulesOf(judge(policyOf(closed), {}, world))).toEqual(['strict', 'closed']);
  });

  test.each([
    ['to a version that never ran here', { version: 'v9' }, before, ['rollback']],
    [
      'to a version that was itself rolled back',
      {},
      { history: [{ ...before.history[0]!, rolledBackAt: '2026-11-02T00:00:00Z' }] },
      ['rollback'],
    ],
    [
      'to a version that ran elsewhere',
      {},
      { history: [{ ...before.history[0]!, environment: 'staging' }] },
      ['rollback'],
    ],
    ['by somebody who may not ask', { requester: person('U0EVA') }, before, ['requester']],
    ['by the owner, who always may', { requester: person('U0DAN') }, before, []],
    ['while nobody knows what ran', {}, {}, []],
  ])('%s', (_what, request, history, rules) => {
    expect(rulesOf(judge(policyOf(closed), { ...back, ...request }, history))).toEqual(rules);
  });

  test('unless policy says otherwise', () => {
    const kept = policyOf(`${closed}rollback: { who: [oncall], approvals: as_deploy, windows: keep, freezes: keep }\n`);
    expect(rulesOf(judge(kept, back, before))).toEqual(['requester', 'closed']);
    expect(rulesOf(judge(kept, { ...back, requester: person('U0DAN') }, before))).toEqual(['closed']);
    const open = policyOf(
      `${closed.replace('effect: deny', 'effect: wait')}rollback: { approvals: as_deploy, windows: keep, freezes: keep }\n`,
    );
    expect(gatesOf(judge(open, back, before))).toEqual([
      'approval all: waits',
      'window never: waits',
      'freeze closed: waits',
    ]);
  });
});

describe('labels and break-glass', () => {
  const policy = policyOf(`windows: { never: { days: sun, from: "03:00", to: "03:01" } }
environments: { production: { windows: [never] } }
labels: { hotfix: { who: [security] }, note: {} }
approvals:
  - { name: hard, when: 'change.version == "v-hard"', require: [leads], level: hard }
  - { name: soft, require: [leads] }
break_glass: { who: [oncall], review_by: [leads], within: 24h }
`);
  test.each([
    ['an undeclared label', { labels: ['hotfx'] }, {}, ['labels']],
    ['a label of a team one is not in', { labels: ['hotfix'] }, { teams: { security: ['U0SAM'] } }, ['labels']],
    ['a label while its team cannot be looked up', { labels: ['hotfix'] }, {}, ['labels']],
    ['a label of one’s team', { labels: ['hotfix'] }, { teams: { security: ['U0ANA2'] } }, []],
    ['a label that anybody may claim', { labels: ['note'] }, {}, []],
    [
      'a machine that claims',
      { labels: ['hotfix'], requester: machine('ci') },
      { teams: { security: ['ci'] } },
      ['labels'],
    ],
    ['break-glass by somebody else', { labels: ['break_glass'], reason: 'x' }, {}, ['labels']],
    ['break-glass without a reason', { labels: ['break_glass'], requester: person('U0DAN') }, {}, ['break_glass']],
  ])('%s', (_what, request, world, rules) => {
    expect(rulesOf(judge(policy, request, world))).toEqual(rules);
  });

  test('break-glass skips what gives way, leaves a debt, and does not skip a hard rule', () => {
    const request = { labels: ['break_glass'], requester: person('U0DAN'), reason: 'down' };
    expect(judge(policy, request)).toMatchObject({
      verdict: 'allowed',
      gates: [],
      debt: { reviewBy: ['leads'], within: '24h' },
    });
    expect(gatesOf(judge(policy, { ...request, version: 'v-hard' }))).toEqual(['approval hard: waits']);
    expect(judge(policy).debt).toBeUndefined();
  });
});

describe('facts', () => {
  const policy = policyOf(`${two}facts:
  declare: { risk: [low, medium, high], pays: bool }
  rules:
    - { set: { risk: high }, when: plan.destroys > 0 }
    - { set: { risk: medium }, when: 'environment.name == "production"' }
    - { set: { pays: true }, when: has(service.compliance.pci_dss) }
    - { set: { risk: high }, when: 'change.pays && change.paths.exists(p, p.startsWith("ledger/"))' }
`);
  test.each([
    ['are at their weakest where no rule applies', { environment: 'staging' }, {}, { risk: 'low', pays: false }],
    ['rise', {}, {}, { risk: 'medium', pays: false }],
    ['do not fall again by a later rule', {}, { plan: { destroys: 1 } }, { risk: 'high', pays: false }],
    [
      'may be raised by the request',
      { raise: { risk: 'high', pays: 'true' } },
      { paths: [] },
      { risk: 'high', pays: true },
    ],
    ['may not be lowered by the request', { raise: { risk: 'low' } }, {}, { risk: 'medium', pays: false }],
    [
      'are at their strictest when their rule cannot be evaluated',
      { service: 'bank', environment: 'staging', reason: 'x' },
      {},
      { risk: 'high', pays: true },
    ],
    [
      'see the facts before them',
      { service: 'bank', environment: 'staging', reason: 'x' },
      { paths: ['web/a'] },
      { risk: 'low', pays: true },
    ],
  ])('%s', (_what, request, world, facts) => {
    expect(judge(policy, request, world).facts).toEqual(facts);
  });

  test.each([
    ['a fact that nobody declared', { rsk: 'high' }],
    ['a value that nobody declared', { risk: 'extreme' }],
  ])('%s cannot be raised, which denies', (_what, raise) => {
    expect(rulesOf(judge(policy, { raise }))).toEqual(['facts']);
  });

  test('every fact that is not at its weakest says why', () => {
    expect(judge(policy, { raise: { pays: true } }, { paths: [] }).factNotes).toEqual([
      { fact: 'risk', value: 'medium', because: 'environment.name == "production" (policy.yaml:16)' },
      { fact: 'pays', value: true, because: 'the requester raised it' },
    ]);
  });
});

test('a denial names every reason at once, each a full sentence', () => {
  const policy = policyOf(
    `environments: { production: { strict: true } }\nfreezes: [{ name: closed, from: 2026-01-01, to: 2026-12-31, effect: deny }]\n`,
  );
  const verdict = judge(
    policy,
    { service: 'wbe', labels: ['x'], raise: { y: 1 } },
    { requester: 'guest', policyProblem: 'it does not compile' },
  );
  expect(rulesOf(verdict)).toEqual(['facts', 'services', 'requester', 'labels', 'strict', 'closed']);
  for (const { message } of verdict.reasons) expect(message).toMatch(/^\S.{40,}[.?]$/);
});
