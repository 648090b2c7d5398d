import { runPolicyTests } from '../../src/policy/policy-tests';
import { policyOf } from './helpers';

const rules = `environments: { production: {} }
approvals:
  - { name: rules, when: 'change.kind == "policy"', require: [owners] }
  - { name: rest, require: [{ team: leads, count: 2 }] }
break_glass: { who: [oncall], review_by: [owners] }
`;

/** What differs from what one test expects. */
function differencesOf(test: {
  readonly rules?: string;
  readonly request?: string;
  readonly world?: string;
  readonly expect: string;
}) {
  const request = test.request ?? '{ kind: deploy, service: web, environment: production, version: v1, by: U0DAN }';
  const policy = policyOf(rules + (test.rules ?? ''), {
    'policy_tests/a.yaml': `tests:
  - name: it
    at: 2026-11-24T10:00:00Z
    request: ${request}
    world: ${test.world ?? '{}'}
    expect: ${test.expect}
`,
  });
  const { results, problems } = runPolicyTests(policy);
  expect(problems).toEqual([]);
  return results[0]!.differences;
}

const vote = (by: string) => `{ by: ${by}, at: 2026-11-24T09:00:00Z, decision: approve }`;

test.each([
  ['an open incident', '{ incidents: [{ id: INC-1, service: web }] }', '[incident INC-1]'],
  ['an incident of something else', '{ incidents: [{ service: bank }] }', '[]'],
  ['an incident elsewhere', '{ incidents: [{ service: web, environment: staging }] }', '[]'],
  ['a lock', '{ locks: [{ by: U0LEE, environment: production }] }', '[lock]'],
  ['a lock of another service', '{ locks: [{ by: U0LEE, environment: production, service: bank }] }', '[]'],
  ['a lock for this version', '{ locks: [{ by: U0LEE, environment: production, change: v1 }] }', '[]'],
  ['a lock that is over', '{ locks: [{ by: U0LEE, environment: production, until: 2026-11-24T09:59:00Z }] }', '[]'],
  ['a freeze by command', '{ freezes: [{ by: U0LEE, environment: production }] }', '[freeze by command]'],
  ['the stop', '{ stop: { by: U0LEE, reason: fire } }', '[stop]'],
  ['nothing', '{}', '[]'],
])('the world of a policy test may have %s', (_, world, waits) => {
  expect(differencesOf({ world, expect: `{ verdict: allowed, waits_for: ${waits} }` })).toEqual([]);
});

test.each([
  ['two of the team', [vote('U0LEE'), vote('U0KIM')], true],
  ['one of them', [vote('U0LEE')], false],
  ['one person with two accounts', [vote('U0ANA'), vote('U0ANA2')], false],
  ['nobody', [], false],
])('whether %s are enough can be tested', (_, votes, approved) => {
  const world = `{ votes: [${votes.join(', ')}] }`;
  expect(differencesOf({ world, expect: `{ verdict: allowed, approved: ${approved} }` })).toEqual([]);
  expect(differencesOf({ world, expect: `{ verdict: allowed, approved: ${!approved} }` })).toEqual([
    `whether it is approved should be ${!approved} and is ${approved}`,
  ]);
});

test.each([
  ['the same person', 'U0DAN', 'denied'],
  ['somebody else', 'U0LEE', 'allowed'],
])('the world of a policy test may have a review that %s still owes', (_, by, verdict) => {
  const request =
    '{ kind: deploy, service: web, environment: production, version: v1, by: U0DAN, reason: fire, labels: [break_glass] }';
  const world = `{ reviews: [{ operation: sbx-1, by: ${by}, due_at: 2026-11-25T10:00:00Z }] }`;
  expect(differencesOf({ request, world, expect: `{ verdict: ${verdict} }` })).toEqual([]);
});

test('what is denied is not approved', () => {
  const request = '{ kind: deploy, service: web, environment: prod, version: v1, by: U0DAN }';
  expect(differencesOf({ request, expect: '{ verdict: denied, approved: false }' })).toEqual([]);
});

test('whom a change of the policy asks can be tested', () => {
  const request = '{ kind: policy, version: c0ffee, by: U0ANA }';
  expect(differencesOf({ request, expect: '{ verdict: allowed, seats: { owners: 1 } }' })).toEqual([]);
});

test('a change of the policy whose commit a test does not name is the newest one', () => {
  const request = '{ kind: policy, by: U0ANA }';
  expect(differencesOf({ request, expect: '{ verdict: allowed, reasons: [], seats: { owners: 1 } }' })).toEqual([]);
});

test.each([
  ['a small change', '{ change: { commits: 1, lines_added: 3, lines_removed: 2 } }', 'small'],
  ['a large one', '{ change: { commits: 1, lines_added: 300, lines_removed: 201 } }', 'large'],
  ['one of which nobody knows the size', '{ change: { commits: 1, lines_added: 3 } }', 'large'],
  ['one of which nobody knows anything', '{}', 'large'],
])('the world of a policy test may have %s', (_, world, size) => {
  const facts =
    "facts: { declare: { size: [small, large] }, rules: [{ set: { size: large }, when: 'change.lines_changed > 500' }] }\n";
  expect(differencesOf({ rules: facts, world, expect: `{ verdict: allowed, facts: { size: ${size} } }` })).toEqual([]);
});

const asked = '{ kind: deploy, service: web, environment: production, version: v1, by: U0DAN }';
const success = 'service: web, environment: production, version: v1';

test.each([
  ['the instant of a test', '2026-11-24T10:00:00', '{}', 'at'],
  ['a day without a time', '2026-11-24', '{}', 'at'],
  ['words that a machine may read', 'Nov 24 2026 10:00', '{}', 'at'],
  ['a day that no calendar has', '2026-02-30T10:00:00Z', '{}', 'at'],
  ['a success', undefined, `{ history: [{ ${success}, succeeded_at: 2026-11-24T10:00:00 }] }`, 'succeeded_at'],
  [
    'a rollback',
    undefined,
    `{ history: [{ ${success}, succeeded_at: 2026-11-24T10:00:00Z, rolled_back_at: 2026-02-30T10:00:00Z }] }`,
    'rolled_back_at',
  ],
  ['a vote', undefined, '{ votes: [{ by: U0LEE, at: 2026-11-24T09:00, decision: approve }] }', 'at'],
  ['a lock', undefined, '{ locks: [{ by: U0LEE, environment: production, until: 2026-11-24 }] }', 'until'],
  ['a freeze', undefined, '{ freezes: [{ by: U0LEE, environment: production, until: 2026-11-24T09:00 }] }', 'until'],
  ['a review', undefined, '{ reviews: [{ operation: sbx-1, by: U0DAN, due_at: 2026-11-25T10:00 }] }', 'due_at'],
])('an instant that depends on the machine, or is on no day, is a problem of the file: %s', (_, at, world, name) => {
  const policy = policyOf(rules, {
    'policy_tests/a.yaml': `tests:
  - name: it
    request: ${asked}
    at: ${at ?? '2026-11-24T10:00:00Z'}
    world: ${world}
    expect: { verdict: allowed }
`,
  });
  expect(runPolicyTests(policy)).toEqual({
    results: [],
    problems: [
      expect.objectContaining({
        file: 'policy_tests/a.yaml',
        line: at ? 4 : 5,
        message: expect.stringMatching(new RegExp(`^"${name}" has to be an instant with its offset from UTC`)),
      }),
    ],
  });
});
