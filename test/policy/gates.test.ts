import { gatesOf, judge, policyOf, rulesOf, tuesday } from './helpers';

describe('windows that open by a pattern, and freezes that come back', () => {
  const policy = policyOf(
    `windows: { release: { cron: "0 6 * * mon", for: 3h } }
environments:
  production: { windows: [release, { cron: "0 11 24 11 *", for: 30m, timezone: UTC }, { days: wed, from: "09:00", to: "10:00" }] }
  free: {}
  shut: {}
freezes:
  - { name: every year end, every: year, from: "12-18", to: "01-04", environments: [free] }
  - { name: friday afternoon, cron: "0 14 * * fri", for: 10h, environments: [free], except: [runbook] }
  - { name: books are closed, from: 2026-11-24, to: 2026-11-24, when: 'has(service.compliance.sox) && service.compliance.sox == "required"', environments: [shut], effect: deny }
  - { name: nobody can tell, from: 2026-11-25, to: 2026-11-25, when: has(change.inputs.a) && change.inputs.a > 1, environments: [shut], effect: deny }
`,
    {
      'configs/services/shop.yaml':
        'service: { name: shop, deployment: { blackout_windows: [{ start: 2026-11-24, end: 2026-11-24, timezone: Asia/Tokyo }] } }',
      'configs/services/bank.yaml': 'service: { name: bank, owner: owners, compliance: { sox: required } }',
    },
  );
  const rule = 'release, of production, of production';
  test.each([
    ['a Monday at six', {}, '2026-11-23T05:00:00Z', [`window ${rule}: holds`]],
    ['three hours later', {}, '2026-11-23T08:00:00Z', [`window ${rule}: waits`]],
    ['another pattern in its own zone', {}, '2026-11-24T11:29:59Z', [`window ${rule}: holds`]],
    ['a weekly one beside them', {}, '2026-11-25T08:30:00Z', [`window ${rule}: holds`]],
    [
      'the first second of a yearly freeze',
      { environment: 'free' },
      '2027-12-17T23:00:00Z',
      ['freeze every year end: waits'],
    ],
    ['its last second', { environment: 'free' }, '2029-01-04T22:59:59Z', ['freeze every year end: waits']],
    ['the second after it', { environment: 'free' }, '2029-01-04T23:00:00Z', []],
    ['a Friday afternoon', { environment: 'free' }, '2026-11-27T13:00:00Z', ['freeze friday afternoon: waits']],
    [
      'for a kind that is excepted',
      { environment: 'free', kind: 'runbook', service: undefined },
      '2026-11-27T13:00:00Z',
      [],
    ],
    [
      'a condition that holds',
      { environment: 'shut', service: 'bank', reason: 'x' },
      '2026-11-24T10:00:00Z',
      ['denied', 'books are closed'],
    ],
    ['a condition that does not', { environment: 'shut' }, '2026-11-24T10:00:00Z', []],
    [
      'a condition that cannot be evaluated holds',
      { environment: 'shut', inputs: { a: 'text' } },
      '2026-11-25T10:00:00Z',
      ['denied', 'nobody can tell'],
    ],
    [
      'a blackout begins in its own zone',
      { environment: 'free', service: 'shop' },
      '2026-11-23T15:00:00Z',
      ['freeze blackout of shop: waits'],
    ],
    ['and ends there', { environment: 'free', service: 'shop' }, '2026-11-24T15:00:00Z', []],
  ] as const)('%s', (_what, request, now, expected) => {
    expect(gatesOf(judge(policy, request, {}, new Date(now)))).toEqual(expected);
  });

  test('before there is a plan, a freeze that looks at it refuses nothing', () => {
    const looking = policyOf(
      'environments: { production: {} }\nfreezes: [{ name: x, from: 2026-11-24, to: 2026-11-24, when: plan.irreversible > 0, effect: deny }]\n',
    );
    const answers = [undefined, { irreversible: 0 }, { irreversible: 1 }].map((plan) =>
      rulesOf(judge(looking, {}, { plan })),
    );
    expect(answers).toEqual([[], [], ['x']]);
  });
});

describe('windows, freezes, order, incidents and locks', () => {
  const policy = policyOf(
    `windows: { office: { days: mon-thu, from: "09:00", to: "16:00" } }
environments:
  staging: {}
  production: { after: [staging], soak: 4h, windows: [office] }
  free: {}
labels: { hotfix: { who: [leads] } }
freezes:
  - { name: year end, from: 2026-12-18, to: 2027-01-04, environments: [production], except: [hotfix] }
  - { name: closed, from: 2026-12-24, to: 2026-12-26, effect: deny, services: [bank] }
  - { name: lapsed, from: 2025-01-01, to: 2025-01-02 }
`,
    {
      'configs/services/shop.yaml':
        'service: { name: shop, deployment: { blackout_windows: [{ start: 2026-11-24, end: 2026-11-24, reason: sale }] } }',
    },
  );
  const stood = (succeededAt: string, more = {}) => ({
    history: [{ service: 'web', environment: 'staging', version: 'v2', succeededAt, ...more }],
  });
  const long = stood('2026-11-20T00:00:00Z');
  const winter = new Date('2026-12-22T10:00:00Z');
  test.each([
    ['all hold', {}, long, tuesday, ['window office: holds', 'order after staging: holds']],
    [
      'Saturday waits',
      {},
      long,
      new Date('2026-11-28T10:00:00Z'),
      ['window office: waits', 'order after staging: holds'],
    ],
    [
      'the freeze waits',
      {},
      long,
      winter,
      ['window office: holds', 'freeze year end: waits', 'order after staging: holds'],
    ],
    [
      'a hotfix passes the freeze',
      { labels: ['hotfix'] },
      long,
      winter,
      ['window office: holds', 'order after staging: holds'],
    ],
    ['another environment is not frozen', { environment: 'free' }, {}, winter, []],
    [
      'a freeze may deny',
      { service: 'bank', environment: 'free', reason: 'x' },
      {},
      new Date('2026-12-24T10:00:00Z'),
      ['denied', 'closed'],
    ],
    [
      'a blackout of the service waits',
      { service: 'shop', environment: 'free' },
      {},
      tuesday,
      ['freeze blackout of shop: waits'],
    ],
    ['the day after the blackout', { service: 'shop', environment: 'free' }, {}, new Date('2026-11-25T10:00:00Z'), []],
    ['not yet in staging', {}, { history: [] }, tuesday, ['window office: holds', 'order after staging: waits']],
    ['nobody can tell', {}, {}, tuesday, ['window office: holds', 'order after staging: waits']],
    [
      'not long enough in staging',
      {},
      stood('2026-11-24T06:00:01Z'),
      tuesday,
      ['window office: holds', 'order after staging: waits'],
    ],
    [
      'just long enough in staging',
      {},
      stood('2026-11-24T06:00:00Z'),
      tuesday,
      ['window office: holds', 'order after staging: holds'],
    ],
    [
      'rolled back in staging',
      {},
      stood('2026-11-20T00:00:00Z', { rolledBackAt: '2026-11-21T00:00:00Z' }),
      tuesday,
      ['window office: holds', 'order after staging: waits'],
    ],
    [
      'another version in staging',
      { version: 'v3' },
      long,
      tuesday,
      ['window office: holds', 'order after staging: waits'],
    ],
    ['a runbook has no order', { kind: 'runbook' }, {}, tuesday, ['window office: holds']],
    [
      'an open incident of the service',
      { environment: 'free' },
      { incidents: [{ id: 'i1', state: 'mitigated', severity: 'sev2', service: 'web' }] },
      tuesday,
      ['prerequisite incident i1: waits'],
    ],
    [
      'a resolved incident',
      { environment: 'free' },
      { incidents: [{ id: 'i1', state: 'resolved', severity: 'sev2', service: 'web' }] },
      tuesday,
      [],
    ],
    [
      'an incident elsewhere',
      { environment: 'free' },
      { incidents: [{ id: 'i1', state: 'declared', severity: 'sev2', service: 'web', environment: 'staging' }] },
      tuesday,
      [],
    ],
    [
      'an incident of another service',
      { environment: 'free' },
      { incidents: [{ id: 'i1', state: 'declared', severity: 'sev1', service: 'bank' }] },
      tuesday,
      [],
    ],
    [
      'somebody’s lock',
      { environment: 'free' },
      { locks: [{ by: 'U0LEE', reason: 'r', service: 'web' }] },
      tuesday,
      ['prerequisite lock: waits'],
    ],
    ['one’s own lock', { environment: 'free' }, { locks: [{ by: 'U0ANA', reason: 'r', service: 'web' }] }, tuesday, []],
    [
      'a lock with an end',
      { environment: 'free' },
      { locks: [{ by: 'U0LEE', reason: 'r', until: '2026-11-24T12:00:00Z' }] },
      tuesday,
      ['freeze lock: waits'],
    ],
    [
      'a lock that has ended',
      { environment: 'free' },
      { locks: [{ by: 'U0LEE', reason: 'r', until: '2026-11-24T09:00:00Z' }] },
      tuesday,
      [],
    ],
  ] as const)('%s', (_what, request, world, now, gates) => {
    expect(gatesOf(judge(policy, request, world, now))).toEqual(gates);
  });

  test('gates tell the instants at which they open', () => {
    const verdict = judge(policy, {}, stood('2026-11-28T08:00:00Z'), new Date('2026-11-28T10:00:00Z'));
    expect(verdict).toMatchObject({
      gates: [{ opensAt: '2026-11-30T08:00:00.000Z' }, { opensAt: '2026-11-28T12:00:00.000Z' }],
    });
    expect(judge(policy, {}, long, winter)).toMatchObject({
      gates: [{ closesAt: '2026-12-22T15:00:00.000Z' }, { until: '2027-01-04T23:00:00.000Z' }, {}],
    });
  });
});
