import { ballotsFor } from '../../src/policy/ballots';
import { excludedAccounts } from '../../src/policy/people';
import type { World } from '../../src/policy/request';
import { judge, person, policyOf, tuesday } from './helpers';

const policy = policyOf('environments: { production: {} }\napprovals: [{ name: one lead, require: [leads] }]\n', {
  'people.yaml': `people:
  U0KIM: { name: Kim, git: [KIM], delegate: { to: U0SUB, from: 2026-11-01, until: 2026-11-30 } }
`,
});
const world: World = { votes: [{ by: 'U0SUB', decision: 'approve', at: '2026-11-24T09:00:00Z' }] };

test.each([
  ['somebody else asks', { requester: person('U0ANA') }, true],
  ['that person asks', { requester: person('U0KIM') }, false],
  ['that person wrote it', { authors: ['KIM'] }, false],
])('who sits in for a person counts or not when %s', (_what, request, counts) => {
  const evaluation = judge(policy, request, world);
  expect(evaluation).toMatchObject({ gates: [{ kind: 'approval', holds: counts }] });
  const { requester = person('U0ANA'), authors } = request as {
    requester?: ReturnType<typeof person>;
    authors?: string[];
  };
  const excluded = excludedAccounts({ people: policy.people, requester: requester.id, authors });
  const ballots = ballotsFor({ evaluation, policy, planDigest: 'd', operationId: 'o', excluded, now: tuesday });
  expect(ballots[0]!.delegations).toHaveLength(counts ? 1 : 0);
});
