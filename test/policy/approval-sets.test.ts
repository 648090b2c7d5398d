import { ballotsFor } from '../../src/policy/ballots';
import { explainJson, explainVerdict } from '../../src/policy/explain';
import type { ApprovalGate } from '../../src/policy/verdict';
import type { Evaluation } from '../../src/policy/evaluate';
import { gatesOf, judge, machine, policyOf, problemsOf, rulesOf, seatsOf, tuesday } from './helpers';

const web = (approvals: string) => ({
  'configs/services/web.yaml': `service:\n  name: web\n  owner: owners\n  approvals: ${approvals}\n`,
});

function approvalOf(evaluation: Evaluation): ApprovalGate {
  const gate = evaluation.verdict === 'allowed' ? evaluation.gates.find(({ kind }) => kind === 'approval') : undefined;
  if (gate?.kind !== 'approval') throw new Error(`no approval: ${JSON.stringify(evaluation.reasons)}`);
  return gate;
}

const votes = (...by: readonly string[]) => ({
  teams: { security: ['U0SAM'] },
  votes: by.map((voter) => ({ by: voter, decision: 'approve' as const, at: '2026-11-24T09:00:00Z' })),
});

describe('rule sets add up', () => {
  const policy = policyOf(
    `environments:
  production:
    approvals:
      - { name: night, when: now.getHours() >= 20, require: [oncall] }
      - { name: prod, require: [security], timeout: 2h, order: sequence, channel: "#prod" }
  staging: {}
approvals:
  - { name: company, require: [leads], timeout: 8h, one_click: true, channel: "#all" }
  - { name: never reached, require: [owners] }
`,
    web('[{ name: of web, require: [{ team: owners, count: 1 }, leads] }]'),
  );

  test.each([
    ['company, environment and service', {}, { leads: 1, security: 1, owners: 1 }],
    ['company and service', { environment: 'staging' }, { leads: 2, owners: 1 }],
    ['company and environment', { service: 'bank', reason: 'x' }, { leads: 1, security: 1 }],
    ['company alone', { service: undefined, kind: 'runbook', environment: undefined }, { leads: 1 }],
  ])('%s', (_what, request, seats) => {
    expect(seatsOf(judge(policy, request as object))).toMatchObject(seats);
  });

  test('in each set the first rule that holds, and all seats on one ballot', () => {
    const late = judge(policy, {}, {}, new Date('2026-11-24T21:00:00Z'));
    expect(gatesOf(late)).toEqual(['approval company, night, of web: waits']);
    expect(seatsOf(late)).toEqual({ leads: 2, oncall: 1, owners: 1 });
  });

  test('together they are as strict as the strictest: shortest time, in order, one click only where all say so', () => {
    const gate = approvalOf(judge(policy));
    expect(gate).toMatchObject({
      timeoutMs: 7_200_000,
      order: 'sequence',
      oneClick: false,
      channels: ['#all', '#prod'],
    });
    // In a sequence seats of one team stay where their rules put them.
    expect(gate.seats.map(({ team }) => team)).toEqual(['leads', 'security', 'owners', 'leads']);
    expect(gate.message).toBe(
      '"company", "prod" and "of web" need leads, security, owners and leads to approve, in this order.',
    );
  });

  test('one person fills one seat of all of them', () => {
    const { seats, holds } = approvalOf(judge(policy, { environment: 'staging' }, votes('U0LEE', 'U0DAN')));
    expect(holds).toBe(false);
    expect(seats.map(({ team, filledBy }) => [team, filledBy])).toEqual([
      ['leads', ['U0LEE']],
      ['owners', ['U0DAN']],
    ]);
  });

  test('the sentences say who fills which seat', () => {
    const said = (...by: readonly string[]) =>
      explainVerdict(judge(policy, { environment: 'staging' }, votes(...by))).join('\n');
    expect(said('U0LEE', 'U0DAN')).toMatch(
      / to approve\. So far leads filled by U0LEE \(1 of 2\) and owners filled by U0DAN\. \(/,
    );
    expect(said()).not.toMatch(/filled by/);
  });

  test('what cannot be evaluated in one of them denies', () => {
    const broken = policyOf(
      'environments: { production: {} }\n',
      web(`[{ name: by path, when: '"a" in change.paths', require: [leads] }]`),
    );
    expect(rulesOf(judge(broken))).toEqual(['by path']);
    expect(judge(broken).reasons[0]?.source).toEqual({ file: 'configs/services/web.yaml', line: 4 });
  });

  test('break-glass leaves what is hard of any of them', () => {
    const strict = policyOf(
      `environments: { production: { approvals: [{ name: hard, level: hard, require: [security] }] } }
approvals: [{ name: soft, require: [leads] }]
break_glass: { who: [leads] }
`,
    );
    expect(seatsOf(judge(strict, { labels: ['break_glass'], reason: 'fire' }))).toEqual({ security: 1 });
  });

  test.each([
    ['a team that is none', web('[{ name: x, require: [leeds] }]'), /services\/web\.yaml:4.*there is no team "leeds"/],
    [
      'a condition that does not compile',
      web('[{ name: x, when: chang.kind == "a", require: none }]'),
      /cannot be used/,
    ],
    [
      'two of one name',
      web('[{ name: x, require: none }, { name: x, require: none }]'),
      /two approvals are called "x"/,
    ],
    ['a misspelt key', web('[{ name: x, requires: [leads] }]'), /did you mean "require"/],
    [
      'a misspelt set',
      { 'configs/services/web.yaml': 'service: { name: web, owner: owners, approval: [] }\n' },
      /did you mean "approvals"/,
    ],
  ])('a service’s own set is strict: %s', (_what, files, problem) => {
    expect(problemsOf('environments: { production: {} }\n', files).join('\n')).toMatch(problem);
  });
});

describe('a seat that any of some teams may fill', () => {
  const policy = policyOf(
    'environments: { production: {} }\napprovals: [{ name: either, require: [{ any_of: [security, owners] }, { any_of: [leads, owners], count: 2 }] }]\n',
  );

  test.each([
    [['U0SAM'], [['U0SAM'], []]],
    [['U0DAN'], [['U0DAN'], []]],
    // The owner moves over, so that everybody has a place.
    [
      ['U0DAN', 'U0SAM', 'U0LEE'],
      [['U0SAM'], ['U0DAN', 'U0LEE']],
    ],
    [['U0ANA'], [[], []]],
    [['U0EVA'], [[], []]],
  ])('%j', (by, seats) => {
    const { seats: filled } = approvalOf(judge(policy, {}, votes(...by)));
    expect(filled.map(({ filledBy }) => [...filledBy].sort())).toEqual(seats);
  });

  test('is told by all its names', () => {
    const evaluation = judge(policy, {}, votes('U0SAM'));
    expect((explainJson(evaluation).gates as object[])[0]).toMatchObject({
      message: '"either" needs one of security or owners and 2 of leads or owners to approve.',
      seats: [
        { team: 'security or owners', anyOf: ['security', 'owners'], count: 1, filledBy: ['U0SAM'] },
        { team: 'leads or owners', anyOf: ['leads', 'owners'], count: 2, filledBy: [] },
      ],
    });
  });

  test('has a place for each person on the ballot', () => {
    const [ballot] = ballotsFor({
      evaluation: judge(policy),
      policy,
      planDigest: 'p',
      operationId: 'o',
      excluded: [],
      now: tuesday,
    });
    expect(ballot?.seats).toEqual([
      { id: 'security or owners#1', team: 'security or owners', anyOf: ['security', 'owners'] },
      { id: 'leads or owners#1', team: 'leads or owners', anyOf: ['leads', 'owners'] },
      { id: 'leads or owners#2', team: 'leads or owners', anyOf: ['leads', 'owners'] },
    ]);
    expect(Object.keys(ballot!.teams)).toEqual(['security', 'owners', 'leads']);
  });
});

test('machines have rules of their own, and the people who approve them are the same', () => {
  const policy = policyOf(`environments: { production: {} }
approvals:
  - { name: machines, when: 'change.requester_kind == "machine"', require: [owners] }
  - { name: people, require: [leads] }
`);
  expect(seatsOf(judge(policy, { requester: machine('ci') }))).toEqual({ owners: 1 });
  expect(seatsOf(judge(policy))).toEqual({ leads: 1 });
  // A machine has no seat: only ids of people are in teams.
  expect(approvalOf(judge(policy, { requester: machine('ci') }, votes('ci', 'U0DAN'))).seats[0]?.filledBy).toEqual([
    'U0DAN',
  ]);
});

describe('ladders', () => {
  const rule = (more: string) =>
    `environments: { production: {} }\nquiet_hours: { from: "20:00", to: "07:00" }\nbreak_glass: { who: [leads] }\napprovals: [{ name: x, require: [leads], level: hard, timeout: 8h, ${more} }]\n`;

  test('reminders and steps are one ladder, in the order of time, as long as the ballot is open', () => {
    const policy = policyOf(
      rule(
        'remind: [3h, 1h, 9h], escalate: [{ after: 2h, widen: owners }, { after: 4h, page: oncall, urgent: true }, { after: 6h, reject: true }]',
      ),
    );
    expect(approvalOf(judge(policy)).ladder).toEqual([
      { afterMs: 3_600_000, does: 'remind' },
      { afterMs: 7_200_000, does: 'widen', team: 'owners', seats: ['leads#1'] },
      { afterMs: 10_800_000, does: 'remind' },
      { afterMs: 14_400_000, does: 'page', team: 'oncall', urgent: true },
      { afterMs: 21_600_000, does: 'reject' },
    ]);
    expect(Object.keys(approvalOf(judge(policy)).teams)).toEqual(['leads', 'owners', 'oncall']);
  });

  const ladder = (step: string) => `escalate: [{ after: ${step} }]`;

  test.each([
    [
      'a seat of the company',
      '{ name: of web, require: [owners], escalate: [{ after: 1m, widen: leads }] }',
      ['owners#1'],
    ],
    [
      'another seat of the same team',
      '{ name: of web, require: [security], escalate: [{ after: 1m, widen: leads }] }',
      ['security#2'],
    ],
    [
      'nothing but its own, with those of a regime beside them',
      '{ name: of web, require: [owners], escalate: [{ after: 1m, widen: leads }] }',
      ['owners#1'],
      'requires_dual_approval: true',
    ],
  ])('a service’s ladder does not open %s to others', (_what, rule, own, more = '') => {
    const policy = policyOf('environments: { production: {} }\napprovals: [{ name: rest, require: [security] }]\n', {
      'configs/services/web.yaml': `service:\n  name: web\n  owner: owners\n  deployment: { ${more} }\n  approvals: [${rule}]\n`,
    });
    const about = { policy, planDigest: 'p', operationId: 'o', excluded: [], now: tuesday };
    const [ballot] = ballotsFor({ ...about, evaluation: judge(policy) });
    const ids = ballot!.seats.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(ballot!.ladder).toEqual([{ afterMs: 60_000, does: 'widen', team: 'leads', seats: own }]);
    expect(own.every((id) => ids.includes(id))).toBe(true);
  });

  test('a seat of a duty beside a rule’s own of the same team is not widened either, and is told as one sum', () => {
    const policy = policyOf(
      `environments: { production: {} }\napprovals: [{ name: x, require: [owners], ${ladder('1m, widen: leads')} }]\n`,
      {
        'configs/services/web.yaml':
          'service: { name: web, owner: owners, deployment: { requires_dual_approval: true } }\n',
      },
    );
    const gate = approvalOf(judge(policy));
    expect(gate.seats).toMatchObject([
      { team: 'owners', count: 1 },
      { team: 'owners', count: 1 },
    ]);
    expect(gate.ladder).toEqual([{ afterMs: 60_000, does: 'widen', team: 'leads', seats: ['owners#1'] }]);
    expect(gate.message).toContain('"x" needs 2 of owners to approve.');
  });

  test('rules that widen alike widen the seats of each', () => {
    const policy = policyOf(
      `environments: { production: {} }\napprovals: [{ name: x, require: [security], ${ladder('1m, widen: leads')} }]\n`,
      web(`[{ name: of web, require: [owners], ${ladder('1m, widen: leads')} }]`),
    );
    expect(approvalOf(judge(policy)).ladder).toEqual([
      { afterMs: 60_000, does: 'widen', team: 'leads', seats: ['security#1', 'owners#1'] },
    ]);
  });

  test.each([
    ['nothing', '{ after: 1h }', /does one thing/],
    ['two things', '{ after: 1h, widen: owners, page: oncall }', /does one thing/],
    ['a team that is none', '{ after: 1h, page: onkall }', /there is no team "onkall"/],
    ['an urgent reminder', '{ after: 1h, remind: true, urgent: true }', /only a page can be urgent/],
    ['no time', '{ page: oncall }', /after/],
  ])('a step that does %s is a problem', (_what, step, problem) => {
    expect(problemsOf(rule(`escalate: [${step}]`)).join('\n')).toMatch(problem);
  });

  test('the ladder is in the ballot’s digest', () => {
    const digest = (more: string) => {
      const policy = policyOf(rule(more));
      const about = { policy, planDigest: 'p', operationId: 'o', excluded: [], now: tuesday };
      return ballotsFor({ ...about, evaluation: judge(policy) })[0]?.digest;
    };
    expect(digest('escalate: [{ after: 2h, widen: owners }]')).not.toBe(
      digest('escalate: [{ after: 2h, widen: oncall }]'),
    );
  });

  test.each([
    ['the company’s', '', {}, { from: 1200, to: 420 }],
    ['the rule’s own', 'quiet_hours: { from: "22:00", to: "06:00" }', {}, { from: 1320, to: 360 }],
    ['none, where the rule says so', 'quiet_hours: none', {}, undefined],
    ['none in an emergency', '', { labels: ['break_glass'], reason: 'fire' }, undefined],
  ])('quiet hours: %s', (_what, more, request, quiet) => {
    expect(approvalOf(judge(policyOf(rule(more)), request)).quiet).toEqual(quiet);
  });

  test('quiet hours are stretches of each person’s own night', () => {
    const policy = policyOf(rule('').replace('level: hard, ', ''), {
      'people.yaml': 'people:\n  U0LEE: { timezone: America/New_York }\n',
    });
    const [ballot] = ballotsFor({
      evaluation: judge(policy),
      policy,
      planDigest: '',
      operationId: '',
      excluded: [],
      now: tuesday,
    });
    const { stretches, zones, elsewhere } = ballot!.quiet!;
    const iso = (zone: string) =>
      stretches[zone]?.slice(1, 2).map((edges) => edges.map((at) => new Date(at).toISOString()));
    expect(zones).toEqual({ U0LEE: 'America/New_York' });
    expect(elsewhere).toBe('Europe/Berlin');
    expect(iso('Europe/Berlin')).toEqual([['2026-11-24T19:00:00.000Z', '2026-11-25T06:00:00.000Z']]);
    expect(iso('America/New_York')).toEqual([['2026-11-25T01:00:00.000Z', '2026-11-25T12:00:00.000Z']]);
  });

  test('quiet hours that never end are a problem', () => {
    expect(problemsOf(rule('quiet_hours: { from: "20:00", to: "20:00" }')).join()).toMatch(/have no length/);
  });
});
