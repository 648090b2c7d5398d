import { openWorld, type Operation, type World } from '../helpers/operation-world';
import { aBallot, aJudgement, aRequest } from '../helpers/samples';
import type { Ballot } from '../../src/approvals/ballot';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world?.close());

const teams = {
  ...aBallot().teams,
  directors: { groups: [], users: ['U0DEE'] },
  oncall: { groups: [], users: [], shifts: [{ user: 'U0OLA', from: 0, until: Date.now() + 3_600_000 }] },
};

let place = 0;

/** An operation with one ballot, in a lane of its own. */
async function waiting(ballot: Partial<Ballot>, more: Parameters<typeof aJudgement>[0] = {}): Promise<Operation> {
  const lane = { service: `escalation-${(place += 1)}`, environment: 'production' };
  const judgement = aJudgement({ lane, ballots: [aBallot({ teams, ...ballot })], ...more });
  const request = aRequest();
  const { judge, voter } = world;
  world.judge = (asked) => (asked.id === request.id ? judgement : judge(asked));
  world.voter = (by) => (by === 'U0DEE' ? ['directors'] : voter(by));
  const operation = await world.start(request);
  await operation.until('waiting');
  return operation;
}

const toldAbout = ({ id }: Operation) => world.notices.filter(({ key }) => key.startsWith(id));
const recordsOf = ({ id }: Operation) => world.records.filter(({ operationId }) => operationId === id);

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const monday = {
  gates: [{ kind: 'window', holds: false, message: 'It opens on Monday.' }],
  nextGateCheckAtMs: Date.now() + 600_000,
} as const;

test('a team that the ballot is widened to fills the seats that are free, and the record says when', async () => {
  const operation = await waiting({
    ladder: [{ afterMs: 500, does: 'widen', team: 'directors', seats: ['team_lead#1'] }],
  });
  expect((await operation.view()).ballots[0]).toMatchObject({ ladder: [{ does: 'widen', team: 'directors' }] });
  await operation.vote('U0SAM');
  await eventually(async () => (await operation.view()).ballots[0]?.widened?.includes('directors') ?? false);
  expect((await operation.view()).ballots[0]?.seats[1]).toMatchObject({ anyOf: ['team_lead', 'directors'] });

  await expect(operation.vote('U0DEE')).resolves.toMatchObject({
    kind: 'counted',
    seat: 'team_lead#1',
    stillNeeded: [],
  });

  await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
  expect(recordsOf(operation).find(({ event }) => event === 'escalated')?.body).toMatchObject({
    ballot: 'b1',
    does: 'widen',
    team: 'directors',
    seats: ['team_lead#1'],
  });
  expect(toldAbout(operation).map(({ notice }) => notice)).toContainEqual(
    expect.objectContaining({ kind: 'escalated', does: 'widen', team: 'directors', mention: ['user:U0DEE'] }),
  );
});

test('whoever is on call is paged in the thread and by direct message', async () => {
  const operation = await waiting({ ladder: [{ afterMs: 200, does: 'page', team: 'oncall', urgent: false }] });

  await eventually(() => toldAbout(operation).some(({ to }) => to.kind === 'person'));

  const told = toldAbout(operation);
  expect(told).toContainEqual(
    expect.objectContaining({
      notice: expect.objectContaining({ kind: 'escalated', mention: ['user:U0OLA'] }) as object,
    }),
  );
  expect(told.find(({ to }) => to.kind === 'person')).toMatchObject({
    to: { user: 'U0OLA' },
    notice: { kind: 'reminder', page: { team: 'oncall', mayVote: false } },
  });
  await operation.act({ kind: 'cancel' });
  await operation.result();
});

test('a page waits for the end of quiet hours, and an urgent one does not', async () => {
  const now = Date.now();
  const quiet = { stretches: { UTC: [[now, now + 600_000] as const] }, zones: {}, elsewhere: 'UTC' };
  const operation = await waiting({
    quiet,
    ladder: [
      { afterMs: 200, does: 'page', team: 'oncall', urgent: false },
      { afterMs: 700, does: 'page', team: 'directors', urgent: true },
    ],
  });

  await eventually(() => toldAbout(operation).some(({ to }) => to.kind === 'person'));

  const people = toldAbout(operation).flatMap(({ to }) => (to.kind === 'person' ? [to.user] : []));
  expect(people).toEqual(['U0DEE']);
  await operation.act({ kind: 'cancel' });
  await operation.result();
});

test.each([
  ['expire', 'expired', /too few approvals in time/],
  ['reject', 'rejected', /counts as rejected, because nobody decided/],
] as const)('a ladder may end it: %s', async (does, kind, sentence) => {
  const operation = await waiting({ ladder: [{ afterMs: 300, does }] });

  await expect(operation.result()).resolves.toMatchObject({
    kind,
    sentence: expect.stringMatching(sentence) as string,
  });

  expect(recordsOf(operation).map(({ event }) => event)).toContain('escalated');
  expect(recordsOf(operation).map(({ event }) => event)).not.toContain('intent');
});

describe('an approval can be withdrawn until the work begins', () => {
  test('while others are asked: the seat is free again, and it is recorded and told', async () => {
    const operation = await waiting({});
    await operation.vote('U0SAM');

    await expect(operation.vote('U0SAM', 'withdraw')).resolves.toEqual({
      kind: 'counted',
      decision: 'withdraw',
      stillNeeded: ['security_team', 'team_lead'],
    });

    expect((await operation.view()).ballots[0]?.approvedBy).toEqual([]);
    await operation.vote('U0LEE');
    expect((await operation.view()).state).toBe('waiting');
    await operation.vote('U0SAM');
    await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
    const votes = recordsOf(operation).filter(({ event }) => event === 'vote');
    expect(votes.map(({ body }) => body.decision)).toEqual(['approve', 'withdraw', 'approve', 'approve']);
    expect(toldAbout(operation).map(({ notice }) => notice)).toContainEqual(
      expect.objectContaining({ kind: 'vote_cast', by: 'U0SAM', decision: 'withdraw' }),
    );
  });

  test('when all have approved and it waits for its window: others are asked again', async () => {
    const operation = await waiting({}, monday);
    await operation.vote('U0SAM');
    await operation.vote('U0LEE');
    expect((await operation.view()).ballots[0]?.takes).toBe('rejections');

    await operation.vote('U0LEE', 'withdraw');

    expect((await operation.view()).ballots[0]?.takes).toBe('votes');
    await expect(operation.vote('U0KIM')).resolves.toMatchObject({ kind: 'counted', stillNeeded: [] });
    await operation.act({ kind: 'cancel' });
    await operation.result();
  });

  test('while everything is looked at once more: nothing begins until somebody approves again', async () => {
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const { recheck } = world;
    const operation = await waiting({});
    world.recheck = async (asked) => {
      if (asked.id === operation.id) await held;
      return recheck(asked);
    };
    await operation.vote('U0SAM');
    await operation.vote('U0LEE');
    await operation.until('checking');

    await operation.vote('U0LEE', 'withdraw');
    go();

    await operation.until('waiting');
    expect(world.steps.some(({ key }) => key.startsWith(operation.id))).toBe(false);
    await operation.vote('U0KIM');
    await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
    world.recheck = recheck;
  });

  test('not when there is none, and not once the intent is being written', async () => {
    const operation = await waiting({});
    await expect(operation.vote('U0SAM', 'withdraw')).rejects.toMatchObject({ cause: { type: 'nothing_to_withdraw' } });
    const { record } = world;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const writing = new Promise<void>((begun) => {
      world.record = async (entries) => {
        if (!entries.some(({ event, operationId }) => event === 'intent' && operationId === operation.id))
          return record(entries);
        begun();
        await held;
      };
    });
    await operation.vote('U0SAM');
    await operation.vote('U0LEE');
    await writing;

    await expect(operation.vote('U0LEE', 'withdraw')).rejects.toMatchObject({ cause: { type: 'withdrawn_late' } });

    go();
    await expect(operation.result()).resolves.toMatchObject({ kind: 'succeeded' });
    world.record = record;
  });
});
