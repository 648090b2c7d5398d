import { formatMeasured, meets, parseCriterion, type MetricUnit } from '../../src/rollouts/criteria';

function parsed(text: string, unit: MetricUnit) {
  const result = parseCriterion(text, unit);
  if (!result.ok) throw new Error(result.message);
  return result.criterion;
}

describe('a criterion', () => {
  test.each<[string, MetricUnit, number]>([
    ['<0.1%', 'ratio', 0.001],
    ['>=99.9%', 'ratio', 0.999],
    ['< 5%', 'percent', 5],
    ['<200ms', 's', 0.2],
    ['<200ms', 'ms', 200],
    ['<=1.5s', 'ms', 1500],
    ['<10', 'count', 10],
    ['>1.5GB', 'bytes', 1_500_000_000],
  ])('%s over a metric in %s has the limit %d in the unit of the metric', (text, unit, limit) => {
    expect(parsed(text, unit).limit).toBe(limit);
  });

  test.each<[string, MetricUnit, RegExp]>([
    ['<0.1', 'ratio', /has no unit/],
    ['<200ms', 'ratio', /is in "ms"/],
    ['<5%', 'count', /is in "%"/],
    ['<5%', 's', /is in "%"/],
    ['<200', 's', /has no unit/],
    ['0.1%', 'ratio', /is not a criterion/],
    ['=5', 'count', /is not a criterion/],
    ['<-5', 'count', /is not a criterion/],
    ['<1e3', 'count', /is in "e3"|not a criterion/],
    ['', 'count', /is not a criterion/],
  ])('%s over a metric in %s is refused with the right way to write it', (text, unit, message) => {
    const result = parseCriterion(text, unit);
    expect(result).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });

  test.each<[string, MetricUnit, number, boolean]>([
    ['<0.1%', 'ratio', 0.0009, true],
    ['<0.1%', 'ratio', 0.001, false],
    ['<=0.1%', 'ratio', 0.001, true],
    ['>=99.9%', 'ratio', 0.999, true],
    ['>10', 'count', 10, false],
    ['<200ms', 's', 0.1999, true],
    ['<10', 'count', Number.NaN, false],
    ['>10', 'count', Number.NaN, false],
    ['>10', 'count', Number.POSITIVE_INFINITY, false],
    ['<10', 'count', Number.NEGATIVE_INFINITY, false],
  ])('%s over a metric in %s: %d gives %s', (text, unit, value, holds) => {
    expect(meets(parsed(text, unit), value)).toBe(holds);
  });

  test.each<[string, MetricUnit, number | undefined, string]>([
    ['<0.1%', 'ratio', 0.024, '2.4%'],
    ['<0.1%', 'ratio', 0.07, '7%'],
    ['<0.1%', 'ratio', 0.0010004, '0.10004%'],
    ['<0.1%', 'ratio', 0.001, '0.1%'],
    ['<200ms', 's', 0.18, '180ms'],
    ['<200ms', 's', 0.2345678, '235ms'],
    ['<10', 'count', 1_234_567, '1234567'],
    ['<0.1%', 'ratio', undefined, 'no data'],
    ['<0.1%', 'ratio', Number.NaN, 'not a number'],
  ])('%s over a metric in %s shows %p as %s', (text, unit, value, shown) => {
    expect(formatMeasured(parsed(text, unit), value)).toBe(shown);
  });
});
