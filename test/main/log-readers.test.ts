import { createAsking } from '../../src/main/asking';
import type { OperationView } from '../../src/operation/view';
import { readRepository } from '../../src/policy/read-repository';
import type { Standing } from '../../src/policy/standing';

const policy = `
version: 1
channels: { default: "#deploys" }
teams:
  leads: { users: [U0LEE] }
  shop: { slack_group: S0SHOP }
  security: { users: [U0SAM] }
  auditors: { users: [U0AUD] }
  ops: { users: [U0OPS] }
environments: { staging: { request: [leads] } }
operators: [ops]
logs: { who: [auditors] }
`;
const service = 'service: { name: checkout, owner: shop }\n';

function asking(more: { standing?: Standing; groups?: readonly string[] | 'unknown'; policy?: string } = {}) {
  const texts = { 'policy.yaml': more.policy ?? policy, 'configs/services/checkout.yaml': service };
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, { text, blob: path }]));
  const read = readRepository({ files, commit: 'c0ffee' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return createAsking({
    policy: { current: async () => ({ repository: read.repository }) } as never,
    ledger: { history: async () => [] },
    groupsOf: async () => more.groups ?? [],
    heldBack: async () => ({}),
    standingOf: async () => more.standing ?? 'member',
    now: () => new Date(),
  });
}

const view = {
  service: 'checkout',
  environment: 'staging',
  requester: { kind: 'person', id: 'U0ANN', via: 'slack' },
  requesterVerified: true,
  ballots: [{ seats: [{ team: 'security', mention: [] }] }],
} as unknown as OperationView;

test.each<[string, string, Parameters<typeof asking>[0], OperationView | undefined]>([
  ['whoever asked for it', 'U0ANN', {}, view],
  ['a team with a seat', 'U0SAM', {}, view],
  ['the owner of the service, by their Slack group', 'U0EVA', { groups: ['S0SHOP'] }, view],
  ['operators', 'U0OPS', {}, view],
  ['a team that policy names under logs', 'U0AUD', {}, view],
  ['those who may roll back there', 'U0LEE', {}, view],
  ['operators, of an operation that nobody remembers', 'U0OPS', {}, undefined],
])('logs are shown to %s', async (_, person, more, of) => {
  expect(await asking(more).whyNotRead({ person, ...(of && { view: of }) })).toBeUndefined();
});

test.each<[string, string, Parameters<typeof asking>[0], OperationView | undefined, RegExp]>([
  ['somebody without a say', 'U0BOB', {}, view, /no say in this operation.*security.*auditors/],
  ['a guest, even one who asked', 'U0ANN', { standing: 'guest' }, view, /full members/],
  ['somebody of another company', 'U0SAM', { standing: 'stranger' }, view, /full members/],
  ['somebody whom Slack does not know now', 'U0ANN', { standing: 'unknown' as never }, view, /Slack does not say/],
  ['a team by its group while Slack is silent', 'U0EVA', { groups: 'unknown' }, view, /no say/],
  ['a team with a seat, of an operation that nobody remembers', 'U0SAM', {}, undefined, /no say/],
  ['whom a caller only names', 'U0ANN', {}, { ...view, requesterVerified: false }, /no say/],
  ['auditors where policy does not name them', 'U0AUD', { policy: policy.replace(/logs:.*\n/, '') }, view, /no say/],
])('logs are not shown to %s', async (_, person, more, of, why) => {
  expect(await asking(more).whyNotRead({ person, ...(of && { view: of }) })).toMatch(why);
});
