import type { World } from '../../../src/policy/evaluate';
import { judge, person, policyOf, problemsOf, rulesOf } from '../helpers';

const policy = policyOf(`environments: { production: {} }
break_glass: { who: [leads, oncall], review_by: [security, owners], within: 8h }
`);
const request = { labels: ['break_glass'], reason: 'down' };
const review = (by: string) => ({ operation: 'op-1', by, dueAt: '2026-11-24T18:00:00Z', reviewBy: ['owners'] });

describe('who has a review to be closed may not break the glass again', () => {
  test.each<readonly [string, string, World['reviews'], readonly string[]]>([
    ['nothing is owed', 'U0ANA', [], []],
    ['nobody was asked', 'U0ANA', undefined, []],
    ['an own one is open', 'U0ANA', [review('U0ANA')], ['break_glass']],
    ['one of another account of the same person', 'U0ANA', [review('U0ANA2')], ['break_glass']],
    ['and the other way round', 'U0ANA2', [review('U0ANA')], ['break_glass']],
    ['one of somebody else', 'U0DAN', [review('U0ANA')], []],
    ['nobody can say', 'U0ANA', 'unknown', []],
  ])('%s', (_what, by, reviews, rules) => {
    expect(rulesOf(judge(policy, { ...request, requester: person(by) }, { reviews }))).toEqual(rules);
  });

  test('the refusal names the operation, who can close its review, and who else may', () => {
    const [reason] = judge(policy, request, { reviews: [review('U0ANA'), review('U0ANA')] }).reasons;
    expect(reason?.message).toBe(
      'You may not break the glass again yet, because nobody has looked at op-1 (and 1 more), which is due Tue 24 Nov 2026 19:00 (Europe/Berlin); have owners close its review in the watch channel or with "signalbox review op-1", or have another of leads or oncall ask.',
    );
  });

  test('that nobody can say is said, and kept as evidence', () => {
    const found = judge(policy, request, { reviews: 'unknown' });
    expect(found.reasons.map(({ message }) => message)).toEqual([
      expect.stringContaining('security or owners has to review it within 8h.'),
      expect.stringContaining('Nobody can tell now'),
    ]);
    expect(found.evidence).toEqual({
      break_glass: { reason: 'down', reviewBy: ['security', 'owners'], openReviews: 'unknown' },
    });
  });

  test('other work is not held back by it', () => {
    expect(rulesOf(judge(policy, {}, { reviews: [review('U0ANA')] }))).toEqual([]);
  });
});

describe('break-glass works only for what it is meant for', () => {
  const meantFor = (what: string) =>
    policyOf(`environments: { production: {}, staging: {} }
approvals: [{ name: x, require: [leads] }]
break_glass: { who: [leads], for: ${what}, review_by: [security] }
`);
  test.each([
    ['its environment', '{ environments: [production] }', {}, true],
    ['another environment', '{ environments: [production] }', { environment: 'staging' }, false],
    ['work in no environment', '{ environments: [production] }', { kind: 'policy', environment: undefined }, false],
    ['its service', '{ services: [web] }', {}, true],
    ['another service', '{ services: [web] }', { service: 'bank' }, false],
    ['work on no service', '{ services: [web] }', { kind: 'runbook', service: undefined, runbook: 'x' }, false],
    ['its kind', '{ kinds: [deploy, runbook] }', {}, true],
    ['another kind', '{ kinds: [runbook] }', {}, false],
    ['what fits one list and not the other', '{ environments: [production], kinds: [runbook] }', {}, false],
  ] as const)('%s', (_, what, changed, works) => {
    const found = judge(meantFor(what), { ...request, ...changed });
    expect(rulesOf(found).includes('break_glass')).toBe(!works);
    expect(found.debt !== undefined).toBe(works);
  });

  test('the refusal says where it works', () => {
    const policy = meantFor('{ environments: [production], services: [web, bank], kinds: [deploy, runbook] }');
    expect(judge(policy, { ...request, environment: 'staging' }).reasons).toContainEqual(
      expect.objectContaining({
        level: 'hard',
        message:
          'Break-glass is for deploy or runbook of web or bank in production only, and not for the deploy of web v2 to staging; ask again without the label, or have the owner of the policy repository widen it.',
      }),
    );
  });

  test.each([
    ['{ environments: [prod] }', 'there is no environment "prod"'],
    ['{ services: [wob] }', 'there is no service "wob"'],
    ['{ kinds: [deployment] }', 'entry 1 of "kinds" has to be'],
    ['{ environment: [production] }', 'environment'],
  ])('a slip in it is told: %s', (what, problem) => {
    const rules = `environments: { production: {} }\nbreak_glass: { who: [leads], for: ${what} }\n`;
    expect(problemsOf(rules).join('\n')).toContain(problem);
  });
});
