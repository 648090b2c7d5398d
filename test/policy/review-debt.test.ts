import { namedMembers } from '../../src/approvals/members';
import { formatProblem } from '../../src/documents/read-yaml';
import { reviewDebtFor } from '../../src/policy/review-debt';
import { load, policyOf } from './helpers';

const rota = {
  'oncall/a.yaml':
    'timezone: UTC\nrotation: [U0ANN, U0BEN]\nstart: 2026-01-05\nlength: 12h\nhandoff: { at: "09:00" }\noverrides: [{ who: U0DEE, from: 2026-02-01, until: 2026-02-02 }, { who: U0CAT, from: 2026-12-24, until: 2026-12-26 }]\n',
};
const rules = (glass: string, more = '') => `environments: { production: {} }\nbreak_glass: ${glass}\n${more}`;
const withRota = (text: string) => text.replace('environments:', '  rota: { schedule: oncall/a.yaml }\nenvironments:');
const ownersTeam = (text: string) => text.replace('environments:', '  whose: { owner: true }\nenvironments:');

function debtOf(text: string, service = 'web') {
  const policy = policyOf(text, rota);
  const excluded = [{ id: 'U0ANN', because: 'requester' }] as const;
  const now = new Date('2026-11-24T20:30:00Z');
  const about = { policy, planDigest: 'p', operationId: 'o', excluded, channel: '#d', now };
  return { policy, debt: reviewDebtFor({ ...about, service: policy.services.get(service) })! };
}

test('a review is for everybody of the rota, and not for who happened to be on call', () => {
  const { debt } = debtOf(withRota(rules('{ who: [leads], review_by: [rota] }')));
  const later = Date.parse('2027-06-01T00:00:00Z');
  expect(namedMembers(debt.ballot, 'rota', later).map(({ user }) => user)).toEqual(['U0ANN', 'U0BEN', 'U0CAT']);
});

test('the owner of the service closes it where policy says so', () => {
  const { debt } = debtOf(ownersTeam(rules('{ who: [leads], review_by: [whose] }')));
  expect(debt.ballot.teams).toEqual({ whose: { groups: [], users: ['U0DAN'] } });
});

test('operators may close it as a last resort, in a team of their own', () => {
  const { debt } = debtOf(rules('{ who: [leads], review_by: [owners] }', 'operators: [security]\n'));
  expect(debt.ballot).toMatchObject({
    seats: [{ id: 'owners#1', team: 'owners', anyOf: ['owners', 'operators (security)'] }],
    teams: { owners: { users: ['U0DAN'] }, 'operators (security)': { groups: ['S0SECURITY'] } },
  });
});

test('operators who review anyway are no last resort', () => {
  const { debt } = debtOf(rules('{ who: [leads], review_by: [owners] }', 'operators: [owners]\n'));
  expect(debt.ballot.seats).toEqual([{ id: 'owners#1', team: 'owners' }]);
});

test('whoever sits in for somebody who is away may close it meanwhile', () => {
  const { debt } = debtOf(rules('{ who: [oncall], review_by: [leads] }'));
  const at = Date.parse('2026-11-25T00:00:00Z');
  expect(namedMembers(debt.ballot, 'leads', at)).toContainEqual({ user: 'U0SUB', sitsInFor: 'U0KIM' });
});

test.each([
  [
    'one person reviews who may break the glass too',
    rules('{ who: [oncall], review_by: [owners] }'),
    /web, bank or work on no service/,
  ],
  [
    'the owner reviews, and there may be none',
    ownersTeam(rules('{ who: [leads], review_by: [whose] }')),
    /for work on no service/,
  ],
  ['one person reviews who may not', rules('{ who: [leads], review_by: [owners] }'), undefined],
  ['several review', rules('{ who: [leads], review_by: [leads] }'), undefined],
  ['a Slack group reviews', rules('{ who: [oncall], review_by: [security] }'), undefined],
  ['operators are left', rules('{ who: [oncall], review_by: [owners] }', 'operators: [leads]\n'), undefined],
  ['a rota of several reviews', withRota(rules('{ who: [rota], review_by: [rota] }')), undefined],
])('policy check warns of a review that nobody may be able to close: %s', (_what, text, warning) => {
  const loaded = load(text, rota);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join());
  const found = loaded.policy.warnings
    .map(formatProblem)
    .filter((line) => line.includes('could be reviewed by nobody'));
  expect(found).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
});
