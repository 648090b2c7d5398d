import { alertedRunbooks } from '../../src/triggers/alerted-runbooks';
import { alertmanagerBody, firingAlerts, type Alert } from '../../src/triggers/alerts';
import {
  answerTo,
  firingWords,
  isTelling,
  lastOf,
  started,
  told,
  type Ending,
  type Fired,
  type Firing,
} from '../../src/triggers/firings';
import { runbookSchema } from '../../src/runbooks/schema';

const minute = 60_000;
const hour = 60 * minute;

const firing = (overrides: Partial<Firing> = {}): Firing => ({
  runbook: 'scale-out',
  key: 'web-1',
  event: 'a/1',
  cooldownMs: 5 * minute,
  title: 'Run scale-out',
  request: { body: { id: 'runbook-scale-out-new' }, signature: '' } as Firing['request'],
  ...overrides,
});
const fired = (overrides: Partial<Fired> = {}): Fired => ({
  runbook: 'scale-out',
  key: 'web-1',
  operation: 'runbook-scale-out-old',
  atMs: 0,
  coolUntilMs: 5 * minute,
  events: ['a/1'],
  ...overrides,
});

describe('what happens again', () => {
  test.each<[string, readonly Fired[], Firing, { nowMs: number; last?: Ending }, object]>([
    ['starts what nothing was started about', [], firing(), { nowMs: 0 }, { does: 'start' }],
    [
      'joins what is under way, also after the cooldown',
      [fired()],
      firing({ event: 'a/2' }),
      { nowMs: hour, last: { is: 'open' } },
      { does: 'join', isToldAgain: false },
    ],
    [
      'waits for the cooldown once that is over',
      [fired()],
      firing(),
      { nowMs: 5 * minute - 1 },
      { does: 'cool', isToldAgain: true },
    ],
    [
      'counts it from the end of the operation',
      [fired()],
      firing(),
      { nowMs: hour, last: { is: 'over', atMs: hour - minute } },
      { does: 'cool' },
    ],
    ['starts again after it', [fired()], firing(), { nowMs: 5 * minute }, { does: 'start' }],
    ['starts beside another matter', [fired()], firing({ key: 'web-2' }), { nowMs: 1 }, { does: 'start' }],
    [
      'starts beside another runbook',
      [fired({ runbook: 'page' })],
      firing({ perDay: 1 }),
      { nowMs: 1 },
      { does: 'start' },
    ],
    [
      'starts no more than the day allows, whatever the matter',
      [fired({ operation: 'one' }), fired({ operation: 'two', key: 'web-2', atMs: hour })],
      firing({ key: 'web-3', perDay: 2 }),
      { nowMs: 2 * hour },
      { does: 'full', of: { operation: 'two' } },
    ],
    [
      'starts again a day later',
      [fired({ operation: 'one' }), fired({ operation: 'two', key: 'web-2', atMs: hour })],
      firing({ key: 'web-3', perDay: 2 }),
      { nowMs: 24 * hour },
      { does: 'start' },
    ],
  ])('%s', (_name, before, next, about, answer) => {
    expect(answerTo(before, next, about)).toMatchObject(answer);
  });

  test('is known from then on, and forgotten when it says nothing any more', () => {
    const first = started([], firing(), 0);
    expect(lastOf(first, firing())).toMatchObject({ operation: 'runbook-scale-out-new', coolUntilMs: 5 * minute });
    const [again] = told(first, first[0]!, 'a/2');
    expect(again?.events).toEqual(['a/1', 'a/2']);
  });

  test.each<[string, Fired, number, Ending, boolean]>([
    ['for a day in any case', fired(), 24 * hour - 1, { is: 'unknown' }, true],
    ['no longer once nobody knows its operation', fired(), 24 * hour, { is: 'unknown' }, false],
    ['as long as its operation is open', fired(), 72 * hour, { is: 'open' }, true],
    ['for the cooldown after a late end', fired(), 30 * hour + minute, { is: 'over', atMs: 30 * hour }, true],
    ['no longer than that', fired(), 30 * hour + 5 * minute, { is: 'over', atMs: 30 * hour }, false],
    ['for a cooldown of two days', fired({ coolUntilMs: 48 * hour }), 47 * hour, { is: 'over', atMs: 0 }, true],
  ])('says something %s', (_name, each, nowMs, ending, says) => {
    expect(isTelling(each, { nowMs, ending })).toBe(says);
  });

  test('is told in a full sentence each', () => {
    for (const does of ['join', 'cool', 'full'] as const)
      expect(firingWords(firing({ perDay: 2 }), { does, of: fired(), isToldAgain: false })).toMatch(
        /^[a-zA-Z].*web-1.*\.$|[a-z]\.$/,
      );
  });
});

describe('an alert', () => {
  const alert: Alert = {
    labels: { alertname: 'HighCpu', instance: 'web-1', severity: 'page' },
    annotations: {},
    startsAt: '2027-01-04T05:00:00Z',
    fingerprint: 'f1',
  };
  const now = new Date('2027-01-04T05:00:10Z');
  const repository = (alertRule: object) => {
    const document = runbookSchema.parse({
      name: 'scale-out',
      inputs: { host: { type: 'string' } },
      on: { alert: { owner: 'platform', inputs: { host: '${{ event.labels.instance }}' }, ...alertRule } },
      steps: [{ uses: 'expect', with: { that: 'true' } }],
    });
    return { runbooks: new Map([['scale-out', { document, file: 'runbooks/scale-out.yaml', blob: 'b' }]]) };
  };
  const answer = (rule: object, alerts: readonly Alert[] = [alert]) =>
    alertedRunbooks(repository(rule), { format: 1, by: 'alertmanager', at: now.toISOString(), alerts }, now);

  test('starts a runbook that its labels match, with inputs from it, as the machine whose token it came with', () => {
    const { firings, problems } = answer({ match: { alertname: 'HighCpu' }, key: 'event.labels.instance', per_day: 3 });
    expect(problems).toEqual([]);
    expect(firings).toMatchObject([
      {
        runbook: 'scale-out',
        key: 'web-1',
        event: 'f1/2027-01-04T05:00:00Z',
        cooldownMs: 5 * minute,
        perDay: 3,
        request: {
          kind: 'runbook',
          inputs: { host: 'web-1' },
          requester: { kind: 'machine', id: 'alertmanager', via: 'alert' },
          reason: 'Started by the alert HighCpu (web-1); platform answers for it.',
          notAfter: '2027-01-04T06:00:10.000Z',
        },
      },
    ]);
  });

  test.each<[string, object]>([
    ['another value', { match: { alertname: 'HighMemory' } }],
    ['a label that it does not have', { match: { alertname: 'HighCpu', team: 'shop' } }],
    ['a label that every map has', { match: { constructor: 'x' } }],
  ])('starts nothing where the runbook wants %s', (_name, rule) => {
    expect(answer(rule)).toEqual({ firings: [], problems: [] });
  });

  test('of which a key or an input cannot be made starts nothing, and says who can mend that', () => {
    const keyless = answer({ match: { alertname: 'HighCpu' }, key: 'event.labels.rack' });
    expect(keyless.firings).toEqual([]);
    expect(keyless.problems).toEqual([expect.stringContaining('platform can mend on: alert')]);
    const bare = answer({ match: { alertname: 'HighCpu' } }, [{ ...alert, labels: { alertname: 'HighCpu' } }]);
    expect(bare.problems).toEqual([expect.stringContaining('an input cannot be made from the event')]);
  });

  test('that is resolved is left out, and a body of another version is refused', () => {
    const body = {
      receiver: 'signalbox',
      alerts: [
        { ...alert, status: 'resolved' },
        { ...alert, status: 'firing' },
      ],
    };
    expect(firingAlerts(alertmanagerBody.parse({ ...body, version: '4' }))).toEqual([alert]);
    expect(alertmanagerBody.safeParse({ ...body, version: '3' }).success).toBe(false);
  });
});
