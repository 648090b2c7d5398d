import { judge, policyOf, rulesOf } from './helpers';

const policy = policyOf(`environments: { staging: {}, production: {} }
handlers:
  - { for: deploy, when: 'environment.name == "staging"', runbook: deliver }
  - { for: rollback, runbook: deliver }
  - { for: rollout.target, runbook: set-share }
  - { for: config, paths: ["configs/*/database.yaml"], runbook: apply-database }
`);

const asked = (runbook: string, more = {}) =>
  judge(policy, { kind: 'runbook', runbook, service: undefined, environment: undefined, version: undefined, ...more });

test.each([
  ['of a deploy and of a rollback', 'deliver', {}, ['/deploy <service> <version> to <environment>', '/rollback']],
  ['of a stage', 'set-share', {}, ['/deploy <service> <version> to <environment>']],
  ['of what no command asks for', 'apply-database', {}, ['by itself']],
  ['by /provision', 'deliver', { kind: 'provision' }, ['/deploy']],
  [
    'with everything that the command needs',
    'set-share',
    { inputs: { service: 'web', version: 'v2' }, environment: 'production' },
    ['/deploy web v2 to production'],
  ],
])('a handler %s is not run by itself, and the reason names what to ask for', (_what, runbook, more, words) => {
  const verdict = asked(runbook, more);

  expect(rulesOf(verdict)).toEqual(['handlers']);
  for (const word of words) expect(verdict.reasons[0]?.message).toContain(word);
  expect(verdict.reasons[0]?.source?.file).toBe('policy.yaml');
});

test.each([
  ['another runbook', { kind: 'runbook', runbook: 'restart' }],
  ['the deploy that it carries out', { kind: 'deploy', service: 'web', environment: 'production', version: 'v2' }],
] as const)('%s is judged by the other rules', (_what, request) => {
  expect(rulesOf(judge(policy, request))).toEqual([]);
});
