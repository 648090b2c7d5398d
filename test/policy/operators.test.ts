import type { Ballot } from '../../src/approvals/ballot';
import { operatorsFor } from '../../src/policy/operators';
import { policyOf, problemsOf, tuesday } from './helpers';

const environments = 'environments: { production: {}, guarded: { request: [leads] } }\n';

const ballots = [{ seats: [{ id: 'security#1', team: 'security' }] }] as unknown as readonly Ballot[];

function teamsFor(rules: string, environment = 'production', service: string | undefined = 'web'): readonly string[] {
  const policy = policyOf(environments + rules);
  const { teams } = operatorsFor({
    policy,
    service: service === undefined ? undefined : policy.services.get(service),
    environment: policy.environments.get(environment),
    ballots,
    now: tuesday,
  });
  return teams.map(({ team, may }) => (may === 'everything' ? team : `${team} to abort`));
}

test.each<[string, string, string, string | undefined, readonly string[]]>([
  ['the ballots’ teams and the owner', '', 'production', 'web', ['security', 'owners']],
  ['and who is on call', 'break_glass: { who: [oncall] }\n', 'production', 'web', ['security', 'owners', 'oncall']],
  ['and the company’s operators', 'operators: [leads]\n', 'production', 'web', ['security', 'owners', 'leads']],
  [
    'and who may roll back, to abort',
    'rollback: { who: [leads] }\n',
    'production',
    'web',
    ['security', 'owners', 'leads to abort'],
  ],
  ['and who may ask there, to abort', '', 'guarded', 'web', ['security', 'owners', 'leads to abort']],
  [
    'rollback.who instead, where there is one',
    'rollback: { who: [oncall] }\n',
    'guarded',
    'web',
    ['security', 'owners', 'oncall to abort'],
  ],
  [
    'no team twice',
    'rollback: { who: [owners] }\noperators: [security]\n',
    'production',
    'web',
    ['security', 'owners'],
  ],
  ['no rollback without a service', 'rollback: { who: [leads] }\n', 'production', undefined, ['security']],
])('operators are %s', (_what, rules, environment, service, teams) => {
  expect(teamsFor(rules, environment, service ?? 'none')).toEqual(teams);
});

test('teams are frozen with their groups, their people and whoever sits in for them', () => {
  const policy = policyOf(`${environments}operators: [security, leads]\n`);

  expect(operatorsFor({ policy, ballots: [], now: tuesday })).toEqual({
    teams: [
      { team: 'security', may: 'everything', groups: ['S0SECURITY'], users: [] },
      { team: 'leads', may: 'everything', groups: [], users: ['U0LEE', 'U0KIM', 'U0ANA', 'U0SUB'] },
    ],
    persons: { U0ANA2: 'U0ANA' },
  });
});

test('whoever answers for what started it has a say, and whom the thing belongs to that it takes away', () => {
  const policy = policyOf(environments);
  const about = { policy, ballots: [], trigger: 'leads', now: tuesday };

  const asked = operatorsFor({ ...about, owner: { kind: 'person', id: 'U0OWN' } });

  expect(asked.teams.map(({ team, may }) => [team, may])).toEqual([['leads', 'everything']]);
  expect(asked.owner).toBe('U0OWN');
  expect(operatorsFor({ ...about, owner: { kind: 'machine', id: 'ci' } })).not.toHaveProperty('owner');
});

test('an operator team that does not exist fails the commit', () => {
  expect(problemsOf(`${environments}operators: [leeds]\n`)).toEqual([expect.stringContaining('leeds')]);
});
