import type { Ballot, Vote, VoteBody } from '../../src/approvals/ballot';
import { relay } from '../../src/operation/relay';
import type { VoterCheck } from '../../src/operation/ports';
import { addUnwelcome, relayKey, startWorld, unwelcome, type World } from './world';

let world: World;
let clock: number;
beforeEach(async () => {
  clock = Date.parse('2026-11-21T09:00:00Z');
  world = await startWorld({ deps: { now: () => clock } });
  addUnwelcome(world);
});
afterEach(() => world.stop());

const ballot: Ballot = {
  id: 'b1',
  digest: 'd1',
  rule: 'production',
  seats: [
    { id: 'security_team#1', team: 'security_team' },
    { id: 'director#1', team: 'director' },
    { id: 'everybody#1', team: 'everybody' },
  ],
  teams: {
    security_team: { groups: ['S0SECURITY'], users: [] },
    director: { groups: [], users: ['U0DIRECTOR'] },
    everybody: { groups: ['S0EVERYBODY'], users: [] },
    // Not asked for by a seat: membership in it is nobody's business.
    other: { groups: [], users: ['U0KIM'] },
  },
  order: 'parallel',
  excluded: [
    { id: 'U0LEE', because: 'requester' },
    { id: 'U0AUTHOR', because: 'author' },
  ],
  persons: { U0SECOND: 'U0LEE' },
  timeoutMs: 3_600_000,
  ladder: [],
  channels: [],
  oneClick: false,
};

function body(by: string, change: Partial<VoteBody> = {}): VoteBody {
  return {
    format: 1,
    operationId: 'o1',
    ballotId: 'b1',
    ballotDigest: 'd1',
    by,
    decision: 'approve',
    actionId: '1.1',
    at: '2026-11-21T09:00:00Z',
    ...change,
  };
}

const check = (by: string, change: Partial<VoteBody> = {}, maxAgeMs = 60_000): Promise<VoterCheck> =>
  world.activities.checkVote({ vote: relay('vote', body(by, change), relayKey), ballot, maxAgeMs });

it.each([
  ['a member of a user group', 'U0MIA', { kind: 'ok', person: 'U0MIA', teams: ['security_team', 'everybody'] }],
  ['somebody listed by id', 'U0DIRECTOR', { kind: 'ok', person: 'U0DIRECTOR', teams: ['director'] }],
  ['somebody in none of the teams', 'U0KIM', { kind: 'refused', code: 'not_in_team' }],
  ['whoever asked', 'U0LEE', { kind: 'refused', code: 'requester' }],
  ['the second account of whoever asked', 'U0SECOND', { kind: 'refused', code: 'requester' }],
  ['an author', 'U0AUTHOR', { kind: 'refused', code: 'author' }],
  ['a guest', 'U0GUEST', { kind: 'refused', code: 'guest' }],
  ['a single-channel guest', 'U0ULTRA', { kind: 'refused', code: 'guest' }],
  ['a bot', 'U0BOT', { kind: 'refused', code: 'bot' }],
  ['somebody who left', 'U0GONE', { kind: 'refused', code: 'deactivated' }],
  ['a stranger', 'U0STRANGER', { kind: 'refused', code: 'stranger' }],
  ['a member of another workspace', 'U0ELSEWHERE', { kind: 'refused', code: 'stranger' }],
  ['an account nobody knows', 'U0NOBODY', { kind: 'refused', code: 'unknown_person' }],
  ['something that is no account', 'security_team', { kind: 'refused', code: 'unknown_person' }],
])('knows %s', async (_who, by, answer) => {
  await expect(check(by)).resolves.toEqual(answer);
});

describe('teams whose members change', () => {
  const hour = 3_600_000;
  const start = Date.parse('2026-11-21T09:00:00Z');
  const more: Ballot = {
    ...ballot,
    seats: [
      { id: 'security_team#1', team: 'security_team' },
      { id: 'oncall or director#1', team: 'oncall or director', anyOf: ['oncall', 'director'] },
    ],
    teams: {
      ...ballot.teams,
      oncall: { groups: [], users: [], shifts: [{ user: 'U0KIM', from: start - hour, until: start + hour }] },
    },
    delegations: [
      { of: 'U0MIA', to: 'U0SUB', from: start - hour, until: start + hour },
      { of: 'U0DIRECTOR', to: 'U0SUB', from: start + hour, until: start + 2 * hour },
      { of: 'U0LEE', to: 'U0AUTHOR', from: start - hour, until: start + hour },
    ],
  };
  const asked = (by: string) =>
    world.activities.checkVote({ vote: relay('vote', body(by), relayKey), ballot: more, maxAgeMs: 0 });
  beforeEach(() => {
    for (const id of ['U0SUB', 'U0KIM']) world.slack.addUser({ id });
  });

  it.each([
    ['on call', 'U0KIM', 0, { kind: 'ok', teams: ['oncall'] }],
    ['on call before', 'U0KIM', hour, { kind: 'refused', code: 'not_in_team' }],
    ['any of the teams', 'U0DIRECTOR', 0, { kind: 'ok', teams: ['director'] }],
    [
      'sitting in for a member of a Slack group',
      'U0SUB',
      0,
      { kind: 'ok', person: 'U0SUB', teams: ['security_team'], sitsInFor: { security_team: 'U0MIA' } },
    ],
    [
      'sitting in for somebody else later',
      'U0SUB',
      hour,
      { teams: ['director'], sitsInFor: { director: 'U0DIRECTOR' } },
    ],
    ['sitting in no longer', 'U0SUB', 2 * hour, { kind: 'refused', code: 'not_in_team' }],
    // To sit in for somebody makes nobody eligible who never counts.
    ['an author who sits in', 'U0AUTHOR', 0, { kind: 'refused', code: 'author' }],
  ])('%s: %s', async (_who, by, later, answer) => {
    clock += later;
    await expect(asked(by)).resolves.toMatchObject(answer);
  });

  it('holds a vote of somebody who was on call when they gave it', async () => {
    const vote: Vote = {
      ballotId: 'b1',
      by: 'U0KIM',
      person: 'U0KIM',
      decision: 'approve',
      actionId: '1',
      at: new Date(start).toISOString(),
      teams: ['oncall'],
    };
    clock += 5 * hour;
    await expect(world.activities.recheckVoters({ ballots: [more], votes: [vote] })).resolves.toEqual([]);
    const late = { ...vote, at: new Date(start + 2 * hour).toISOString() };
    await expect(world.activities.recheckVoters({ ballots: [more], votes: [late] })).resolves.toEqual([
      { by: 'U0KIM', code: 'not_in_team' },
    ]);
  });

  it('says why nobody of a team counts', async () => {
    const empty: Ballot = {
      ...more,
      seats: [{ id: 'oncall#1', team: 'oncall' }],
      teams: {
        oncall: { groups: [], users: [], missing: 'Nobody is on call for oncall, because x.yaml begins later.' },
      },
    };
    const vote = relay('vote', body('U0MIA'), relayKey);
    await expect(world.activities.checkVote({ vote, ballot: empty, maxAgeMs: 0 })).resolves.toMatchObject({
      code: 'not_in_team',
      detail: 'Nobody is on call for oncall, because x.yaml begins later',
    });
  });
});

it.each([
  ['signed with another key', () => relay('vote', body('U0MIA'), 'x'.repeat(32))],
  ['signed for another purpose', () => relay('act', body('U0MIA'), relayKey)],
  ['changed after it was signed', () => ({ ...relay('vote', body('U0MIA'), relayKey), body: body('U0DIRECTOR') })],
  ['not signed', () => ({ body: body('U0MIA'), signature: '' })],
])('counts no vote that was %s', async (_how, vote) => {
  await expect(world.activities.checkVote({ vote: vote(), ballot, maxAgeMs: 0 })).resolves.toEqual({
    kind: 'refused',
    code: 'bad_signature',
  });
  expect(world.slack.calls).toHaveLength(0);
});

it('counts no vote for another ballot, or for what was not shown', async () => {
  await expect(check('U0MIA', { ballotId: 'b2' })).resolves.toMatchObject({ code: 'other_ballot' });
  await expect(check('U0MIA', { ballotDigest: 'd2' })).resolves.toMatchObject({ code: 'other_digest' });
});

it.each(['users.info', 'usergroups.users.list', 'auth.test'])('takes silence of %s for a no', async (method) => {
  world.slack.faults.add({ method, kind: 'http_500', times: 5 });
  await expect(check('U0MIA')).resolves.toMatchObject({
    kind: 'refused',
    code: 'lookup_failed',
    detail: expect.stringContaining(method),
  });
});

it('asks again when a minute has passed, and takes an older answer only where the caller would', async () => {
  await check('U0MIA');
  world.slack.setUser('U0MIA', { deleted: true });
  clock += 30_000;
  await expect(check('U0MIA')).resolves.toMatchObject({ kind: 'ok' });
  clock += 31_000;
  await expect(check('U0MIA', {}, 24 * 3_600_000)).resolves.toMatchObject({ code: 'deactivated' });
});

it('lets membership of the same day count for a rollback while Slack is away', async () => {
  await check('U0MIA');
  world.slack.goAway();
  clock += 3_600_000;
  await expect(check('U0MIA', {}, 24 * 3_600_000)).resolves.toMatchObject({ kind: 'ok' });
  await expect(check('U0MIA')).resolves.toMatchObject({ code: 'lookup_failed' });
  clock += 24 * 3_600_000;
  await expect(check('U0MIA', {}, 24 * 3_600_000)).resolves.toMatchObject({ code: 'lookup_failed' });
});

it('says what to do in a workspace without user groups, where people listed by id still count', async () => {
  world.slack.setCapabilities({ userGroups: false });
  await expect(check('U0DIRECTOR')).resolves.toMatchObject({ kind: 'ok', teams: ['director'] });
  await expect(check('U0MIA')).resolves.toMatchObject({
    code: 'not_in_team',
    detail: expect.stringContaining('list the people of the team under "users"'),
  });
});

it.each([
  ['an unknown user group', 'S0NOSUCH'],
  ['a disabled one', 'S0DISABLED'],
])('takes %s for nobody', async (_what, group) => {
  world.slack.workspace.addGroup({ id: 'S0DISABLED', users: ['U0MIA'], disabled: true });
  const teams = { security_team: { groups: [group], users: [] } };
  const strict: Ballot = { ...ballot, seats: ballot.seats.slice(0, 1), teams };
  await expect(
    world.activities.checkVote({ vote: relay('vote', body('U0MIA'), relayKey), ballot: strict, maxAgeMs: 0 }),
  ).resolves.toMatchObject({ code: 'not_in_team' });
});

function vote(by: string, teams: readonly string[], change: Partial<Vote> = {}): Vote {
  return {
    ballotId: 'b1',
    by,
    person: by,
    decision: 'approve',
    actionId: '1',
    at: '2026-11-21T09:00:00Z',
    teams,
    ...change,
  };
}

it('finds votes that no longer stand right before the first side effect', async () => {
  const votes = [vote('U0MIA', ['security_team', 'everybody']), vote('U0DIRECTOR', ['director'])];
  await expect(world.activities.recheckVoters({ ballots: [ballot], votes })).resolves.toEqual([]);
  // A team that is asked no more, since the ladder began anew, takes nothing from who sits there by another.
  const before = [vote('U0MIA', ['security_team', 'leads'])];
  await expect(world.activities.recheckVoters({ ballots: [ballot], votes: before })).resolves.toEqual([]);
  world.slack.setGroup('S0SECURITY', []);
  world.slack.setUser('U0DIRECTOR', { deleted: true });
  await expect(world.activities.recheckVoters({ ballots: [ballot], votes })).resolves.toEqual([
    { by: 'U0MIA', code: 'not_in_team' },
    { by: 'U0DIRECTOR', code: 'deactivated' },
  ]);
});

it('neither keeps nor drops a counted vote on silence, but asks again', async () => {
  const votes = [vote('U0DIRECTOR', ['director'])];
  await world.activities.recheckVoters({ ballots: [ballot], votes });
  world.slack.goAway();
  await expect(world.activities.recheckVoters({ ballots: [ballot], votes })).rejects.toThrow(
    'Slack did not say who U0DIRECTOR is',
  );
});

it.each([
  ['U0MIA', { standing: 'member', groups: ['S0SECURITY', 'S0EVERYBODY'] }],
  ['U0GUEST', { standing: 'guest', groups: [] }],
  ['U0GONE', { standing: 'deactivated', groups: [] }],
  ['U0ELSEWHERE', { standing: 'stranger', groups: [] }],
  ['U0NOBODY', { standing: 'unknown', groups: [] }],
])('says who %s is', async (user, answer) => {
  await expect(world.activities.whoIs({ user })).resolves.toEqual(answer);
});

it('does not know who somebody is while Slack is away, and says which groups only when Slack does', async () => {
  world.slack.faults.add({ method: 'usergroups.list', kind: 'http_500' });
  await expect(world.activities.whoIs({ user: 'U0MIA' })).resolves.toEqual({ standing: 'member', groups: 'unknown' });
  world.slack.goAway();
  await expect(world.activities.whoIs({ user: 'U0KIM' })).rejects.toMatchObject({ type: 'SlackAway' });
});

describe('what is known of a person without asking Slack', () => {
  const known = (user: string) => world.side.known(user);

  test('is nothing before anybody was asked about', () => {
    expect(known('U0MIA')).toBeUndefined();
  });

  test('is who they are, their groups, and the instant of the older answer', async () => {
    await world.activities.whoIs({ user: 'U0KIM' });
    clock += 20_000;
    await world.activities.whoIs({ user: 'U0MIA' });

    expect(known('U0MIA')).toEqual({
      format: 1,
      user: 'U0MIA',
      groups: ['S0SECURITY', 'S0EVERYBODY'],
      at: '2026-11-21T09:00:00.000Z',
    });
  });

  test('is nothing a minute later, and nothing once Slack says that something changed', async () => {
    await world.activities.whoIs({ user: 'U0MIA' });
    clock += 60_000;
    expect(known('U0MIA')).toBeUndefined();

    await world.activities.whoIs({ user: 'U0MIA' });
    expect(known('U0MIA')).toBeDefined();
    world.side.forget();
    expect(known('U0MIA')).toBeUndefined();
  });

  test.each(Object.keys(unwelcome))('is nothing for %s, who never counts', async (user) => {
    await world.activities.whoIs({ user });
    await world.activities.whoIs({ user: 'U0MIA' });

    expect(known(user)).toBeUndefined();
  });
});

describe('a ballot that asks for a second factor', () => {
  const strict: Ballot = { ...ballot, secondFactor: true };
  const asked = (change: Partial<VoteBody>, key = relayKey): Promise<VoterCheck> =>
    world.activities.checkVote({
      vote: relay('vote', body('U0MIA', change), key),
      ballot: strict,
      maxAgeMs: 60_000,
    });

  it.each<[string, Partial<VoteBody>, object]>([
    ['a signed approval that went round the dialog', {}, { kind: 'refused', code: 'second_factor' }],
    [
      'an approval with an old one',
      { secondFactor: { at: '2026-11-21T08:54:59Z' } },
      { kind: 'refused', code: 'second_factor' },
    ],
    ['an approval with a fresh one', { secondFactor: { at: '2026-11-21T08:59:00Z' } }, { kind: 'ok' }],
    ['a rejection', { decision: 'reject', reason: 'not today' }, { kind: 'ok' }],
  ])('%s', async (_what, change, answer) => {
    await expect(asked(change)).resolves.toMatchObject(answer);
  });

  it('takes nobody’s word for it: one that the bot did not sign is none', async () => {
    const given = { secondFactor: { at: '2026-11-21T09:00:00Z' } };
    await expect(asked(given, 'another-key-that-is-long-enough-here')).resolves.toMatchObject({
      code: 'bad_signature',
    });
    const { signature } = relay('vote', body('U0MIA'), relayKey);
    const vote = { body: body('U0MIA', given), signature };
    await expect(world.activities.checkVote({ vote, ballot: strict, maxAgeMs: 60_000 })).resolves.toMatchObject({
      code: 'bad_signature',
    });
  });
});
