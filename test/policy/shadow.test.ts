import { explainJson, explainVerdict } from '../../src/policy/explain';
import { gatesOf, judge, policyOf, seatsOf } from './helpers';

const rules = (mode: string) => `environments: { production: {}, staging: {} }
facts:
  declare: { risk: [low, high] }
  rules: [{ ${mode} set: { risk: high }, when: 'change.version == "v3"' }]
approvals:
  - { name: careful, ${mode} when: 'change.service == "bank"', require: [security] }
  - { name: risky, when: 'change.risk == "high"', require: [{ team: leads, count: 2 }] }
  - { name: rest, require: [leads] }
freezes:
  - { name: move, ${mode} from: 2026-11-24, to: 2026-11-24, services: [web], effect: deny }
  - { name: quiet, ${mode} from: 2026-11-24, to: 2026-11-24, environments: [staging] }
`;
const shadow = policyOf(rules('mode: shadow,'));
const binding = policyOf(rules('mode: enforce,'));
/** The same without the rules that are in shadow. */
const silent = policyOf(`environments: { production: {}, staging: {} }
facts:
  declare: { risk: [low, high] }
approvals:
  - { name: risky, when: 'change.risk == "high"', require: [{ team: leads, count: 2 }] }
  - { name: rest, require: [leads] }
`);
const bank = { service: 'bank', reason: 'because' };

describe('a shadow rule', () => {
  it.each([
    ['an approval', { ...bank }, 'careful', /Seats would change: leads 1 → 0, security 0 → 1\./],
    ['a freeze that denies', {}, 'move', /It would be denied instead of allowed: The freeze "move" refuses/],
    ['a freeze that waits', { ...bank, environment: 'staging' }, 'quiet', /It would wait as well: The freeze "quiet"/],
    ['a fact rule', { ...bank, version: 'v3' }, 'fact rule at policy.yaml:12', /Seats would change: leads 1 → 2/],
  ])('binds nobody and says what it would have changed: %s', (_, request, rule, words) => {
    const found = judge(shadow, request);
    expect(gatesOf(found)).toEqual(gatesOf(judge(silent, request)));
    expect(seatsOf(found)).toEqual(seatsOf(judge(silent, request)));
    const finding = found.shadow.find((each) => each.rule === rule);
    expect(finding?.message).toMatch(words);
    expect(finding?.message).toMatch(/is a shadow rule and changes nothing/);
    expect(finding?.source.file).toBe('policy.yaml');
  });

  it('with mode: enforce, or without a mode, is a rule as any other', () => {
    expect(gatesOf(judge(binding))).toEqual(['denied', 'move']);
    expect(judge(binding).shadow).toEqual([]);
    expect(gatesOf(judge(policyOf(rules(''))))).toEqual(['denied', 'move']);
  });

  it('that would change nothing says nothing', () => {
    expect(judge(shadow, bank).shadow.map(({ rule }) => rule)).toEqual(['careful']);
    expect(judge(shadow, { kind: 'rollback', version: undefined }).shadow).toEqual([]);
  });

  it('is told in sentences and in JSON', () => {
    const found = judge(shadow);
    expect(explainVerdict(found).at(-1)).toMatch(/^"move" is a shadow rule and changes nothing.*\(policy\.yaml:\d+\)$/);
    expect(explainJson(found)).toMatchObject({
      verdict: 'allowed',
      shadow: [{ rule: 'move', source: { file: 'policy.yaml' } }],
    });
  });
});
