import { policyAuthorsTold } from '../../src/operation/change';
import type { PolicyChange } from '../../src/operation/policy-change';
import { evaluate } from '../../src/policy/evaluate';
import { policyOf } from './helpers';

const policy = policyOf(`environments: {}
policy_changes: gated
approvals: [{ name: rules, when: 'change.kind == "policy"', require: [leads] }]
`);
const commit = 'c'.repeat(40);
const change: PolicyChange = {
  from: 'a'.repeat(40),
  to: commit,
  head: commit,
  paths: ['policy.yaml'],
  morePaths: 0,
  authors: [],
  committers: [],
  isUnclear: false,
  commits: [],
};

const judged = (policyChange: PolicyChange | undefined, strangers: readonly string[] = []) =>
  evaluate({
    policy,
    request: {
      kind: 'policy',
      version: commit,
      requester: { kind: 'machine', id: 'signalbox', via: 'policy' },
      authors: [],
      strangers,
    },
    world: { ...(policyChange && { policyChange }) },
    now: new Date('2026-11-21T12:00:00Z'),
  });

const seats = (answer: ReturnType<typeof judged>): number => {
  if (answer.verdict === 'denied') throw new Error(JSON.stringify(answer.reasons));
  return answer.gates
    .flatMap((gate) => (gate.kind === 'approval' ? gate.seats : []))
    .reduce((sum, { count }) => sum + count, 0);
};

test.each<[string, PolicyChange, readonly string[], number]>([
  ['by people whom policy knows', change, [], 1],
  ['by somebody whom nobody knows', change, ['Somebody'], 2],
  ['whose commits do not say who changed what', { ...change, isUnclear: true }, [], 2],
])('a change %s', (_what, given, strangers, count) => {
  expect(seats(judged(given, strangers))).toBe(count);
});

test.each<[string, PolicyChange | undefined, RegExp]>([
  ['the branch has moved on', { ...change, head: 'd'.repeat(40) }, /moved on to dddddddddd/],
  ['nothing is left to approve', undefined, /needs no decision/],
])('it ends when %s', (_what, given, sentence) => {
  const answer = judged(given);
  expect(answer.verdict).toBe('denied');
  expect(answer.reasons.map(({ message }) => message).join(' ')).toMatch(sentence);
});

test('committers whom policy knows do not count either, and a host that merges is nobody', () => {
  const { people } = policyOf('environments: {}\n', {
    'people.yaml': 'people: { U0MAL: { email: mallory@company.example }, U0ANN: { git: [Ann] } }\n',
  });
  const told = policyAuthorsTold(
    {
      authors: [{ name: 'Ann', email: 'ann@home.example' }],
      committers: [
        { name: 'Mallory', email: 'mallory@company.example' },
        { name: 'A host', email: 'noreply@host.example' },
      ],
    },
    people,
  );
  expect(told).toEqual({ authors: ['Ann', 'mallory@company.example'], strangers: [] });
});
