import { changeHolds, endOfTime, type HoldGrant } from '../../src/holds/change';
import {
  expectedTurns,
  isEmpty,
  longestReason,
  nextEnd,
  noHolds,
  type HoldAct,
  type Holds,
} from '../../src/holds/holds';

const start = Date.parse('2026-11-24T10:00:00Z');
const hour = 3_600_000;
const at = (hours: number) => new Date(start + hours * hour).toISOString();
const place = { service: 'web', environment: 'production' };

const grantTo = (by: string, overrides: Partial<HoldGrant> = {}): HoldGrant => ({
  who: { by, person: by.slice(0, 5) },
  scope: 'own',
  others: 'security',
  channel: '#prod',
  forMs: hour,
  ...overrides,
});

type Acted = readonly [by: string, act: HoldAct, grant?: Partial<HoldGrant>, hours?: number];

/** Carries out one after the other: who, what, and what their grant says beyond the usual. */
function play(...acts: readonly Acted[]): ReturnType<typeof changeHolds> {
  let last: ReturnType<typeof changeHolds> = { holds: noHolds, events: [], answer: { kind: 'done', sentence: '' } };
  for (const [by, act, grant, hours = 0] of acts)
    last = changeHolds(last.holds, { act, grant: grantTo(by, grant), now: start + hours * hour });
  return last;
}

const lock = (reason = 'a migration', change?: string): HoldAct => ({
  kind: 'lock',
  ...place,
  reason,
  ...(change === undefined ? {} : { change }),
});
const unlock = (reason?: string): HoldAct => ({
  kind: 'unlock',
  ...place,
  ...(reason === undefined ? {} : { reason }),
});
const whoHolds = ({ locks }: Holds) => locks.map(({ holder, queue }) => [holder.by, ...queue.map(({ by }) => by)]);

describe('a lock', () => {
  test('is a lease that ends by itself', () => {
    const { holds, events } = play(['U0ANA', lock()]);
    expect(holds.locks).toMatchObject([{ ...place, holder: { by: 'U0ANA', since: at(0), until: at(1) }, queue: [] }]);
    expect(events).toMatchObject([{ what: 'locked', to: 'U0ANA', channel: '#prod', until: at(1) }]);
    expect(nextEnd(holds)).toBe(start + hour);

    expect(endOfTime(holds, start + hour - 1).events).toEqual([]);
    const over = endOfTime(holds, start + hour);
    expect(over.events).toMatchObject([{ what: 'lock_expired', of: 'U0ANA' }]);
    expect(isEmpty(over.holds)).toBe(true);
  });

  test('is longer when its holder locks again, and never a second one', () => {
    const { holds } = play(['U0ANA', lock()], ['U0ANA', lock('still'), {}, 0.5]);
    expect(holds.locks).toMatchObject([{ holder: { reason: 'still', since: at(0), until: at(1.5) }, queue: [] }]);
  });

  test('of another account of the holder is the holder’s own', () => {
    const { holds } = play(['U0ANA', lock()], ['U0ANA2', lock('second account')]);
    expect(whoHolds(holds)).toEqual([['U0ANA2']]);
  });

  test('that is held gives a place in the queue, with the time by which it is one’s turn', () => {
    const { holds, events, answer } = play(
      ['U0ANA', lock()],
      ['U0LEE', lock('two'), { forMs: 2 * hour }],
      ['U0KIM', lock('three')],
    );
    expect(whoHolds(holds)).toEqual([['U0ANA', 'U0LEE', 'U0KIM']]);
    expect(expectedTurns(holds.locks[0]!)).toEqual([start + hour, start + 3 * hour]);
    expect(events).toMatchObject([{ what: 'queued', by: 'U0KIM', of: 'U0ANA', position: 2, until: at(3) }]);
    expect(answer).toMatchObject({ kind: 'done', about: ['U0ANA'] });
    expect(answer.sentence).toContain('you are number 2 in the queue');
    expect(answer.sentence).toContain(at(3));
  });

  test('asked for twice keeps its one place in the queue', () => {
    const { holds } = play(['U0ANA', lock()], ['U0LEE', lock('two')], ['U0KIM', lock()], ['U0LEE', lock('again')]);
    expect(whoHolds(holds)).toEqual([['U0ANA', 'U0LEE', 'U0KIM']]);
    expect(holds.locks[0]!.queue[0]!.reason).toBe('again');
  });

  test('passes to the next in order when it is released', () => {
    const { holds, events } = play(['U0ANA', lock()], ['U0LEE', lock('two', 'v3')], ['U0ANA', unlock(), {}, 0.5]);
    expect(whoHolds(holds)).toEqual([['U0LEE']]);
    expect(events).toMatchObject([
      { what: 'unlocked', by: 'U0ANA', of: 'U0ANA' },
      { what: 'granted', to: 'U0LEE', change: 'v3', until: at(1.5) },
    ]);
  });

  test('passes to the next in order when its time is over', () => {
    const { holds } = play(['U0ANA', lock()], ['U0LEE', lock('two')], ['U0KIM', lock('three')]);
    const { holds: next, events } = endOfTime(holds, start + hour);
    expect(whoHolds(next)).toEqual([['U0LEE', 'U0KIM']]);
    expect(next.locks[0]!.holder).toMatchObject({ since: at(1), until: at(2) });
    expect(events).toMatchObject([{ what: 'lock_expired' }, { what: 'granted', to: 'U0LEE' }]);
  });

  test.each<[string, Acted, 'done' | 'refused', RegExp, string[][]]>([
    ['is unlocked by its holder', ['U0ANA', unlock()], 'done', /is unlocked/, []],
    [
      'is not unlocked by somebody else, who hears who may',
      ['U0LEE', unlock('please')],
      'refused',
      /only they and security may/,
      [['U0ANA']],
    ],
    [
      'is unlocked by whom policy names, with a reason',
      ['U0SAM', unlock('she left'), { scope: 'any' }],
      'done',
      /is unlocked/,
      [],
    ],
    [
      'is not taken without a reason',
      ['U0SAM', unlock(), { scope: 'any' }],
      'refused',
      /Say in quotes why/,
      [['U0ANA']],
    ],
    [
      'is handed over by its holder',
      ['U0ANA', { kind: 'hand_over', ...place, to: 'U0LEE' }, { to: { by: 'U0LEE', person: 'U0LEE' } }],
      'done',
      /is with U0LEE now/,
      [['U0LEE']],
    ],
    [
      'is not handed over by somebody else',
      ['U0LEE', { kind: 'hand_over', ...place, to: 'U0LEE', reason: 'mine' }, { to: { by: 'U0LEE', person: 'U0LEE' } }],
      'refused',
      /may not hand over/,
      [['U0ANA']],
    ],
    [
      'is taken by whom policy names, with a reason',
      [
        'U0SAM',
        { kind: 'hand_over', ...place, to: 'U0SAM', reason: 'she left' },
        { scope: 'any', to: { by: 'U0SAM', person: 'U0SAM' } },
      ],
      'done',
      /is with U0SAM now/,
      [['U0SAM']],
    ],
  ])('%s', (_what, act, kind, words, left) => {
    const { holds, answer } = play(['U0ANA', lock()], act);
    expect(answer.kind).toBe(kind);
    expect(answer.sentence).toMatch(words);
    expect(whoHolds(holds)).toEqual(left);
  });

  test('keeps its end and its change when it is handed over, and its heir leaves the queue', () => {
    const { holds } = play(
      ['U0ANA', lock('r', 'v3')],
      ['U0KIM', lock()],
      ['U0LEE', lock()],
      ['U0ANA', { kind: 'hand_over', ...place, to: 'U0LEE' }, { to: { by: 'U0LEE', person: 'U0LEE' } }, 0.5],
    );
    expect(whoHolds(holds)).toEqual([['U0LEE', 'U0KIM']]);
    expect(holds.locks[0]!.holder).toMatchObject({ change: 'v3', until: at(1) });
  });

  test('is no longer waited for by whoever unlocks while they are in the queue', () => {
    const { holds, events } = play(['U0ANA', lock()], ['U0LEE', lock()], ['U0LEE', unlock()]);
    expect(whoHolds(holds)).toEqual([['U0ANA']]);
    expect(events).toMatchObject([{ what: 'left', by: 'U0LEE' }]);
  });

  test('elsewhere is another lock', () => {
    const { holds } = play(['U0ANA', lock()], ['U0LEE', { ...lock(), service: 'bank' } as HoldAct]);
    expect(whoHolds(holds)).toEqual([['U0ANA'], ['U0LEE']]);
  });

  test('has a queue with an end', () => {
    const many = Array.from({ length: 22 }, (_, index) => [`U0P${10 + index}`, lock()] as const);
    const { holds, answer } = play(...many);
    expect(holds.locks[0]!.queue).toHaveLength(20);
    expect(answer).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('wait for the lock') });
  });
});

describe('a freeze and the stop', () => {
  const frozen: HoldAct = { kind: 'freeze', environment: 'production', reason: 'audit' };

  test('a freeze is in force until it is thawed', () => {
    const { holds } = play(['U0ANA', frozen]);
    expect(holds.freezes).toMatchObject([{ environment: 'production', reason: 'audit', since: at(0) }]);
    expect(nextEnd(holds)).toBeUndefined();
    const thawed = play(['U0ANA', frozen], ['U0LEE', { kind: 'thaw', environment: 'production' }]);
    expect(isEmpty(thawed.holds)).toBe(true);
    expect(thawed.events).toMatchObject([{ what: 'thawed', by: 'U0LEE', of: 'U0ANA' }]);
  });

  test('a freeze with an end thaws by itself', () => {
    const { holds } = play(['U0ANA', { ...frozen, until: at(2) }]);
    expect(nextEnd(holds)).toBe(start + 2 * hour);
    const { holds: later, events } = endOfTime(holds, start + 2 * hour);
    expect(isEmpty(later)).toBe(true);
    expect(events).toMatchObject([{ what: 'freeze_expired', environment: 'production' }]);
  });

  test('a second freeze of the same place replaces the first; one service in it is another place', () => {
    const { holds } = play(
      ['U0ANA', frozen],
      ['U0LEE', { ...frozen, service: 'web' }],
      ['U0KIM', { ...frozen, reason: 'more' }],
    );
    expect(holds.freezes.map(({ service, reason }) => [service, reason])).toEqual([
      ['web', 'audit'],
      [undefined, 'more'],
    ]);
  });

  test('the stop stands until go', () => {
    const stopped = play(['U0ANA', { kind: 'stop', reason: 'breach' }]);
    expect(stopped.holds.stop).toMatchObject({ by: 'U0ANA', reason: 'breach' });
    const gone = play(['U0ANA', { kind: 'stop', reason: 'breach' }], ['U0LEE', { kind: 'go' }]);
    expect(isEmpty(gone.holds)).toBe(true);
    expect(gone.events).toMatchObject([{ what: 'resumed', by: 'U0LEE', of: 'U0ANA' }]);
  });

  test.each<[string, HoldAct, RegExp]>([
    ['a freeze that is over already', { ...frozen, until: at(-1) } as HoldAct, /has passed/],
    ['a thaw of what is not frozen', { kind: 'thaw', environment: 'production' }, /not frozen by a command/],
    ['an unlock of what is not locked', unlock(), /is not locked/],
    ['a hand-over of what is not locked', { kind: 'hand_over', ...place, to: 'U0LEE' }, /is not locked/],
    ['a go when nothing is stopped', { kind: 'go' }, /Nothing is stopped/],
  ])('%s is refused and changes nothing', (_what, act, words) => {
    const { holds, events, answer } = play(['U0ANA', act]);
    expect(answer).toMatchObject({ kind: 'refused', sentence: expect.stringMatching(words) });
    expect(events).toEqual([]);
    expect(isEmpty(holds)).toBe(true);
  });
});

describe('what is kept stays small', () => {
  const long = 'x'.repeat(longestReason + 1);

  test.each<[string, HoldAct]>([
    ['lock', lock(long)],
    ['freeze', { kind: 'freeze', environment: 'production', reason: long }],
    ['stop', { kind: 'stop', reason: long }],
  ])('a %s with a long reason is refused, and says how long one may be', (_what, act) => {
    const { holds, answer } = play(['U0ANA', act]);
    expect(holds).toEqual(noHolds);
    expect(answer).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('more than 300 characters') });
    expect(play(['U0ANA', { ...act, reason: long.slice(1) } as HoldAct]).answer.kind).toBe('done');
  });

  test('nothing more is locked or frozen when all of it is too long, and everything can still be stopped and let go', () => {
    const change = 'v'.repeat(600_000);
    const crowded: Holds = { ...noHolds, locks: play(['U0ANA', lock('x', change)]).holds.locks };
    expect(crowded.locks).toEqual([]);
    const full = JSON.parse(JSON.stringify(play(['U0ANA', lock()]).holds)) as Holds;
    const packed: Holds = { ...full, locks: full.locks.map((held) => ({ ...held, channel: 'c'.repeat(500_000) })) };
    const on = (act: HoldAct) => changeHolds(packed, { act, grant: grantTo('U0ANA'), now: start });
    expect(on({ kind: 'freeze', environment: 'staging', reason: 'x' }).answer).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('no more can be kept'),
    });
    expect(on({ kind: 'stop', reason: 'x' }).answer.kind).toBe('done');
    expect(on(unlock()).answer.kind).toBe('done');
  });
});
