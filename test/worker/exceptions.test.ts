import type { Asker } from '../../src/operation/asker';
import type { Vote } from '../../src/approvals/ballot';
import type { OpenReview } from '../../src/operation/review';
import { examplePolicy } from '../helpers/company';
import { aRequest } from '../helpers/samples';
import { openDecisions, type DecisionWorld } from '../helpers/decision-world';

// Each test reads a whole policy.
jest.setTimeout(180_000);

let world: DecisionWorld;

beforeEach(async () => {
  world = await openDecisions();
});

describe('break-glass', () => {
  const oncall: Asker = { standing: 'member', groups: ['S0ONCALL'] };
  const glass = () => aRequest({ labels: ['break_glass'], reason: 'the shop is down' });
  const review: OpenReview = {
    operation: 'deploy-checkout-production-before',
    title: 'Deploy checkout v2.3.0 to production',
    by: 'U0ANA',
    reviewBy: ['director'],
    openedAt: '2026-11-20T10:00:00.000Z',
    dueAt: '2026-11-21T10:00:00.000Z',
  };

  test('owes a review by somebody else of those whom policy names, in the watch channel', async () => {
    const { judgement } = await world.judged(glass(), oncall);

    expect(judgement.review).toMatchObject({
      reviewBy: ['director'],
      channels: ['#watch', '#policy', '#deploys-prod'],
      withinMs: 86_400_000,
      ballot: { purpose: 'review', teams: { director: { users: ['U0DAN'] } } },
    });
    expect(judgement.review?.ballot.excluded).toContainEqual({ id: 'U0ANA', because: 'requester' });
    expect((await world.judged()).judgement.review).toBeUndefined();
  });

  test('is refused while the same person’s last one has not been looked at, before the first change too', async () => {
    const before = await world.judged(glass(), oncall);
    world.owed = async () => [review];

    await expect(world.judged(glass(), oncall)).rejects.toThrow(
      'nobody has looked at deploy-checkout-production-before',
    );
    await expect(world.recheck(before)).resolves.toMatchObject({
      kind: 'denied',
      reasons: [expect.stringContaining('have director close its review')],
    });
  });

  test('its own review stands not in its way', async () => {
    const before = await world.judged(glass(), oncall);
    world.owed = async () => [{ ...review, operation: before.input.request.body.id }];

    await expect(world.recheck(before)).resolves.toMatchObject({ kind: 'go' });
  });

  test('goes on when nobody can say what is owed, and the record has it', async () => {
    world.owed = () => Promise.reject(new Error('Temporal is away'));

    const { judgement } = await world.judged(glass(), oncall);

    expect(judgement.evidence).toMatchObject({ break_glass: { openReviews: 'unknown' } });
  });

  test('is all that is asked about: other work owes nothing', async () => {
    world.askedOf.length = 0;
    world.owed = async () => [review];

    await expect(world.judged()).resolves.toBeDefined();
    expect(world.askedOf).toEqual([]);
  });
});

describe('a soft rule', () => {
  const day = (after: number): string => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
  const soft = (message: string) =>
    examplePolicy(7400)['policy.yaml']!.replace(
      /^freezes:\n/m,
      `overrides: { who: [director, team_lead] }\nrules: [{ name: mind, when: 'change.service == "checkout"', level: soft, message: "${message}" }]\nfreezes:\n  - { name: quiet, from: ${day(-2)}, to: ${day(2)}, level: soft }\n`,
    );
  const by = (ballotId: string): Vote => ({
    ballotId,
    by: 'U0DAN',
    person: 'U0DAN',
    decision: 'approve',
    reason: 'it may',
    actionId: '1',
    at: new Date().toISOString(),
    teams: ['director or team_lead'],
  });

  test('opens a ballot of its own, bound to the plan and to what it says, and is no part of what approvers agreed to', async () => {
    const request = aRequest();
    const before = await world.judged(request);
    await world.policy.commit({ 'policy.yaml': soft('Mind the gap.') });
    const { judgement } = await world.judged(request);

    expect(judgement.decisionDigest).toBe(before.judgement.decisionDigest);
    expect(judgement.overrides).toMatchObject([
      { purpose: 'override', rule: 'mind', seats: [{ team: 'director or team_lead' }], timeoutMs: 86_400_000 },
      { purpose: 'override', rule: 'quiet' },
    ]);
    expect(judgement.overrides![0]!.teams).toEqual({
      'director or team_lead': { groups: [], users: ['U0DAN', 'U0LEE', 'U0KIM'] },
    });
    expect(judgement.overrides![0]!.excluded).toContainEqual({ id: 'U0ANA', because: 'requester' });
    await world.policy.commit({ 'policy.yaml': soft('Mind the train.') });
    const other = await world.judged(request);
    expect(other.judgement.overrides![0]!.id).not.toBe(judgement.overrides![0]!.id);
    expect(other.judgement.overrides![1]!.rule).toBe('quiet');
  });

  test('is asked about with the plan, so its ballots stay the same while it waits', async () => {
    await world.policy.commit({ 'policy.yaml': soft('Mind the gap.') });
    const { input, judgement } = await world.judged(aRequest());

    const answer = await world.decisions.askGates({ ...input, judgement });

    expect(answer.overrides?.map(({ id }) => id)).toEqual(judgement.overrides?.map(({ id }) => id));
    expect(answer.gates.filter(({ kind }) => kind === 'override').map(({ ballot }) => ballot)).toEqual(
      judgement.overrides?.map(({ id }) => id),
    );
  });

  test('holds the first change back until each of its ballots is filled by somebody who still may', async () => {
    await world.policy.commit({ 'policy.yaml': soft('Mind the gap.') });
    const { input, judgement } = await world.judged();
    const [mind, quiet] = judgement.overrides!.map(({ id }) => id);
    const ask = (votes: readonly Vote[], fallen: readonly string[] = []) =>
      world.decisions.recheck({
        ...input,
        judgement,
        votes,
        fallenVotes: fallen.map((who) => ({ by: who, code: 'not_in_team' as const })),
      });

    await expect(ask([])).resolves.toMatchObject({
      kind: 'gates_closed',
      answer: { overrides: [{ id: mind }, { id: quiet }] },
    });
    await expect(ask([by(mind!)])).resolves.toMatchObject({ kind: 'gates_closed' });
    await expect(ask([by(mind!), by('o-other')])).resolves.toMatchObject({ kind: 'gates_closed' });
    await expect(ask([by(mind!), by(quiet!)], ['U0DAN'])).resolves.toMatchObject({ kind: 'gates_closed' });
    await expect(ask([by(mind!), by(quiet!)])).resolves.toMatchObject({ kind: 'go' });
  });
});
