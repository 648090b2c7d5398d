import { formatProblem } from '../../../src/documents/read-yaml';
import { gatesOf, judge, load, machine, policyOf, problemsOf, rulesOf } from '../helpers';

const places = 'environments: { production: {}, staging: {} }\n';

/** A service of its own under what a test needs. */
const service = (compliance: string, more = '') => ({
  'configs/services/vault.yaml': `service:\n  name: vault\n  owner: owners\n  compliance: { ${compliance} }\n${more}`,
});

describe('soft rules', () => {
  const soft = (more: string) =>
    policyOf(`${places}${more}rules: [{ name: late, when: 'true', level: soft, message: "It is late; wait." }]\n`);

  test('one that is broken is a gate for those who may override it', () => {
    const evaluation = judge(soft('overrides: { who: [leads, security], timeout: 2h }\n'));
    expect(evaluation).toMatchObject({
      verdict: 'allowed',
      gates: [
        {
          kind: 'override',
          rule: 'late',
          holds: false,
          who: ['leads', 'security'],
          self: false,
          timeoutMs: 7_200_000,
          message:
            'It is late; wait. The rule is soft: leads or security may override it with a reason, and whoever asked may not.',
        },
      ],
    });
  });

  test('one that nobody may override denies, and the check of the file warns', () => {
    expect(judge(soft(''))).toMatchObject({
      verdict: 'denied',
      reasons: [{ rule: 'late', message: expect.stringContaining('names nobody who may override it') }],
    });
    expect(warningsOf(`${places}rules: [{ name: late, when: 'true', level: soft, message: "x" }]\n`)).toEqual([
      expect.stringContaining('nobody may override it'),
    ]);
  });

  test('it gives way to break-glass, and a hard one does not', () => {
    const glass = 'break_glass: { who: [leads], review_by: [security] }\n';
    const request = { labels: ['break_glass'], reason: 'down' };
    expect(gatesOf(judge(soft(glass), request))).toEqual([]);
    expect(judge(soft(glass), request).reasons).toEqual(
      expect.arrayContaining([expect.objectContaining({ rule: 'late', level: 'advisory' })]),
    );
    const hard = policyOf(`${places}${glass}rules: [{ name: late, when: 'true', message: "x" }]\n`);
    expect(rulesOf(judge(hard, request))).toEqual(['late']);
  });
});

describe('soft freezes and windows', () => {
  const may = 'overrides: { who: [leads] }\n';
  const freeze = (level: string, more = '') =>
    `${places}freezes: [{ name: quiet, from: 2026-11-23, to: 2026-11-25, level: ${level}${more} }]\n`;
  const night = (level: string) =>
    `windows: { night: { days: all, from: "22:00", to: "23:00" } }\nenvironments: { production: { windows: [night], windows_level: ${level} } }\n`;
  test.each([
    ['a hard freeze waits', freeze('hard') + may, ['freeze quiet: waits']],
    ['a soft freeze may be overridden', freeze('soft') + may, ['override quiet: waits']],
    ['one that denies, too', freeze('soft', ', effect: deny') + may, ['override quiet: waits']],
    ['one that names its own', freeze('soft', ', override: { who: [owners] }'), ['override quiet: waits']],
    ['one that nobody may override waits as a hard one does', freeze('soft'), ['freeze quiet: waits']],
    ['and one that denies then denies', freeze('soft', ', effect: deny'), ['denied', 'quiet']],
    ['a hard window waits', night('hard') + may, ['window night: waits']],
    ['a soft window may be overridden', night('soft') + may, ['override night: waits']],
    ['one that nobody may override waits', night('soft'), ['window night: waits']],
  ])('%s', (_what, rules, gates) => {
    expect(gatesOf(judge(policyOf(rules)))).toEqual(gates);
  });

  test('time opens them too, and the gate says when', () => {
    expect(judge(policyOf(freeze('soft') + may))).toMatchObject({ gates: [{ until: '2026-11-25T23:00:00.000Z' }] });
    expect(judge(policyOf(night('soft') + may))).toMatchObject({ gates: [{ until: '2026-11-24T21:00:00.000Z' }] });
    const inside = new Date('2026-11-24T21:30:00Z');
    expect(gatesOf(judge(policyOf(night('soft') + may), {}, {}, inside))).toEqual(['window night: holds']);
  });
});

describe('labels that open a freeze', () => {
  const freeze = 'freezes: [{ name: f, from: 2026-12-01, to: 2026-12-02, except: [hotfix, rollback] }]\n';
  const open = 'lets work pass here and anybody may claim it; name the teams that may under labels.hotfix.who';
  test.each([
    ['a freeze', freeze],
    ['freezes by command', 'holds: { freeze: { except: [rollback, hotfix] } }\n'],
    ['the stop', 'holds: { stop: { except: [break_glass, hotfix] } }\n'],
    ['open incidents', 'incidents: { except: [hotfix] }\n'],
  ])('one that anybody may claim cannot open %s', (_what, rule) => {
    const problems = (labels: string) => problemsOf(`${places}break_glass: { who: [leads] }\n${labels}${rule}`);
    expect(problems('labels: { hotfix: {} }\n')).toEqual([expect.stringContaining(`the label "hotfix" ${open}`)]);
    expect(problems('labels: { hotfix: { who: [leads] }, other: {} }\n')).toEqual([]);
  });

  test('one that is called like a kind of work is a label all the same', () => {
    const problems = problemsOf(`${places}labels: { hotfix: { who: [leads] }, rollback: {} }\n${freeze}`);
    expect(problems).toEqual([expect.stringContaining('the label "rollback" lets work pass here')]);
  });

  test('a machine cannot claim one that teams may', () => {
    const policy = policyOf(`${places}labels: { hotfix: { who: [leads] } }\n${freeze}`);
    expect(rulesOf(judge(policy, { labels: ['hotfix'], requester: machine('ci') }))).toEqual(['labels']);
  });
});

test('break-glass that nobody reviews is warned of', () => {
  expect(warningsOf(`${places}break_glass: { who: [leads] }\n`)).toEqual([expect.stringContaining('review_by')]);
});

test.each([
  ['a slip in a key that acts', 'privacy_assesment: { date: 2026-01-01 }', 'did you mean "privacy_assessment"'],
  ['a day that there is not', 'privacy_assessment: { date: 2026-02-30 }', 'is not a day of the calendar'],
  ['encryption that is neither true nor false', 'encryption: { at_rest: aes }', 'at_rest'],
])('a service file with %s is an error', (_what, compliance, message) => {
  expect(problemsOf(places, service(compliance))).toEqual([expect.stringContaining(message)]);
});

function warningsOf(rules: string): readonly string[] {
  const loaded = load(rules);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.policy.warnings.map(formatProblem);
}
