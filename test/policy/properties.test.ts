import fc from 'fast-check';
import { formatProblem } from '../../src/documents/read-yaml';
import { evaluate, type Evaluation, type PolicyRequest, type World } from '../../src/policy/evaluate';
import type { Policy } from '../../src/policy/policy';
import { excludedAccounts } from '../../src/policy/people';
import { load, machine, person, rulesOf } from './helpers';

/** Promises about every policy, request and world: small policies of many shapes, read once each by the real reader. */
// So many cases take a minute or two each on a calm core, and more beside other tests.
jest.setTimeout(900_000);

const numRuns = 100_000;
const patience = 900_000;

const accounts = ['U0ANA', 'U0ANA2', 'U0LEE', 'U0KIM', 'U0DAN', 'U0SUB', 'U0EVA'];
const teamNames = ['leads', 'owners', 'oncall', 'security'];

/** What the shapes differ in. Everything else of their policies follows from it. */
interface Shape {
  readonly users: { readonly [team: string]: readonly string[] };
  readonly request?: readonly string[];
  readonly machines?: readonly string[];
  readonly hotfix: readonly string[];
  readonly breakGlass: readonly string[];
  readonly overrides: readonly string[];
  readonly rollback?: readonly string[];
  readonly rollbackKeeps: boolean;
  readonly strict: boolean;
  readonly window: 'none' | 'hard' | 'soft';
  readonly freeze: 'none' | 'wait' | 'deny' | 'soft';
  readonly rule: 'none' | 'hard' | 'soft' | 'advisory';
  readonly approvals: readonly object[];
  readonly unknownAuthors: boolean;
}

const someOf = (names: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.subarray([...names], { minLength: 1, maxLength: names.length });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const anySeats = fc.oneof(
  fc.record({ team: fc.constantFrom(...teamNames), count: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ any_of: fc.subarray(teamNames, { minLength: 2, maxLength: 3 }) }),
);
const anyApproval = fc.record(
  {
    when: fc.constantFrom('change.risk == "high"', '"hotfix" in change.labels', 'plan.destroys > 0', 'true'),
    require: fc.array(anySeats, { minLength: 1, maxLength: 2 }),
    order: fc.constantFrom('parallel', 'sequence'),
    level: fc.constantFrom('hard', 'soft', 'advisory'),
  },
  { requiredKeys: ['require'] },
);

const anyShape: fc.Arbitrary<Shape> = fc.record({
  users: fc.record({
    leads: someOf(['U0LEE', 'U0KIM', 'U0ANA']),
    owners: someOf(['U0DAN', 'U0EVA', 'U0KIM']),
    oncall: someOf(['U0DAN', 'U0ANA', 'U0LEE']),
  }),
  request: maybe(someOf(teamNames)),
  machines: maybe(fc.subarray(['ci', 'train'])),
  hotfix: someOf(teamNames),
  breakGlass: someOf(teamNames),
  overrides: someOf(teamNames),
  rollback: maybe(someOf(teamNames)),
  rollbackKeeps: fc.boolean(),
  strict: fc.boolean(),
  window: fc.constantFrom('none', 'hard', 'soft'),
  freeze: fc.constantFrom('none', 'wait', 'deny', 'soft'),
  rule: fc.constantFrom('none', 'hard', 'soft', 'advisory'),
  approvals: fc.array(anyApproval, { minLength: 1, maxLength: 3 }),
  unknownAuthors: fc.boolean(),
});

/** The file that a shape is. JSON is YAML. */
function textOf(shape: Shape, rules: readonly object[] = []): string {
  const { rollbackKeeps: keeps, window, freeze, rule } = shape;
  const season = { name: 'closed', from: '2026-11-20', to: '2026-12-02', environments: ['production'] };
  const own = { name: 'own', when: 'change.reason == ""', message: 'A reason is missing.' };
  return JSON.stringify({
    version: 1,
    timezone: 'Europe/Berlin',
    teams: {
      ...Object.fromEntries(Object.entries(shape.users).map(([team, users]) => [team, { users }])),
      security: { slack_group: 'S0SECURITY' },
    },
    environments: {
      staging: {},
      production: {
        after: ['staging'],
        soak: '1h',
        strict: shape.strict,
        ...(shape.request ? { request: shape.request } : {}),
        ...(shape.machines ? { machines: shape.machines } : {}),
        ...(window === 'none' ? {} : { windows: [{ days: 'mon-thu', from: '09:00', to: '16:00' }] }),
        ...(window === 'soft' ? { windows_level: 'soft' } : {}),
      },
    },
    facts: {
      declare: { risk: ['low', 'high'] },
      rules: [{ set: { risk: 'high' }, when: 'change.requester_kind == "machine" || plan.destroys > 0' }],
    },
    labels: { hotfix: { who: shape.hotfix } },
    ...(shape.breakGlass.length > 0 ? { break_glass: { who: shape.breakGlass } } : {}),
    ...(shape.overrides.length > 0 ? { overrides: { who: shape.overrides } } : {}),
    rollback: {
      ...(shape.rollback ? { who: shape.rollback } : {}),
      ...(keeps ? { approvals: 'as_deploy', windows: 'keep', freezes: 'keep', rules: 'keep' } : {}),
    },
    approvals: shape.approvals.map((approval, index) => ({ name: `approval ${index}`, ...approval })),
    ...(shape.unknownAuthors ? { unknown_authors: 'extra_seat' } : {}),
    freezes: [
      ...(freeze === 'wait' || freeze === 'deny' ? [{ ...season, effect: freeze, except: ['hotfix'] }] : []),
      ...(freeze === 'soft' ? [{ ...season, level: 'soft' }] : []),
    ],
    rules: [...(rule === 'none' ? [] : [{ ...own, level: rule }]), ...rules],
    incidents: { freeze: 'service' },
  });
}

const read = new Map<string, Policy>();
const ofShapes = new WeakMap<Shape, Policy>();

function policyOf(shape: Shape): Policy {
  const known = ofShapes.get(shape) ?? readOnce(textOf(shape));
  ofShapes.set(shape, known);
  return known;
}

function readOnce(text: string): Policy {
  const known = read.get(text);
  if (known) return known;
  const loaded = load('', { 'policy.yaml': text });
  if (!loaded.ok) throw new Error(`${loaded.problems.map(formatProblem).join('\n')}\n${text}`);
  read.set(text, loaded.policy);
  return loaded.policy;
}

const pool = fc.sample(anyShape, { numRuns: 60, seed: 20_261_121 });

const usually = <Value>(value: Value, other: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });

const anyRequest: fc.Arbitrary<PolicyRequest> = fc.record({
  kind: usually<PolicyRequest['kind']>('deploy', fc.constantFrom('rollback', 'runbook', 'provision')),
  service: fc.constantFrom('web', 'bank'),
  environment: usually('production', fc.constantFrom('staging', 'elsewhere')),
  version: fc.constantFrom('v1', 'v2'),
  requester: usually(person('U0ANA'), fc.constantFrom(...accounts.map(person), machine('ci'), machine('train'))),
  labels: fc.subarray(['hotfix', 'break_glass']),
  reason: maybe(fc.constant('CHG-1')),
  raise: usually<PolicyRequest['raise']>({}, fc.constant({ risk: 'high' })),
  authors: maybe(fc.subarray(['lee@example.com', 'Shared Name', 'U0EVA'])),
});

const anyVote = fc.record({
  by: fc.constantFrom(...accounts),
  decision: usually<'approve' | 'reject'>('approve', fc.constant('reject')),
  at: fc.constant('2026-11-24T09:00:00Z'),
});

const hold = { by: 'U0DAN', reason: 'tests' };
const anyWorld: fc.Arbitrary<World> = fc.record({
  plan: maybe(fc.constantFrom({}, {}, { destroys: 1 })),
  votes: fc.array(anyVote, { maxLength: 7 }),
  teams: maybe(fc.record({ security: fc.subarray(accounts) })),
  requester: usually<World['requester']>('member', fc.constantFrom('guest', 'unknown', undefined)),
  history: maybe(
    fc.subarray(
      ['staging', 'production'].map((environment) => ({
        service: 'web',
        environment,
        version: 'v1',
        succeededAt: '2026-11-01T10:00:00Z',
      })),
    ),
  ),
  locks: usually<World['locks']>([], fc.constant([{ ...hold, service: 'web' }])),
  freezes: usually<World['freezes']>([], fc.constant([{ ...hold, environment: 'production' }])),
  stop: usually<World['stop']>(undefined, fc.constant(hold)),
  incidents: usually<World['incidents']>(
    [],
    fc.constant([{ id: 'i1', state: 'declared', severity: 'sev2', service: 'web' }]),
  ),
});

/** In the freeze and in the window, in the freeze only, in neither. */
const anyInstant = fc.constantFrom('2026-11-24T10:00:00Z', '2026-11-28T10:00:00Z', '2026-12-05T10:00:00Z');

interface Case {
  readonly shape: Shape;
  readonly request: PolicyRequest;
  readonly world: World;
  readonly at: string;
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  shape: fc.constantFrom(...pool),
  request: anyRequest,
  world: anyWorld,
  at: anyInstant,
});

function judge({ shape, request, world, at }: Case, rules: readonly object[] = []): Evaluation {
  const policy = rules.length === 0 ? policyOf(shape) : readOnce(textOf(shape, rules));
  return evaluate({ policy, request, world, now: new Date(at) });
}

/** Every way to take one right away from what a case has. */
function withLess(given: Case): readonly Case[] {
  return [
    ...shapesWithLess(given.shape).map((shape) => ({ ...given, shape })),
    ...worldsWithLess(given.world).map((world) => ({ ...given, world })),
  ];
}

const lessShapes = new Map<Shape, readonly Shape[]>();

function shapesWithLess(shape: Shape): readonly Shape[] {
  const known = lessShapes.get(shape);
  if (known) return known;
  const { users, machines } = shape;
  const people = Object.entries(users).flatMap(([team, own]) =>
    oneLess(own).map((left) => ({ ...shape, users: { ...users, [team]: left } })),
  );
  const teams = (['request', 'hotfix', 'breakGlass', 'overrides', 'rollback'] as const).flatMap((list) =>
    oneLess(shape[list] ?? [])
      // An empty list of who may claim a label says nothing; of who may ask, it is nobody.
      .filter((left) => left.length > 0 || list === 'breakGlass' || list === 'overrides')
      .map((left) => ({ ...shape, [list]: left })),
  );
  const bots = oneLess(machines ?? []).map((left) => ({ ...shape, machines: left }));
  const all = [...people.filter(isComplete), ...teams, ...bots];
  lessShapes.set(shape, all);
  return all;
}

const isComplete = ({ users }: Shape): boolean => Object.values(users).every((own) => own.length > 0);

function worldsWithLess(world: World): readonly World[] {
  const { votes = [], teams } = world;
  const approvals = votes.flatMap(({ decision }, index) => (decision === 'approve' ? [index] : []));
  return [
    ...approvals.map((index) => ({ ...world, votes: votes.toSpliced(index, 1) })),
    ...oneLess(teams?.security ?? []).map((security) => ({ ...world, teams: { security } })),
    ...(teams ? [{ ...world, teams: undefined }] : []),
  ];
}

function oneLess(list: readonly string[]): readonly (readonly string[])[] {
  return list.map((_, index) => list.toSpliced(index, 1));
}

/** What the second verdict lets through that the first did not; undefined when there is nothing. */
function moreIn(after: Evaluation, before: Evaluation): string | undefined {
  if (after.verdict === 'denied') return undefined;
  if (before.verdict === 'denied') return `allowed what ${rulesOf(before).join(', ')} denied`;
  const open = before.gates.find(({ rule, holds, ...gate }) => {
    // To reject is a right too: without it, what its bearer held back is held back no more.
    if (gate.kind === 'approval' && gate.rejectedBy !== undefined) return false;
    const same = after.gates.filter((gate) => gate.rule === rule);
    return !holds && !same.some((gate) => !gate.holds);
  });
  if (open) return `no longer waits for ${open.kind} ${open.rule}`;
  const [had, has] = [seatsOf(before), seatsOf(after)];
  const shrunk = [...had].find(([team, count]) => (has.get(team) ?? 0) < count);
  if (shrunk) return `wants fewer of ${shrunk[0]}`;
  // Who sits where somebody has rejected lets nothing through, before or after.
  const rejected = new Set([...rejectedIn(before), ...rejectedIn(after)]);
  const [sat, sit] = [sittingIn(before, rejected), sittingIn(after, rejected)];
  return sit > sat ? `fills ${sit} seats instead of ${sat}` : undefined;
}

function seatsOf(verdict: Evaluation): ReadonlyMap<string, number> {
  const seats = approvalsIn(verdict).flatMap((gate) => gate.seats);
  const sums = new Map<string, number>();
  for (const { team, count } of seats) sums.set(team, (sums.get(team) ?? 0) + count);
  return sums;
}

function approvalsIn(verdict: Evaluation) {
  const gates = verdict.verdict === 'allowed' ? verdict.gates : [];
  return gates.flatMap((gate) => (gate.kind === 'approval' ? [gate] : []));
}

function rejectedIn(verdict: Evaluation): readonly string[] {
  return approvalsIn(verdict).flatMap(({ rule, rejectedBy }) => (rejectedBy === undefined ? [] : [rule]));
}

/** Filled seats, but for those of some rules. */
function sittingIn(verdict: Evaluation, without: ReadonlySet<string> = new Set()): number {
  const gates = approvalsIn(verdict).filter(({ rule }) => !without.has(rule));
  return gates.flatMap(({ seats }) => seats.flatMap(({ filledBy }) => filledBy)).length;
}

test(
  'removing a right never allows more',
  () => {
    const seen = { denied: 0, allowed: 0, changed: 0 };
    fc.assert(
      fc.property(anyCase, fc.nat(), (given, pick) => {
        const less = withLess(given);
        const [before, after] = [judge(given), judge(less[pick % less.length]!)];
        seen[before.verdict] += 1;
        if (before.verdict !== after.verdict || sittingIn(before) !== sittingIn(after)) seen.changed += 1;
        const more = moreIn(after, before);
        if (more !== undefined) throw new Error(`${more}\n${JSON.stringify(less[pick % less.length], null, 1)}`);
      }),
      { numRuns },
    );
    // Of each kind enough that the promise is about something.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(numRuns / 100);
  },
  patience,
);

const denying = [{ name: 'never', when: 'true', message: 'Nothing goes out at all.', level: 'hard' }];

/** Ways to add one hard reason to any case. */
const refusals: readonly ((given: Case) => readonly [Case, readonly object[]])[] = [
  (given) => [{ ...given, shape: { ...given.shape, rollbackKeeps: true } }, denying],
  (given) => [{ ...given, request: { ...given.request, labels: [...(given.request.labels ?? []), 'unheard'] } }, []],
  (given) => [{ ...given, request: { ...given.request, raise: { ...given.request.raise, risk: 'purple' } } }, []],
  (given) => [{ ...given, request: { ...given.request, environment: 'nowhere' } }, []],
  (given) => [{ ...given, request: { ...given.request, service: 'nothing' } }, []],
  (given) => [
    {
      ...given,
      request: { ...given.request, requester: person('U0EVA') },
      world: { ...given.world, requester: 'guest' },
    },
    [],
  ],
];

test(
  'deny beats allow: a hard reason denies whatever else holds, and one more denies any case',
  () => {
    const seen = { denied: 0, allowed: 0 };
    fc.assert(
      fc.property(anyCase, fc.constantFrom(...refusals), (given, refuse) => {
        const before = judge(given);
        seen[before.verdict] += 1;
        if ((before.verdict === 'denied') !== rulesOf(before).length > 0) throw new Error('verdict and reasons differ');
        const [worse, rules] = refuse(given);
        const after = judge(worse, rules);
        if (after.verdict !== 'denied' || rulesOf(after).length === 0) throw new Error('it is not denied');
      }),
      { numRuns },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(numRuns / 100);
  },
  patience,
);

test(
  'neither the requester nor an author ever fills a seat, by whatever account, and nobody fills two',
  () => {
    let filled = 0;
    fc.assert(
      fc.property(anyCase, (given) => {
        const verdict = judge(given);
        const { people } = policyOf(given.shape);
        const { requester, authors } = given.request;
        const asker = requester.kind === 'person' ? requester.id : undefined;
        const excluded = excludedAccounts({ people, requester: asker, authors }).map(({ id }) => people.personOf(id));
        for (const gate of verdict.verdict === 'allowed' ? verdict.gates : []) {
          const sitting = gate.kind === 'approval' ? gate.seats.flatMap(({ filledBy }) => filledBy) : [];
          filled += sitting.length;
          if (new Set(sitting).size < sitting.length) throw new Error(`somebody sits twice: ${sitting.join(', ')}`);
          const wrong = sitting.find((who) => excluded.includes(who));
          if (wrong !== undefined) throw new Error(`${wrong} sits there`);
        }
      }),
      { numRuns },
    );
    expect(filled).toBeGreaterThan(numRuns / 100);
  },
  patience,
);
