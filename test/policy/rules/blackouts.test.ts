import { gatesOf, judge, policyOf, problemsOf } from '../helpers';

const rules = `environments: { production: {} }
labels: { hotfix: { who: [leads] }, open: {} }
rollback: { freezes: keep }
`;
const shop = (window: string) => ({
  'configs/services/shop.yaml': `service:
  name: shop
  owner: owners
  deployment:
    blackout_windows:
      - { start: 2026-11-20, end: 2026-11-30, ${window} }
`,
});

test.each([
  ['a deploy', 'except: [hotfix, runbook]', {}, false],
  ['a label that it names', 'except: [hotfix, runbook]', { labels: ['hotfix'] }, true],
  ['a kind that it names', 'except: [hotfix, runbook]', { kind: 'runbook', runbook: 'x' }, true],
  ['a rollback that keeps freezes', 'except: [hotfix]', { kind: 'rollback', version: 'v1' }, false],
  ['a rollback that it names', 'except: [rollback]', { kind: 'rollback', version: 'v1' }, true],
  ['a label where nothing is excepted', 'reason: sale', { labels: ['hotfix'] }, false],
] as const)('%s passes the blackout of a service, or not', (_, window, request, passes) => {
  const history = [{ service: 'shop', environment: 'production', version: 'v1', succeededAt: '2026-11-01T10:00:00Z' }];
  const found = judge(policyOf(rules, shop(window)), { service: 'shop', ...request }, { history });
  expect(gatesOf(found).includes('freeze blackout of shop: waits')).toBe(!passes);
});

test.each([
  ['except: [hotfixes]', '"hotfixes" is neither a kind of work nor a label of policy.yaml'],
  ['exept: [hotfix]', 'the key "exept" does nothing'],
])('a slip in it is told: %s', (window, problem) => {
  expect(problemsOf(rules, shop(window)).join('\n')).toContain(problem);
});

test('a label that opens it and that anybody may claim is refused', () => {
  expect(problemsOf(rules, shop('except: [open]'))).toEqual([
    'configs/services/shop.yaml:6:56: the label "open" lets work pass here and anybody may claim it; name the teams that may under labels.open.who',
  ]);
});
