import type { Ballot } from '../../src/approvals/ballot';
import type { Judgement } from '../../src/operation/judgement';
import { reconsider } from '../../src/operation/reconsider';
import { aBallot, aJudgement } from '../helpers/samples';

type Rung = Ballot['ladder'][number];
type Allowed = Extract<Judgement, { kind: 'allowed' }>;

const people: Ballot['teams'] = {
  security_team: { groups: ['S0SECURITY'], users: [] },
  team_lead: { groups: [], users: ['U0LEE', 'U0KIM'] },
  director: { groups: [], users: ['U0DEE'] },
};

function asking(teams: readonly string[], overrides: Partial<Ballot> = {}): readonly Ballot[] {
  if (teams.length === 0) return [];
  const counts = new Map<string, number>();
  const seats = teams.map((team) => {
    counts.set(team, (counts.get(team) ?? 0) + 1);
    return { id: `${team}#${counts.get(team)}`, team };
  });
  const members = Object.fromEntries(teams.map((team) => [team, people[team]!]));
  return [aBallot({ seats, teams: members, ...overrides })];
}

const held = (ballots = asking(['security_team', 'team_lead'])): Allowed =>
  aJudgement({ ballots, policyCommit: 'a'.repeat(40) });
const fresh = (ballots: readonly Ballot[], overrides: Partial<Allowed> = {}): Allowed =>
  aJudgement({ ballots, policyCommit: 'b'.repeat(40), decisionDigest: 'another', ...overrides });

const onBallot = (answer: ReturnType<typeof reconsider>): readonly string[] => {
  if (answer.kind !== 'changed') throw new Error(answer.kind);
  return answer.judgement.ballots.flatMap(({ seats }) => seats.map(({ id }) => id));
};

test('an equal decision changes nothing', () => {
  expect(reconsider({ held: held(), fresh: fresh([], { decisionDigest: held().decisionDigest }) })).toEqual({
    kind: 'same',
  });
});

test('a denial voids', () => {
  const denied: Judgement = { kind: 'denied', reasons: ['A freeze refuses it.'], policyCommit: 'b' };
  expect(reconsider({ held: held(), fresh: denied })).toEqual({ kind: 'denied', reasons: ['A freeze refuses it.'] });
});

test.each([
  ['nobody', []],
  ['one team less', ['team_lead']],
  ['the same under another name', ['security_team', 'team_lead']],
])('asking %s does not loosen what was asked for', (_what, teams) => {
  expect(reconsider({ held: held(), fresh: fresh(asking(teams, { rule: 'another rule' })) })).toEqual({ kind: 'same' });
});

test.each([
  ['one team more', ['security_team', 'team_lead', 'director'], ['security_team#1', 'team_lead#1', 'director#1']],
  ['two of a team', ['security_team', 'team_lead', 'team_lead'], ['security_team#1', 'team_lead#1', 'team_lead#2']],
  ['another team instead of one', ['director', 'team_lead'], ['director#1', 'team_lead#1', 'security_team#1']],
])('asking %s opens a ballot with all that either asks for', (_what, teams, seats) => {
  const answer = reconsider({ held: held(), fresh: fresh(asking(teams)) });
  expect(onBallot(answer)).toEqual(seats);
  expect(answer).toMatchObject({ because: expect.stringContaining('policy aaaaaaaaaa became bbbbbbbbbb') });
});

test('a ballot with seats from before has a digest of its own, so that no click on either counts for the other', () => {
  const ballots = asking(['director', 'team_lead']);
  const answer = reconsider({ held: held(), fresh: fresh(ballots) });
  if (answer.kind !== 'changed') throw new Error(answer.kind);
  const [ballot] = answer.judgement.ballots;
  expect(ballot!.digest).not.toBe(ballots[0]!.digest);
  expect(ballot!.id).not.toBe(ballots[0]!.id);
  expect(ballot!.teams).toMatchObject(people);
});

test.each([
  ['who is in a team', { teams: { ...asking(['security_team', 'team_lead'])[0]!.teams, team_lead: people.director! } }],
  ['who does not count', { excluded: [...aBallot().excluded, { id: 'U0KIM', because: 'author' as const }] }],
  ['the order', { order: 'sequence' as const }],
])('another answer to %s opens the ballots anew', (_what, change) => {
  const answer = reconsider({ held: held(), fresh: fresh(asking(['security_team', 'team_lead'], change)) });
  expect(answer.kind).toBe('changed');
});

test('other work voids the votes, whatever is asked for it', () => {
  const answer = reconsider({ held: held(), fresh: fresh(asking(['team_lead']), { workDigest: 'other work' }) });
  expect(onBallot(answer)).toEqual(['team_lead#1']);
  expect(answer).toMatchObject({ because: expect.stringContaining('What would run has changed') });
});

describe('a second factor', () => {
  const teams = ['security_team', 'team_lead'];
  const strict = (): readonly Ballot[] => asking(teams, { secondFactor: true });
  const ballotIn = (answer: ReturnType<typeof reconsider>): Ballot => {
    if (answer.kind !== 'changed') throw new Error(answer.kind);
    return answer.judgement.ballots[0]!;
  };

  test('that is asked for now opens the ballot anew and voids votes without one', () => {
    const answer = reconsider({ held: held(), fresh: fresh(strict()) });
    expect(ballotIn(answer).secondFactor).toBe(true);
    expect(answer).toMatchObject({ because: expect.stringContaining('with a code from their authenticator') });
  });

  test('that is asked for no longer is asked for still', () => {
    expect(reconsider({ held: held(strict()), fresh: fresh(asking(teams)) })).toEqual({ kind: 'same' });
    const more = asking([...teams, 'director'], { oneClick: true });
    const ballot = ballotIn(reconsider({ held: held(strict()), fresh: fresh(more) }));
    expect(ballot).toMatchObject({ secondFactor: true, oneClick: false });
    expect(ballot.digest).not.toBe(more[0]!.digest);
    expect(ballot.id).not.toBe(more[0]!.id);
  });
});

describe('a ladder that opens seats to others', () => {
  const teams = ['security_team', 'team_lead'];
  const widen = (afterMs: number, seats: readonly string[] = ['team_lead#1'], team = 'director'): Rung => ({
    afterMs,
    does: 'widen',
    team,
    seats,
  });
  const withLadder = (ladder: readonly Rung[], asked = teams, members = people): readonly Ballot[] =>
    asking(asked, { ladder, teams: members });
  const answer = (before: readonly Ballot[], now: readonly Ballot[]) =>
    reconsider({ held: held(before), fresh: fresh(now) });

  test.each<[string, readonly Rung[], readonly Rung[], readonly Rung[]]>([
    ['is taken away', [widen(10)], [], []],
    ['comes later', [widen(10)], [widen(20)], [widen(20)]],
    ['opens another seat', [widen(10)], [widen(10, ['security_team#1'])], []],
    ['opens one seat of two', [widen(10, ['team_lead#1', 'security_team#1'])], [widen(10)], [widen(10)]],
  ])('that %s opens the ballot anew, so that nobody fills a seat who may not any more', (_what, before, now, left) => {
    const changed = answer(withLadder(before), withLadder(now));
    expect(changed).toMatchObject({
      kind: 'changed',
      because: expect.stringMatching(/^Fewer people may step in while nobody decides \(policy aaaaaaaaaa became/),
      judgement: { ballots: [{ ladder: left }] },
    });
  });

  test.each<[string, readonly Rung[], readonly Rung[]]>([
    ['is added', [], [widen(10)]],
    ['comes earlier', [widen(20)], [widen(10)]],
    ['opens one seat more', [widen(10)], [widen(10, ['team_lead#1', 'security_team#1'])]],
    ['calls others for help', [], [{ afterMs: 10, does: 'page', team: 'director', urgent: false }]],
    ['reminds no more', [{ afterMs: 10, does: 'remind' }], []],
  ])('that %s does not loosen what was asked for', (_what, before, now) => {
    expect(answer(withLadder(before), withLadder(now))).toEqual({ kind: 'same' });
  });

  test('to people who are others now opens the ballot anew', () => {
    const others = { ...people, director: { groups: [], users: ['U0NEW'] } };
    expect(answer(withLadder([widen(10)]), withLadder([widen(10)], teams, others)).kind).toBe('changed');
  });

  test('that is added together with a seat opens only the new one to others', () => {
    const ladder = [widen(10, ['team_lead#1', 'director#1'], 'security_team')];
    const before = withLadder([]);
    const now = withLadder(ladder, [...teams, 'director']);
    const changed = answer(before, now);
    if (changed.kind !== 'changed') throw new Error(changed.kind);
    const [ballot] = changed.judgement.ballots;
    expect(ballot!.ladder).toEqual([widen(10, ['director#1'], 'security_team')]);
    expect(ballot!.id).not.toBe(now[0]!.id);
    expect(ballot!.digest).not.toBe(now[0]!.digest);
  });
});
