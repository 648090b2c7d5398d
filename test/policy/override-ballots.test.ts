import { namedMembers } from '../../src/approvals/members';
import { overrideBallotFor } from '../../src/policy/override-ballots';
import type { OverrideGate } from '../../src/policy/verdict';
import { policyOf } from './helpers';

const policy = policyOf(
  `  rota: { schedule: oncall/a.yaml }
  whose: { owner: true }
  written: { codeowners: true }
environments: { production: {} }
`,
  {
    'oncall/a.yaml':
      'timezone: UTC\nrotation: [U0ANN, U0BEN]\nstart: 2026-01-05\nlength: 12h\nhandoff: { at: "09:00" }\n',
  },
);
const gate = (who: readonly string[], until?: string): OverrideGate => ({
  kind: 'override',
  holds: false,
  rule: 'r',
  message: 'No.',
  who,
  self: false,
  timeoutMs: 86_400_000,
  ...(until ? { until } : {}),
});
const ballotAt = (at: string, asked: OverrideGate) =>
  overrideBallotFor({
    gate: asked,
    policy,
    planDigest: 'p',
    operationId: 'o',
    excluded: [],
    now: new Date(at),
    service: policy.services.get('web'),
    world: { codeowners: ['ana@example.com'] },
  });
const membersAt = (ballot: ReturnType<typeof ballotAt>, team: string, at: string) =>
  namedMembers(ballot, team, Date.parse(at)).map(({ user }) => user);

const before = '2026-11-24T20:30:00Z';
const after = '2026-11-24T21:30:00Z';

test('a handoff between two looks at the gate does not void an override that was given', () => {
  const [early, late] = [before, after].map((at) => ballotAt(at, gate(['rota'])));
  expect(late).toMatchObject({ id: early!.id, digest: early!.digest });
  expect(ballotAt(before, gate(['leads'])).id).not.toBe(early!.id);
});

test.each([
  ['until time runs out', gate(['rota']), '2026-11-25T20:00:00Z'],
  ['until time opens it', gate(['rota'], '2026-12-20T00:00:00Z'), '2026-12-19T20:00:00Z'],
])('whoever is on call when they vote may override, %s', (_what, asked, end) => {
  const ballot = ballotAt(before, asked);
  const [first, second] = [before, after].map((at) => membersAt(ballot, 'rota', at));
  expect(first).toHaveLength(1);
  expect(second).toHaveLength(1);
  expect(second).not.toEqual(first);
  expect(membersAt(ballot, 'rota', end)).toHaveLength(1);
});

test.each([
  ['the owner of the service', 'whose', ['U0DAN']],
  ['code owners of the change', 'written', ['U0ANA']],
  ['a person, and who sits in for them', 'leads', ['U0LEE', 'U0KIM', 'U0ANA', 'U0SUB']],
])('who may override are %s', (_what, team, users) => {
  expect(membersAt(ballotAt(before, gate([team])), team, before)).toEqual(expect.arrayContaining(users));
});
