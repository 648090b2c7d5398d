import { formatProblem } from '../../src/documents/read-yaml';
import { describeCase, type Case } from '../../src/operation/case';
import { gateAnswer } from '../../src/operation/gate-answer';
import { judgeCase } from '../../src/operation/judge';
import { readRepository } from '../../src/policy/read-repository';
import { head, tuesday } from '../policy/helpers';
import { requestOf } from '../runbooks/request';

const files = {
  'policy.yaml': `${head}  whose: { owner: true }
environments: { production: { request: [whose] } }
break_glass: { who: [leads], review_by: [whose] }
handlers: [{ for: deploy, runbook: deploy }]
`,
  'configs/services/web.yaml': 'service: { name: web, owner: security }\n',
  'runbooks/deploy.yaml': 'name: deploy\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
};

function caseOf(change: Partial<Case> = {}): Case {
  const all = new Map(Object.entries(files).map(([path, text]) => [path, { text, blob: path }]));
  const read = readRepository({ files: all, commit: 'c0ffee' });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  const request = { ...requestOf(), kind: 'deploy', service: 'web', environment: 'production', version: 'v2' } as const;
  return {
    request,
    asker: { standing: 'member', groups: [] },
    repository: read.repository,
    history: [],
    now: tuesday,
    ...change,
  };
}

const owners = { groups: ['S0SECURITY'], users: [] };

test('the owner of the service may override a soft rule where policy says so', () => {
  const gate = {
    kind: 'override',
    holds: false,
    rule: 'r',
    message: 'No.',
    who: ['whose'],
    self: false,
    timeoutMs: 1,
  } as const;
  expect(gateAnswer([gate], caseOf(), 'd').overrides).toMatchObject([{ teams: { whose: owners } }]);
});

test('the owner of the service closes the review of a break-glass where policy says so', () => {
  const request = {
    ...caseOf().request,
    requester: { kind: 'person', id: 'U0LEE', via: 'slack' },
    labels: ['break_glass'],
    reason: 'fire',
  } as const;
  const asker = { standing: 'member', groups: ['S0SECURITY'] } as const;
  const { judgement } = judgeCase({ ...caseOf({ request, asker }), resolved: {} });
  expect(judgement).toMatchObject({ kind: 'allowed', review: { ballot: { teams: { whose: owners } } } });
});

test.each([
  ['is in it', ['S0SECURITY'], true],
  ['is not', [], false],
])('an owner that is a Slack group is looked up for rules as well: whoever asks %s', (_what, groups, isIn) => {
  const about = caseOf({ asker: { standing: 'member', groups } });
  expect(describeCase(about).world.teams).toMatchObject({ whose: isIn ? [about.request.requester.id] : [] });
});
