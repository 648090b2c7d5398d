import { holdingNow } from '../../src/main/holding';
import { readRepository } from '../../src/policy/read-repository';
import type { PolicySource } from '../../activities/worker/policy-source';

const text = `version: 1
timezone: Europe/Berlin
teams: { leads: { users: [U0LEE] } }
environments: { staging: {}, production: {} }
approvals: [{ name: free, require: none }]
freezes:
  - { name: year end, from: 2026-12-18, to: 2027-01-04, environments: [production], effect: deny }
  - { name: closed, from: 2030-01-01, to: 2099-12-31, environments: [staging], effect: deny }
  - { name: audit, from: 2026-12-20, to: 2026-12-20, effect: wait }
`;

function policyIn(problem?: string): PolicySource {
  const read = readRepository({ files: new Map([['policy.yaml', { text, blob: 'b' }]]), commit: 'c'.repeat(40) });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { repository } = read;
  const inForce = {
    repository,
    commit: 'c',
    fetchedAt: '2026-12-01T12:00:00Z',
    unreachable: false,
    ...(problem && { problem }),
  };
  return {
    current: () => Promise.resolve(inForce),
    at: () => Promise.resolve(repository),
    changeTo: () => Promise.resolve(undefined),
    isOpenBefore: () => Promise.resolve(false),
    refresh: () => Promise.resolve(),
  };
}

it.each<[string, string, readonly RegExp[]]>([
  ['no freeze', '2026-12-01T12:00:00Z', []],
  [
    'one freeze',
    '2026-12-24T12:00:00Z',
    [/^The freeze "year end" refuses changes of every service in production until .*Berlin\)/],
  ],
  [
    'one that nobody will see the end of, without an end',
    '2030-06-01T12:00:00Z',
    [/"closed" refuses changes of every service in staging; the owner/],
  ],
  ['two freezes', '2026-12-20T12:00:00Z', [/"year end" refuses/, /"audit" holds back changes of every service until /]],
])('says what holds work back: %s', async (_what, now, wanted) => {
  const { holds, policyProblem } = await holdingNow(policyIn(), new Date(now));
  expect(holds).toEqual(wanted.map((words) => expect.stringMatching(words)));
  expect(policyProblem).toBeUndefined();
});

it.each([
  [
    '2026-12-01T12:00:12Z',
    undefined,
    /^The policy in force is commit c{10}, and its repository was last heard 12 s ago\.$/,
  ],
  ['2026-12-01T15:00:00Z', undefined, /was last heard .*13:00.*Berlin/],
  ['2026-12-01T12:00:00Z', 'd'.repeat(40), /history was rewritten: it does not follow d{10},/],
])('says which policy is in force and how old that is: at %s', async (now, rewrittenFrom, wanted) => {
  const source = policyIn();
  const inForce = {
    ...(await source.current()),
    commit: 'c'.repeat(40),
    fetchedAt: '2026-12-01T12:00:00Z',
    rewrittenFrom,
  };
  const { policy } = await holdingNow({ ...source, current: () => Promise.resolve(inForce) }, new Date(now));
  expect(policy).toMatch(wanted);
});

it('says when the newest policy does not bind', async () => {
  const { policyProblem } = await holdingNow(policyIn('policy.yaml:3 is wrong'), new Date());
  expect(policyProblem).toBe('The policy in force is not the newest one: policy.yaml:3 is wrong.');
});
