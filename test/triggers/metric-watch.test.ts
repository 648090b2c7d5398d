import { breachedMetric } from '../../src/triggers/breached-metric';
import { afterLook, freshMemory, metricWatchOf, mostSeries, type MetricWatch } from '../../src/triggers/metric-watch';
import type { Look, WatchMemory, WatchNews } from '../../src/triggers/watch-news';
import { runbookSchema } from '../../src/runbooks/schema';

const minute = 60_000;
const start = Date.parse('2027-01-04T05:00:00Z');
const rules = {
  is: '>90%',
  unit: 'ratio',
  absent: null,
  forMs: 5 * minute,
  everyMs: minute,
  restMs: 6 * minute,
} as const;

const at = (...values: readonly number[]): Look => ({
  kind: 'seen',
  samples: values.map((value, index) => ({ labels: { instance: `web-${index + 1}` }, value })),
});
const away: Look = { kind: 'unseen', why: 'GET prometheus/api/v1/query answered 503.' };

/** News by the minute in which they come. */
function watched(
  looks: readonly (Look | undefined)[],
  watch: Partial<MetricWatch> = {},
): readonly (readonly [number, WatchNews])[] {
  let memory: WatchMemory = freshMemory;
  return looks.flatMap((look, index) => {
    if (!look) return [];
    const answer = afterLook({ ...rules, ...watch }, memory, { look, nowMs: start + index * minute });
    // As it travels in a heartbeat.
    memory = JSON.parse(JSON.stringify(answer.memory)) as WatchMemory;
    return answer.news.map((news) => [index, news] as const);
  });
}
const kinds = (news: readonly (readonly [number, WatchNews])[]): readonly string[] =>
  news.map(([index, { kind }]) => `${index} ${kind}`);
const times = (count: number, look: Look): readonly Look[] => Array.from({ length: count }, () => look);

describe('a watch', () => {
  test.each<[string, readonly (Look | undefined)[], readonly string[], Partial<MetricWatch>?]>([
    ['fires once the threshold has been held for its time', times(6, at(0.95)), ['5 fires']],
    ['does not fire a look before that', times(5, at(0.95)), []],
    ['does not fire at the threshold itself', times(9, at(0.9)), []],
    ['begins anew after a look on the right side', [...times(4, at(0.95)), at(0.5), ...times(5, at(0.95))], []],
    ['begins anew after a look that saw nothing', [...times(4, at(0.95)), away, ...times(5, at(0.95))], []],
    [
      'begins anew after a time without looks',
      [...times(4, at(0.95)), ...times(4, undefined as never), ...times(5, at(0.95))],
      [],
    ],
    ['puts up with one look that did not come', [...times(3, at(0.95)), undefined, ...times(2, at(0.95))], ['5 fires']],
    ['rests after it has fired, and fires again while it lasts', times(13, at(0.95)), ['5 fires', '11 fires']],
    [
      'fires at once when it has been held again after it was over',
      [...times(6, at(0.95)), at(0.1), ...times(6, at(0.95))],
      ['5 fires', '12 fires'],
    ],
    [
      'watches each series for itself',
      [at(0.95, 0.1), at(0.95, 0.95), ...times(5, at(0.95, 0.95))],
      ['5 fires', '6 fires'],
    ],
    ['says once that it is blind, at the third look in a row', times(9, away), ['2 blind']],
    [
      'says that it sees again, and is blind anew later',
      [...times(3, away), at(0.1), ...times(3, away)],
      ['2 blind', '3 sees', '6 blind'],
    ],
    ['says nothing of one look that failed', [at(0.1), away, at(0.1), away, away, at(0.1)], []],
    ['never fires for NaN, and is blind', times(9, at(Number.NaN)), ['2 blind']],
    ['never fires for infinity, and is blind', times(9, at(Infinity)), ['2 blind']],
    ['fires for what it sees beside what is no number', times(6, at(0.95, Number.NaN)), ['2 blind', '5 fires']],
    ['never fires without data', times(9, at()), ['2 blind']],
    ['takes no data for the value that the metric says', times(6, at()), ['5 fires'], { absent: 1 }],
    [
      'is blind before too many series',
      times(9, at(...Array.from({ length: mostSeries + 1 }, () => 0.95))),
      ['2 blind'],
    ],
    ['fires for what is too low, if that is the threshold', times(6, at(0.1)), ['5 fires'], { is: '<50%' }],
  ])('%s', (_name, looks, expected, watch = {}) => {
    expect(kinds(watched(looks, watch))).toEqual(expected);
  });

  test('says of a breach which series it was, its value and since when', () => {
    expect(watched(times(6, at(0.1, 0.97)))).toEqual([
      [
        5,
        {
          kind: 'fires',
          breach: {
            labels: { instance: 'web-2' },
            value: 0.97,
            since: '2027-01-04T05:00:00.000Z',
            at: '2027-01-04T05:05:00.000Z',
          },
        },
      ],
    ]);
  });

  test.each<[Look, string]>([
    [away, 'GET prometheus/api/v1/query answered 503.'],
    [at(), 'The query gives no data.'],
    [at(Number.NaN), 'The query gives no number.'],
    [at(0.1, Number.NaN), '1 of the 2 series of the query are no number.'],
  ])('says why it is blind: %#', (look, why) => {
    expect(watched(times(3, look))).toEqual([[2, { kind: 'blind', why }]]);
  });

  test('that looks back in time begins anew', () => {
    const { memory } = afterLook(rules, freshMemory, { look: at(0.95), nowMs: start });
    const before = afterLook(rules, memory, { look: at(0.95), nowMs: start - 10 * minute });
    expect(before.memory.held).toMatchObject([{ sinceMs: start - 10 * minute }]);
  });
});

describe('a threshold that was held', () => {
  const breach = {
    labels: { __name__: 'cpu', instance: 'web-1' },
    value: 0.973,
    since: '2027-01-04T05:00:00.000Z',
    at: '2027-01-04T05:05:00.000Z',
  };
  const repository = (rule: object) => {
    const document = runbookSchema.parse({
      name: 'scale-out',
      inputs: { host: { type: 'string' }, load: { type: 'string', default: '' } },
      on: {
        metric: {
          metric: 'cpu',
          is: '>90%',
          for: '5m',
          owner: 'platform',
          inputs: { host: '${{ event.labels.instance }}', load: '${{ event.value * 100.0 }} %' },
          ...rule,
        },
      },
      steps: [{ uses: 'expect', with: { that: 'true' } }],
    });
    const connection = { name: 'prometheus', kind: 'prometheus' as const, origin: 'https://p.example' };
    return {
      runbooks: new Map([['scale-out', { document, file: 'runbooks/scale-out.yaml', blob: 'b' }]]),
      connections: new Map([['prometheus', { document: connection, file: 'c', blob: 'c' }]]),
      policy: { metrics: new Map([['cpu', { connection: 'prometheus', query: 'cpu', unit: 'ratio' as const }]]) },
    } as unknown as Parameters<typeof metricWatchOf>[0];
  };
  const made = (rule: object, seen = breach) => {
    const files = repository(rule);
    return breachedMetric(files, { watch: metricWatchOf(files, 'scale-out')!, breach: seen }, new Date(breach.at));
  };

  test('starts its runbook as a machine, with inputs from it and its owner in the reason', () => {
    expect(made({ key: 'event.labels.instance', cooldown: '10m', per_day: 4 })).toMatchObject({
      runbook: 'scale-out',
      key: 'web-1',
      event: 'web-1/2027-01-04T05:00:00.000Z',
      cooldownMs: 10 * minute,
      perDay: 4,
      request: {
        kind: 'runbook',
        inputs: { host: 'web-1', load: '97.3 %' },
        requester: { kind: 'machine', id: 'metric', via: 'metric' },
        reason: 'Started by cpu >90% for 5m (web-1), which is at 97.3%; platform answers for it.',
      },
    });
  });

  test('is known by its labels where the runbook names no key', () => {
    expect(made({})).toMatchObject({ key: 'instance=web-1', cooldownMs: 5 * minute });
    expect(made({ inputs: { host: 'all' } }, { ...breach, labels: {} as typeof breach.labels })).toMatchObject({
      key: 'cpu',
    });
  });

  test('of which a key or an input cannot be made starts nothing, and says who can mend that', () => {
    expect(made({ key: 'event.labels.rack' })).toContain('platform can mend on: metric');
    expect(made({}, { ...breach, labels: {} as typeof breach.labels })).toContain(
      'an input cannot be made from the event',
    );
  });

  test('has the same operation however often it is told, and another one for another time', () => {
    const id = (when: object) => (made({}, { ...breach, ...when }) as { request: { id: string } }).request.id;
    expect(id({})).toBe(id({}));
    expect(id({ at: '2027-01-04T05:11:00.000Z' })).not.toBe(id({}));
  });
});
