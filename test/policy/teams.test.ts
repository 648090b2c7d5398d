import { loadPolicy } from '../../src/policy/policy';
import { membersOf } from '../../src/policy/members';
import type { ApprovalGate } from '../../src/policy/verdict';
import type { Evaluation } from '../../src/policy/evaluate';
import { head, judge, person, problemsOf, rulesOf, tuesday } from './helpers';

function approvalOf(evaluation: Evaluation): ApprovalGate {
  const gate = evaluation.verdict === 'allowed' ? evaluation.gates.find(({ kind }) => kind === 'approval') : undefined;
  if (gate?.kind !== 'approval') throw new Error(`no approval: ${JSON.stringify(evaluation.reasons)}`);
  return gate;
}

describe('teams', () => {
  const files = {
    'oncall/platform.yaml':
      'timezone: Europe/Berlin\nrotation: [U0DAN, U0EVA]\nstart: 2026-11-02\nhandoff: { day: mon, at: "09:00" }\nlength: 7d\n',
  };
  const withTeams = (teams: string, rest = 'environments: { production: {} }\n') =>
    rest + `approvals: [{ name: x, require: [t] }]\n${teams}`;
  const load = (team: string, world: object = {}, request: object = {}) => {
    const text = head.replace('teams:\n', `teams:\n  t: ${team}\n`);
    const all = {
      'policy.yaml': text + withTeams(''),
      'people.yaml':
        'people:\n  U0ANA: { git: [ana] }\n  U0LEE: { git: [lee, shared] }\n  U0KIM: { git: [shared], delegate: { to: U0SUB, from: 2026-11-01, until: 2026-11-30 } }\n',
      'services/web.yaml': 'service: { name: web, owner: owners }\n',
      'services/lost.yaml': 'service: { name: lost }\n',
      ...files,
    };
    const loaded = loadPolicy({
      files: new Map(Object.entries(all).map(([path, content]) => [path, { text: content, blob: path }])),
      commit: 'c',
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return approvalOf(judge(loaded.policy, request, world)).teams['t'];
  };

  test.each([
    ['the owner of the service', '{ owner: true }', {}, {}, { users: ['U0DAN'] }],
    [
      'no owner',
      '{ owner: true }',
      {},
      { service: 'lost' },
      { users: [], missing: /services\/lost\.yaml names no owner/ },
    ],
    ['code owners by their names in Git', '{ codeowners: true }', { codeowners: ['@lee'] }, {}, { users: ['U0LEE'] }],
    [
      'code owners that are a team',
      '{ codeowners: true }',
      { codeowners: ['@acme/security'] },
      {},
      { groups: ['S0SECURITY'] },
    ],
    [
      'a name that two people bear',
      '{ codeowners: true }',
      { codeowners: ['shared'] },
      {},
      { users: [], missing: /know none of them/ },
    ],
    ['no code owners', '{ codeowners: true }', { codeowners: [] }, {}, { users: [], missing: /CODEOWNERS names none/ }],
    ['unknown code owners', '{ codeowners: true }', {}, {}, { users: [], missing: /nobody knows who they are/ }],
    [
      'code owners and others',
      '{ codeowners: true, users: [U0EVA] }',
      {},
      {},
      { users: ['U0EVA'], missing: /nobody knows/ },
    ],
    [
      'who is on call',
      '{ schedule: oncall/platform.yaml }',
      {},
      {},
      { users: [], shifts: [{ user: 'U0EVA' }, { user: 'U0DAN' }] },
    ],
  ])('%s', (_what, team, world, request, expected: object) => {
    const found = load(team, world, request);
    const { missing, ...rest } = expected as { missing?: RegExp };
    expect(found).toMatchObject(rest);
    if (missing) expect(found?.missing).toMatch(missing);
    else expect(found?.missing).toBeUndefined();
  });

  test('who is on call may ask and act like any member, while it is their turn', () => {
    const text = head.replace('  oncall: { users: [U0DAN] }\n', '  oncall: { schedule: oncall/platform.yaml }\n');
    const loaded = loadPolicy({
      files: new Map(
        Object.entries({
          ...files,
          'policy.yaml': `${text}environments: { production: { request: [oncall] } }\n`,
          'services/web.yaml': 'service: { name: web, owner: owners }\n',
        }).map(([path, content]) => [path, { text: content, blob: path }]),
      ),
      commit: 'c',
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { policy } = loaded;
    expect(membersOf(policy, 'oncall', tuesday).users).toEqual(['U0EVA']);
    expect(rulesOf(judge(policy, { requester: person('U0EVA') }))).toEqual([]);
    expect(rulesOf(judge(policy, { requester: person('U0DAN') }))).not.toEqual([]);
  });

  test('a schedule that is not there, or cannot be read, fails the commit', () => {
    const text = (more: string) => `environments: { production: { request: [oncall] } }\n${more}`;
    const schedule = {
      'policy.yaml':
        head.replace(
          '{ users: [U0DAN] }\n  oncall: { users: [U0DAN] }',
          '{ users: [U0DAN] }\n  oncall: { schedule: oncall/x.yaml }',
        ) + text(''),
    };
    expect(problemsOf('', schedule).join()).toMatch(/there is no schedule oncall\/x\.yaml/);
    const bad = { ...schedule, 'oncall/x.yaml': 'timezone: Mars\nrotation: [U1]\nstart: 2026-02-30\nlength: 5h\n' };
    expect(problemsOf('', bad).join('\n')).toMatch(
      /oncall\/x\.yaml:1.*not a time zone[\s\S]*not a length of shifts[\s\S]*not a day/,
    );
  });
});
