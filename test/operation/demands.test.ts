import { formatProblem } from '../../src/documents/read-yaml';
import type { Case } from '../../src/operation/case';
import { judgeCase } from '../../src/operation/judge';
import { previewCase } from '../../src/operation/preview';
import type { OperationRequest } from '../../src/operation/request';
import { readRepository } from '../../src/policy/read-repository';
import { requestOf } from '../runbooks/request';

const policy = (rules: string) => `version: 1
timezone: UTC
teams:
  leads: { users: [U0LEE, U0KIM] }
  dba: { users: [U0DBA, U0DOT] }
  security: { users: [U0SEC] }
windows:
  night: { days: all, from: "22:00", to: "23:00" }
  office: { days: all, from: "09:00", to: "17:00" }
environments:
  staging: {}
  production: { windows: [office] }
break_glass: { who: [leads], review_by: [security] }
handlers:
  - { for: deploy, runbook: deliver }
  - { for: rollback, runbook: deliver }
approvals: ${rules}
`;
const wait = 'steps: [{ uses: wait, with: { for: 1s } }]\n';
const runbooks = {
  'runbooks/plain.yaml': `name: plain\n${wait}`,
  'runbooks/careful.yaml': `name: careful\nhelp: x\napprovals: [dba, { team: security }]\nwindows: [night]\n${wait}`,
  'runbooks/two.yaml': `name: two\napprovals: [{ team: leads, count: 2 }]\n${wait}`,
  'runbooks/around.yaml': 'name: around\nsteps: [{ uses: runbook, with: { runbook: careful } }]\n',
  'runbooks/deliver.yaml': `name: deliver\napprovals: [dba]\n${wait}`,
  'configs/services/web.yaml': 'service: { name: web, owner: leads }\n',
};
const noon = new Date('2026-11-24T12:00:00Z');
const late = new Date('2026-11-24T22:30:00Z');

function repositoryOf(rules: string) {
  const files = Object.entries({ 'policy.yaml': policy(rules), ...runbooks });
  const read = readRepository({
    files: new Map(files.map(([path, text]) => [path, { text, blob: path }])),
    commit: 'c0ffee',
  });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return read.repository;
}
const free = '[{ name: free, require: none }]';
const usual = '[{ name: usual, require: [leads] }]';

function caseOf(rules: string, asked: Partial<OperationRequest>, now = noon): Case {
  const { service: _, environment: __, version: ___, ...bare } = requestOf();
  const request: OperationRequest = { ...bare, kind: 'runbook', ...asked };
  return {
    request,
    asker: { standing: 'member', groups: [] },
    repository: repositoryOf(rules),
    history: [{ service: 'web', environment: 'staging', version: 'v1', succeededAt: '2026-11-01T00:00:00Z' }],
    now,
  };
}

function judged(rules: string, asked: Partial<OperationRequest>, now = noon) {
  const { judgement } = judgeCase({ ...caseOf(rules, asked, now), resolved: {} });
  if (judgement.kind === 'denied') throw new Error(judgement.reasons.join('\n'));
  return judgement;
}
const seats = (rules: string, asked: Partial<OperationRequest>) =>
  judged(rules, asked).ballots.flatMap((ballot) => ballot.seats.map(({ team }) => team));

test.each<[string, string, Partial<OperationRequest>, readonly string[]]>([
  ['a runbook that asks nothing itself', free, { runbook: 'plain' }, []],
  ['one whose teams are the only ones asked', free, { runbook: 'careful' }, ['dba', 'security']],
  ['one whose teams come on top of policy’s', usual, { runbook: 'careful' }, ['leads', 'dba', 'security']],
  ['one whose team policy asks already, for as many as it wants', usual, { runbook: 'two' }, ['leads', 'leads']],
  ['one around another', usual, { runbook: 'around' }, ['leads', 'dba', 'security']],
  [
    'a handler of a deploy',
    usual,
    { kind: 'deploy', runbook: undefined, service: 'web', environment: 'staging', version: 'v2' },
    ['leads', 'dba'],
  ],
])('%s: these seats are asked for', (_what, rules, asked, wanted) => {
  expect(seats(rules, asked)).toEqual(wanted);
});

test('a rollback asks nobody, whatever its handler asks for', () => {
  const asked = { kind: 'rollback', service: 'web', environment: 'staging', version: 'v1' } as const;
  expect(seats(usual, asked)).toEqual([]);
});

test('who is asked, and which line of which file asks', () => {
  const { why, ballots } = judged(usual, { runbook: 'careful' });
  expect(ballots).toHaveLength(1);
  expect(why).toContainEqual({
    rule: 'runbook careful',
    message: 'The runbook careful itself asks for dba and security.',
    source: 'runbooks/careful.yaml:3',
  });
});

test.each<[string, Partial<OperationRequest>, Date, readonly boolean[]]>([
  ['its window is closed', { runbook: 'careful' }, noon, [false]],
  ['its window is open', { runbook: 'careful' }, late, [true]],
  [
    'its window is closed and the environment’s is open',
    { runbook: 'careful', environment: 'production' },
    noon,
    [true, false],
  ],
  [
    'its window is open and the environment’s is closed',
    { runbook: 'careful', environment: 'production' },
    late,
    [false, true],
  ],
  ['it is inside another', { runbook: 'around' }, noon, [false]],
  ['it has none', { runbook: 'plain' }, noon, []],
])('a runbook waits for its own window besides the environment’s: %s', (_what, asked, now, holds) => {
  const gates = judged(free, asked, now).gates.filter(({ kind }) => kind === 'window');
  expect(gates.map((gate) => gate.holds)).toEqual(holds);
});

test('the gate says which runbook waits, until when, and where that stands', () => {
  const { gates, nextGateCheckAtMs, why } = judged(free, { runbook: 'careful' });
  expect(gates).toMatchObject([
    {
      message:
        'The runbook careful begins every day 22:00–23:00 UTC; that is closed now and opens Tue 24 Nov 2026 22:00 (UTC), and this waits for it. The author of the runbook can change that.',
      opensAt: '2026-11-24T22:00:00.000Z',
    },
  ]);
  expect(nextGateCheckAtMs).toBe(Date.parse('2026-11-24T22:00:00Z'));
  expect(why.map(({ source }) => source)).toContain('runbooks/careful.yaml:4');
});

test('break-glass passes the windows and the teams of a runbook, and owes its review', () => {
  const asked = {
    runbook: 'careful',
    environment: 'production',
    labels: ['break_glass'],
    reason: 'fire',
    requester: { kind: 'person', id: 'U0LEE', via: 'slack' },
  } as const;
  const judgement = judged(usual, asked);
  expect([judgement.ballots, judgement.gates.filter(({ holds }) => !holds)]).toEqual([[], []]);
  expect(judgement.review).toBeDefined();
});

test('a question that starts nothing gets the same answer', () => {
  const { evaluation } = previewCase(caseOf(usual, { runbook: 'careful' }));
  expect(evaluation).toMatchObject({ verdict: 'allowed' });
  expect(evaluation.why.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['runbook careful', 'night']));
});

test.each([
  ['approvals: [dab]', '3:', 'the policy has no team "dab"; did you mean "dba"?'],
  ['approvals: [{ team: nobody }]', '3:', 'the policy has no team "nobody"; there are: leads, dba, security'],
  ['windows: [nigth]', '3:', 'the policy has no window "nigth"; did you mean "night"?'],
  ['approvals: []', '3:', 'approvals'],
  ['approvals: [{ team: dba, count: 0 }]', '3:', 'count'],
])('%s is refused with its line', (line, place, message) => {
  const all = { 'policy.yaml': policy(free), ...runbooks, 'runbooks/odd.yaml': `name: odd\nhelp: x\n${line}\n${wait}` };
  const files = new Map(Object.entries(all).map(([path, text]) => [path, { text, blob: path }]));
  const read = readRepository({ files, commit: 'c0ffee' });
  const problems = read.ok ? '' : read.problems.map(formatProblem).join('\n');
  expect(problems).toContain(`runbooks/odd.yaml:${place}`);
  expect(problems).toContain(message);
});
