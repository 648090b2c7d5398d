import { formatProblem } from '../../src/documents/read-yaml';
import type { Case } from '../../src/operation/case';
import { admitCase, judgeCase } from '../../src/operation/judge';
import { readRepository } from '../../src/policy/read-repository';
import { head, problemsOf, tuesday } from '../policy/helpers';
import { requestOf } from '../runbooks/request';

const files = {
  'policy.yaml': `${head}environments: { production: {} }
facts:
  declare: { risk: [low, high] }
  measure: { error_budget: budget_left }
  rules: [{ set: { risk: high }, when: measured.error_budget < 0.1 }]
approvals:
  - { name: careful, when: 'change.risk == "high"', require: [security] }
  - { name: free, require: none }
metrics:
  budget_left: { connection: prometheus, query: 'budget{service="\${{ operation.service }}"}', unit: ratio }
handlers: [{ for: deploy, runbook: deploy }, { for: rollback, runbook: deploy }]
break_glass: { who: [leads] }
`,
  'configs/services/web.yaml': 'service: { name: web, owner: security }\n',
  'connections/prometheus.yaml':
    'connection: { name: prometheus, kind: prometheus, origin: "https://metrics.example" }\n',
  'runbooks/deploy.yaml': 'name: deploy\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
};

function caseOf(request: Partial<Case['request']> = {}): Case {
  const all = new Map(Object.entries(files).map(([path, text]) => [path, { text, blob: path }]));
  const read = readRepository({ files: all, commit: 'c0ffee' });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  const asked = { kind: 'deploy', service: 'web', environment: 'production', version: 'v2' } as const;
  return {
    request: { ...requestOf(), ...asked, ...request },
    asker: { standing: 'member', groups: [] },
    repository: read.repository,
    history: [
      { service: 'web', environment: 'production', version: 'v2', succeededAt: '2026-11-20T10:00:00Z' },
      { service: 'web', environment: 'production', version: 'v3', succeededAt: '2026-11-21T10:00:00Z' },
    ],
    now: tuesday,
  };
}

const ballots = (resolved: Parameters<typeof judgeCase>[0]['resolved'], request: Partial<Case['request']> = {}) => {
  const { judgement } = judgeCase({ ...caseOf(request), resolved });
  if (judgement.kind === 'denied') throw new Error(judgement.reasons.join('\n'));
  return judgement.ballots.map(({ rule }) => rule);
};

test('a runner measures it before the verdict, and what fails there is no reason to refuse', () => {
  const { admission, resolve } = admitCase(caseOf());
  expect(admission).toMatchObject({
    kind: 'admitted',
    resolve: { steps: [{ path: 'measured/error_budget', uses: 'metric/read', onFailure: 'continue' }] },
  });
  expect(resolve).toMatchObject({
    metrics: { budget_left: { connection: 'prometheus' } },
    connections: { prometheus: { origin: 'https://metrics.example' } },
  });
});

test.each([
  ['enough is left', { value: 0.4 }, []],
  ['hardly any is left', { value: 0.05 }, ['careful']],
  ['nobody could read it', {}, ['careful']],
  ['it is no number', { value: 'plenty' }, ['careful']],
])('a fact rule asks for more or not: %s', (_what, outputs, expected) => {
  expect(ballots({ 'measured/error_budget': outputs })).toEqual(expected);
});

test('it counts as the strictest for a verdict that nobody measured for', () => {
  expect(ballots({})).toEqual(['careful']);
});

test.each<[string, Partial<Case['request']>]>([
  ['a rollback', { kind: 'rollback' }],
  [
    'break-glass',
    { labels: ['break_glass'], reason: 'fire', requester: { kind: 'person', id: 'U0LEE', via: 'slack' } },
  ],
])('%s does not wait for metrics', (_what, request) => {
  expect(admitCase(caseOf(request))).toMatchObject({ admission: { kind: 'admitted' } });
  expect(admitCase(caseOf(request)).resolve).toBeUndefined();
});

test('the value that was judged by is in the record', () => {
  const { judgement } = judgeCase({ ...caseOf(), resolved: { 'measured/error_budget': { value: 0.4 } } });
  expect(judgement).toMatchObject({ basis: { world: { measured: { error_budget: 0.4 } } } });
});

test.each([
  ['a metric that is not mapped', 'measure: { error_budget: nothing }', 'there is no metric "nothing"'],
  [
    'a slip in its name',
    'measure: { budget: left }, rules: [{ set: { risk: high }, when: measured.buget < 1 }]',
    'buget',
  ],
  ['a condition without any', 'rules: [{ set: { risk: high }, when: measured.budget < 1 }]', 'measured'],
])('is checked when the policy is read: %s', (_what, facts, words) => {
  const problems = problemsOf(`environments: { production: {} }
facts: { declare: { risk: [low, high] }, ${facts} }
metrics: { left: { connection: prometheus, query: up, unit: ratio } }
`);
  expect(problems.join('\n')).toContain(words);
});
