import { ballotsFor } from '../../src/policy/ballots';
import { compareEvaluations } from '../../src/policy/compare';
import type { Evaluation } from '../../src/policy/evaluate';
import { explainJson } from '../../src/policy/explain';
import { judge, policyOf, problemsOf, tuesday } from './helpers';

const rules = (company: string, more = '', production = ''): string =>
  `environments: { production: { ${production} } }\n${more}approvals:\n  - { name: company, require: [leads]${company} }\n`;
const required = ', second_factor: required';
const everywhere = 'second_factor: { approvals: required }\n';

const ballotOf = (text: string) => {
  const policy = policyOf(text);
  const evaluation = judge(policy);
  const [ballot] = ballotsFor({
    evaluation,
    policy,
    planDigest: 'plan',
    operationId: 'o1',
    excluded: [],
    now: tuesday,
  });
  return ballot!;
};

const gateOf = (evaluation: Evaluation) => {
  if (evaluation.verdict === 'denied') throw new Error(JSON.stringify(evaluation.reasons));
  return evaluation.gates.find((gate) => gate.kind === 'approval');
};

test.each([
  ['the rule that applies', rules(required), true],
  ['the company for every approval', rules('', everywhere), true],
  [
    'one of two rule sets',
    rules(', one_click: true', '', `approvals: [{ name: prod, require: [oncall]${required} }]`),
    true,
  ],
  ['nobody', rules(''), undefined],
])('a ballot needs a code when it is asked for by %s', (_who, text, wanted) => {
  const ballot = ballotOf(text);
  expect(ballot.secondFactor).toBe(wanted);
  expect(ballot.oneClick).toBe(false);
});

test('whoever approves is told of it in the sentence of the gate', () => {
  expect(gateOf(judge(policyOf(rules(required))))?.message).toBe(
    '"company" needs leads to approve, with a code from their authenticator.',
  );
});

test('policy explain says so too', () => {
  const gates = (text: string) => explainJson(judge(policyOf(text))).gates as readonly object[];
  expect(gates(rules(required))[0]).toMatchObject({ kind: 'approval', secondFactor: true });
  expect(gates(rules(''))[0]).not.toHaveProperty('secondFactor');
});

test('it is part of what a ballot shows, and so of its digest', () => {
  expect(ballotOf(rules(required)).digest).not.toBe(ballotOf(rules('')).digest);
  expect(ballotOf(rules(required)).digest).toBe(ballotOf(rules('', everywhere)).digest);
});

test.each([
  ['on the rule', rules(`${required}, one_click: true`)],
  ['of the company', rules(', one_click: true', everywhere)],
])('one click beside a second factor %s is refused when the file is read', (_where, text) => {
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/policy\.yaml:\d+:\d+: a second factor is typed in a dialog.*leave out one_click/),
  ]);
});

test('only "required" can be asked for', () => {
  expect(problemsOf(rules(', second_factor: maybe'))).toHaveLength(1);
});

test('a policy pull request shows that a code would be asked for, or no longer', () => {
  const [plain, strict] = [judge(policyOf(rules(''))), judge(policyOf(rules(required)))];
  const sentences = (before: Evaluation, after: Evaluation) =>
    compareEvaluations(before, after).map(({ sentence }) => sentence);
  expect(sentences(plain, strict)).toEqual([expect.stringContaining('would take a code')]);
  expect(sentences(strict, plain)).toEqual([expect.stringContaining('would no longer take a code')]);
  expect(sentences(strict, strict)).toEqual([]);
});
