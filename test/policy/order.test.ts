import type { World } from '../../src/policy/request';
import { gatesOf, judge, policyOf, tuesday } from './helpers';

const policy = policyOf(`
environments:
  dev: {}
  qa: { after: [dev] }
  staging-us: { after: [qa], soak: 1h }
  staging-eu: { after: [qa], soak: 1h }
  production: { after: [staging-us, staging-eu], soak: 4h }
break_glass: { who: [leads] }
`);

type Entry = NonNullable<World['history']>[number];

const stood = (environment: string, change: Partial<Entry> = {}): Entry => ({
  service: 'web',
  version: 'v2',
  environment,
  succeededAt: '2026-11-20T00:00:00Z',
  ...change,
});
const everywhere = ['dev', 'qa', 'staging-us', 'staging-eu'];
const all = everywhere.map((environment) => stood(environment));
const but = (environment: string, instead?: Partial<Entry>): readonly Entry[] => [
  ...all.filter((entry) => entry.environment !== environment),
  ...(instead ? [stood(environment, instead)] : []),
];
const others = (environment: string, count: number): readonly Entry[] =>
  Array.from({ length: count }, (_, at) => stood(environment, { version: `w${at}` }));
const stands = ['order after staging-us: holds', 'order after staging-eu: holds'];

test('a deploy that names no version waits for every place before, whatever stands there', () => {
  const evaluation = judge(policy, { version: undefined }, { history: all });
  expect(gatesOf(evaluation)).toEqual(['order after staging-us: waits', 'order after staging-eu: waits']);
  expect(evaluation.verdict === 'allowed' && evaluation.gates[0]!.message).toBe(
    'The request names no version of web, so nobody can tell whether it has succeeded in staging-us, and production comes after staging-us; ask again with the version.',
  );
});

describe('production after two stagings, each after qa, after dev', () => {
  test.each<[string, readonly Entry[], readonly string[]]>([
    ['stood everywhere', all, stands],
    ['not in one of the two', but('staging-eu'), ['order after staging-us: holds', 'order after staging-eu: waits']],
    [
      'too short in one of the two',
      but('staging-eu', { succeededAt: '2026-11-24T06:00:01Z' }),
      ['order after staging-us: holds', 'order after staging-eu: waits'],
    ],
    ['just long enough', but('staging-eu', { succeededAt: '2026-11-24T06:00:00Z' }), stands],
    ['skipped qa', but('qa'), [...stands, 'order after qa: waits']],
    ['skipped dev', but('dev'), [...stands, 'order after dev: waits']],
    ['skipped qa and dev', but('qa').slice(1), [...stands, 'order after qa: waits']],
    ['not among fewer than fifty of dev', [...but('dev'), ...others('dev', 49)], [...stands, 'order after dev: waits']],
    ['forgotten by dev', [...but('dev'), ...others('dev', 50)], [...stands, 'order after dev: holds']],
    [
      'forgotten by qa, skipped dev',
      [...but('qa').slice(1), ...others('qa', 50)],
      [...stands, 'order after qa: holds', 'order after dev: waits'],
    ],
    [
      'forgotten by what stands directly before',
      [...but('staging-eu'), ...others('staging-eu', 50)],
      ['order after staging-us: holds', 'order after staging-eu: waits'],
    ],
    [
      'rolled back in dev since',
      but('dev', { rolledBackAt: '2026-11-21T00:00:00Z' }),
      [...stands, 'order after dev: waits'],
    ],
    [
      'rolled back in qa since',
      but('qa', { rolledBackAt: '2026-11-21T00:00:00Z' }),
      [...stands, 'order after qa: waits'],
    ],
    [
      'rolled back in qa and deployed there again',
      [...but('qa', { rolledBackAt: '2026-11-21T00:00:00Z' }), stood('qa')],
      stands,
    ],
    ['a link further back needs no soak', but('qa', { succeededAt: '2026-11-24T09:59:59Z' }), stands],
    [
      'another version rolled back in qa',
      [...all, stood('qa', { version: 'v3', rolledBackAt: '2026-11-21T00:00:00Z' })],
      stands,
    ],
    [
      'another service rolled back in qa',
      [...all, stood('qa', { service: 'bank', rolledBackAt: '2026-11-21T00:00:00Z' })],
      stands,
    ],
    [
      'staging under its old name',
      but('staging-us', { environment: 'staging' }),
      ['order after staging-us: waits', 'order after staging-eu: holds'],
    ],
    ['nowhere', [], ['order after staging-us: waits', 'order after staging-eu: waits']],
  ])('%s', (_what, history, expected) => {
    expect(gatesOf(judge(policy, {}, { history }, tuesday))).toEqual(expected);
  });

  test('each link asks for what comes before it', () => {
    const asked = (environment: string, history: readonly Entry[]) =>
      gatesOf(judge(policy, { environment }, { history }));
    expect(asked('dev', [])).toEqual([]);
    expect(asked('qa', [stood('dev')])).toEqual(['order after dev: holds']);
    expect(asked('staging-us', [stood('dev'), stood('qa')])).toEqual(['order after qa: holds']);
    expect(asked('staging-us', [stood('dev')])).toEqual(['order after qa: waits']);
  });

  test('the sentence names the link that fell', () => {
    const { gates } = judge(policy, {}, { history: but('qa', { rolledBackAt: '2026-11-21T00:00:00Z' }) }, tuesday) as {
      gates: readonly { message: string }[];
    };
    expect(gates.at(-1)!.message).toBe(
      'web v2 was rolled back in qa, and staging-us comes after qa; deploy it there first and this goes on by itself.',
    );
  });

  test('the sentence says so where the ledger has forgotten', () => {
    const history = [...but('dev'), ...others('dev', 50)];
    const { gates } = judge(policy, {}, { history }, tuesday) as { gates: readonly { message: string }[] };
    expect(gates.at(-1)!.message).toBe(
      'Nobody can tell any more whether web v2 has succeeded in dev, because the ledger keeps the newest 50 versions of an environment; it counts, because qa comes after dev and it has been there.',
    );
  });

  test('what stands directly before has to be known, and the sentence says what is not', () => {
    const history = [...but('staging-us'), ...others('staging-us', 50)];
    const { gates } = judge(policy, {}, { history }, tuesday) as { gates: readonly { message: string }[] };
    expect(gates[0]!.message).toBe(
      'web v2 is not among the newest 50 versions that the ledger keeps of staging-us, and production comes after staging-us; deploy it there first and this goes on by itself.',
    );
  });

  test.each([
    ['break-glass', { labels: ['break_glass'], reason: 'it burns' }],
    ['a runbook', { kind: 'runbook' }],
    ['a server', { kind: 'provision' }],
  ] as const)('%s has no order', (_what, request) => {
    const gates = gatesOf(judge(policy, request as never, { history: [] }));
    expect(gates.filter((gate) => gate.startsWith('order'))).toEqual([]);
  });
});
