import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatProblem } from '../../src/documents/read-yaml';
import { ballotsFor } from '../../src/policy/ballots';
import { explainJson, explainVerdict } from '../../src/policy/explain';
import { matchesGlob } from '../../src/code/path-pattern';
import { handlerFor } from '../../src/policy/handlers';
import { excludedAccounts } from '../../src/policy/people';
import { loadPolicy } from '../../src/policy/policy';
import { runPolicyTests } from '../../src/policy/policy-tests';
import { gatesOf, judge, person, policyOf, rulesOf, tuesday } from './helpers';

const rules = `environments: { production: {}, staging: {} }
facts: { declare: { risk: [low, medium, high] }, rules: [{ set: { risk: medium }, when: 'environment.name == "production"' }] }
labels: { hotfix: { who: [leads] } }
approvals:
  - { name: risky, when: 'change.risk == "high"', require: [owners, { team: leads, count: 2 }] }
  - { name: rest, require: [leads] }
`;
const policy = policyOf(rules);
const accounts = ['U0ANA', 'U0ANA2', 'U0LEE', 'U0KIM', 'U0DAN', 'U0SUB', 'U0EVA'];
const anyRequest = fc.record({
  service: fc.constantFrom('web', 'bank', 'nothing'),
  environment: fc.constantFrom('production', 'staging', 'elsewhere'),
  requester: fc.constantFrom(...accounts).map(person),
  labels: fc.subarray(['hotfix', 'other']),
  reason: fc.option(fc.string(), { nil: undefined }),
  raise: fc.dictionary(fc.constantFrom('risk', 'nothing'), fc.constantFrom('low', 'medium', 'high', 'x')),
  authors: fc.option(fc.subarray(['lee@example.com', 'Shared Name', 'ana@example.com']), { nil: undefined }),
});
/** Just before they are asked about: a vote of later does not count yet. */
const voted = new Date(tuesday.getTime() - 60_000).toISOString();
const anyVotes = fc.array(
  fc.constantFrom(...accounts).map((by) => ({ by, decision: 'approve' as const, at: voted })),
  { maxLength: 8 },
);

describe('promises that hold for every request', () => {
  test('neither the requester nor an author ever fills a seat, by whatever account', () => {
    const either = policyOf(rules.replace('require: [leads] }', 'require: [{ any_of: [leads, owners] }] }'));
    fc.assert(
      fc.property(anyRequest, anyVotes, (request, votes) => {
        const verdict = judge(either, request, { votes });
        const excluded = excludedAccounts({
          people: policy.people,
          requester: request.requester.id,
          authors: request.authors,
        });
        for (const gate of verdict.verdict === 'allowed' ? verdict.gates : []) {
          const sitting = gate.kind === 'approval' ? gate.seats.flatMap(({ filledBy }) => filledBy) : [];
          for (const { id } of excluded) expect(sitting).not.toContain(policy.people.personOf(id));
          expect(new Set(sitting).size).toBe(sitting.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('deny beats allow: one hard reason denies, whatever else would let it through', () => {
    const frozen = policyOf(`${rules}freezes: [{ name: closed, from: 2026-01-01, to: 2026-12-31, effect: deny }]\n`);
    fc.assert(
      fc.property(anyRequest, anyVotes, (request, votes) => {
        const before = judge(policy, request, { votes });
        const after = judge(frozen, request, { votes });
        expect(before.verdict).toBe(rulesOf(before).length > 0 ? 'denied' : 'allowed');
        expect(after.verdict).toBe('denied');
        expect(rulesOf(after)).toEqual([...rulesOf(before), 'closed']);
      }),
      { numRuns: 200 },
    );
  });

  test('raising a fact never gives a request fewer seats', () => {
    const seats = (request: object): number => {
      const verdict = judge(policy, request);
      const gates = verdict.verdict === 'allowed' ? verdict.gates : [];
      return gates.reduce(
        (sum, gate) => sum + (gate.kind === 'approval' ? gate.seats.reduce((all, { count }) => all + count, 0) : 0),
        0,
      );
    };
    fc.assert(
      fc.property(
        fc.constantFrom('production', 'staging'),
        fc.constantFrom('low', 'medium', 'high'),
        (environment, risk) => {
          expect(seats({ environment, raise: { risk } })).toBeGreaterThanOrEqual(seats({ environment }));
        },
      ),
    );
  });

  test('equal arguments give equal answers', () => {
    fc.assert(
      fc.property(anyRequest, anyVotes, (request, votes) => {
        expect(judge(policy, request, { votes })).toEqual(judge(policyOf(rules), request, { votes }));
      }),
      { numRuns: 30 },
    );
  });
});

describe('ballots', () => {
  const open = (request = {}, planDigest = 'p1') =>
    ballotsFor({
      evaluation: judge(policy, request),
      policy,
      planDigest,
      operationId: 'deploy-web-production-k3m9x2p7qa',
      excluded: excludedAccounts({ people: policy.people, requester: 'U0ANA' }),
      now: tuesday,
    });

  test('hold one seat per person wanted, who the teams are, and whom they exclude', () => {
    expect(open({ raise: { risk: 'high' } })).toMatchObject([
      {
        rule: 'risky',
        seats: [
          { id: 'owners#1', team: 'owners' },
          { id: 'leads#1', team: 'leads' },
          { id: 'leads#2', team: 'leads' },
        ],
        teams: { owners: { groups: [], users: ['U0DAN'] }, leads: { users: ['U0LEE', 'U0KIM', 'U0ANA'] } },
        delegations: [{ of: 'U0KIM', to: 'U0SUB' }],
        excluded: [
          { id: 'U0ANA', because: 'requester' },
          { id: 'U0ANA2', because: 'requester' },
        ],
        persons: { U0ANA2: 'U0ANA' },
      },
    ]);
  });

  test('have a digest and an id that change with the plan and with everything shown, and with nothing else', () => {
    const [first] = open();
    expect(open()[0]).toEqual(first);
    expect(open({ reason: 'not shown on the ballot' })[0]?.digest).toBe(first?.digest);
    for (const other of [open({}, 'p2')[0], open({ raise: { risk: 'high' } })[0]]) {
      expect(other?.digest).not.toBe(first?.digest);
      expect(other?.id).not.toBe(first?.id);
    }
  });

  test('are none for what is denied', () => {
    expect(open({ environment: 'elsewhere' })).toEqual([]);
  });
});

describe('explanations', () => {
  test('the command line prints verdict, reasons, gates and the commit', () => {
    const votes = [{ by: 'U0LEE', decision: 'approve' as const, at: voted }];
    expect(explainJson(judge(policy, {}, { votes }))).toEqual({
      verdict: 'allowed',
      reasons: [],
      gates: [
        {
          kind: 'approval',
          rule: 'rest',
          holds: true,
          message: '"rest" needs leads to approve.',
          source: { file: 'policy.yaml', line: 14 },
          seats: [{ team: 'leads', count: 1, filledBy: ['U0LEE'] }],
          order: 'parallel',
          timeoutMs: 86_400_000,
        },
        {
          kind: 'lane',
          rule: 'lane',
          holds: true,
          message: 'It enters the lane of web in production, where one operation runs at a time.',
          service: 'web',
          environment: 'production',
        },
      ],
      facts: { risk: 'medium' },
      shadow: [],
      policyCommit: 'c0ffee',
    });
    expect(explainJson(judge(policy, { environment: 'elsewhere' }))).toMatchObject({
      verdict: 'denied',
      gates: [],
      reasons: [{ rule: 'environments', level: 'hard', source: { file: 'policy.yaml' } }],
    });
  });

  test('why is told in sentences with places', () => {
    expect(explainVerdict(judge(policy))).toEqual([
      'Allowed by policy c0ffee, once one gate holds.',
      '… "rest" needs leads to approve. (policy.yaml:14)',
      '"rest" asks for leads, because no rule before it applies. (policy.yaml:14)',
      'risk is medium, because environment.name == "production" (policy.yaml:10).',
    ]);
    expect(explainVerdict(judge(policy, { environment: 'elsewhere' }))[0]).toBe('Denied by policy c0ffee.');
  });
});

describe('handlers', () => {
  const handled = policyOf(`environments: { production: {} }
handlers:
  - { for: deploy, when: 'has(service.kind) && service.kind == "fleet"', runbook: fleet }
  - { for: config, paths: ["configs/*/database.yaml"], runbook: database }
  - { for: rollout.target, when: 'change.paths.size() > 0', runbook: share }
  - { for: deploy, runbook: other }
`);
  const find = (what: string, service: object = {}, paths?: readonly string[]) => {
    const answer = handlerFor({ policy: handled, what, variables: { service: { ...service }, change: {} }, paths });
    return answer.kind === 'none' ? 'none' : `${answer.kind} ${answer.handler.runbook}`;
  };
  test.each([
    ['the first that fits', find('deploy', { kind: 'fleet' }), 'found fleet'],
    ['the next where a condition does not hold', find('deploy'), 'found other'],
    ['one by path', find('config', {}, ['configs/production/database.yaml']), 'found database'],
    ['none by another path', find('config', {}, ['configs/a/b/database.yaml']), 'none'],
    ['a condition that cannot be evaluated', find('rollout.target'), 'broken share'],
    ['another kind of work', find('server.create'), 'none'],
  ])('%s', (_what, found, expected) => {
    expect(found).toBe(expected);
  });

  test.each([
    ['a/b.yaml', 'a/*.yaml', true],
    ['a/b/c.yaml', 'a/*.yaml', false],
    ['a/b/c.yaml', 'a/**', true],
    ['a/b/c.yaml', '**/c.yaml', true],
    ['c.yaml', '**/c.yaml', true],
    ['a/xbyc', 'a/x*y*c', true],
    ['a/xb', 'a/x*y*c', false],
    ['ab', 'a*b*b', false],
    ['a'.repeat(200), `${'a*'.repeat(100)}b`, false],
  ])('%s under %s: %s', (path, glob, matches) => {
    expect(matchesGlob(path, glob)).toBe(matches);
  });
});

describe('the example company', () => {
  const root = join(__dirname, '../../examples/policy');
  const files = new Map(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(root, path), { text: readFileSync(path, 'utf8'), blob: '' }]),
  );
  const loaded = loadPolicy({ files, commit: 'c0ffee' });

  test('loads without a problem, and without a handler or metric that leads nowhere', () => {
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    expect(loaded.policy.warnings.map(formatProblem)).toEqual([]);
  });

  test('passes its own tests', () => {
    if (!loaded.ok) throw new Error('it does not load');
    const { results, problems } = runPolicyTests(loaded.policy);
    expect(problems).toEqual([]);
    expect(results.length).toBeGreaterThan(5);
    expect(results.filter(({ differences }) => differences.length > 0)).toEqual([]);
  });

  test('lets production be deployed to at any hour of any day', () => {
    if (!loaded.ok) throw new Error('it does not load');
    for (const now of ['2026-01-01T00:00:00Z', '2026-03-29T01:30:00Z', '2027-08-15T23:59:59Z'])
      expect(gatesOf(judge(loaded.policy, { service: 'checkout' }, {}, new Date(now)))).toEqual([
        'approval production deploys: waits',
        'window always-on: holds',
      ]);
  });
});

test('a policy test that fails says what differs', () => {
  const tested = policyOf(rules, {
    'policy_tests/a.yaml': `tests:
  - name: wrong
    at: 2026-11-24T10:00:00Z
    request: { kind: deploy, service: web, environment: production, version: v1, by: U0ANA }
    expect: { verdict: denied, reasons: [x], seats: {}, waits_for: [y], facts: { risk: low } }
`,
    'policy_tests/b.yaml': 'tests: 1\n',
  });
  const { results, problems } = runPolicyTests(tested);
  expect(problems.map(formatProblem)).toEqual(['policy_tests/b.yaml:1:8: "tests" has to be a list and is 1']);
  expect(results[0]).toMatchObject({ file: 'policy_tests/a.yaml', line: 2, name: 'wrong' });
  expect(results[0]?.differences).toHaveLength(5);
});
