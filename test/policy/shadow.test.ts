import { compareEvaluations } from '../../src/policy/compare';
import { explainJson, explainVerdict } from '../../src/policy/explain';
import type { World } from '../../src/policy/request';
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

const destroys: World = { plan: { destroys: 1 } };
/** Before anybody has looked up the change and its plan. */
const later: World = { plan: undefined, isChangeLater: true };

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

  it.each([
    ['does not hold', 'plan.destroys > 1', destroys, []],
    ['holds', 'plan.destroys > 0', destroys, ['tried']],
    ['cannot be evaluated', 'change.files_changed > 3', {}, ['tried']],
    ['does not hold with a fact at its strictest, and may with what it becomes', 'change.risk == "low"', later, []],
  ])('whose condition %s is told as one that binds is judged', (_, when, world, told) => {
    for (const section of [
      `approvals:\n  - { name: tried, mode: shadow, when: '${when}', require: [security] }`,
      `rules:\n  - { name: tried, mode: shadow, when: '${when}', message: No. }`,
      `freezes:\n  - { name: tried, mode: shadow, when: '${when}', from: 2026-11-24, to: 2026-11-24 }`,
    ]) {
      const facts = `facts:\n  declare: { risk: [low, high] }\n  rules: [{ set: { risk: high }, when: plan.creates > 0 }]\n`;
      const text = `environments: { production: {} }\n${facts}${section}\n`;
      const found = judge(policyOf(text), {}, world);
      const differs = compareEvaluations(found, judge(policyOf(text.replace('mode: shadow, ', '')), {}, world));
      expect(found.shadow.map(({ rule }) => rule)).toEqual(differs.length > 0 ? ['tried'] : []);
      if (world !== later) expect(found.shadow.map(({ rule }) => rule)).toEqual(told);
    }
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
