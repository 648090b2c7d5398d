import { isTimeOf, timeInFiring, timesProblems } from '../../src/triggers/schedule-times';

describe('the times of a schedule', () => {
  test.each<[string, Parameters<typeof timesProblems>[0], readonly string[]]>([
    ['a cron pattern', { cron: '*/15 6-18 * * mon-fri', timezone: 'Europe/Berlin', jitter: '5m' }, []],
    ['a time between runs', { every: '6h' }, []],
    ['a list of days', { cron: '0 4 1,15 * *' }, []],
    ['nothing', {}, ['a schedule has either "cron" or "every"']],
    ['both', { cron: '0 4 * * *', every: '1h' }, ['a schedule has either "cron" or "every"']],
    ['four fields', { cron: '0 4 * *' }, ['"0 4 * *" is not a time of five fields']],
    ['seconds', { cron: '0 0 4 * * *' }, ['"0 0 4 * * *" is not a time of five fields']],
    ['a nickname', { cron: '@daily' }, ['"@daily" is not a time of five fields']],
    ['the last day, which Temporal does not know', { cron: '0 4 L * *' }, ['"0 4 L * *" is not a time of five fields']],
    [
      'days of both kinds',
      { cron: '0 4 13 * fri' },
      ['"0 4 13 * fri" names days of the month and days of the week, which is read in two ways'],
    ],
    ['a day that never comes', { cron: '0 4 31 2 *' }, [expect.stringContaining('cannot be kept')]],
    ['an hour that is none', { cron: '0 25 * * *' }, [expect.stringContaining('cannot be kept')]],
    ['a zone that is none', { cron: '0 4 * * *', timezone: 'Berlin' }, ['"Berlin" is not a time zone']],
    ['a zone without a clock', { every: '1h', timezone: 'UTC' }, ['a time zone goes with "cron", not with "every"']],
    ['less than a second', { every: '500ms' }, ['"500ms" is not a time between two runs']],
    ['no time at all', { every: '0s' }, ['"0s" is not a time between two runs']],
    ['a jitter that is none', { every: '1h', jitter: 'a bit' }, ['"a bit" is not a duration']],
  ])('%s', (_name, times, messages) => {
    expect(timesProblems(times).map(({ message }) => message)).toEqual(messages);
  });

  test.each<[string, Parameters<typeof isTimeOf>[0], string, boolean]>([
    [
      'the minute it names, in its zone',
      { cron: '30 5 * * fri', timezone: 'Europe/Berlin' },
      '2026-11-20T04:30:00Z',
      true,
    ],
    ['the same in summer', { cron: '30 5 * * fri', timezone: 'Europe/Berlin' }, '2026-07-17T03:30:00Z', true],
    ['the same clock elsewhere', { cron: '30 5 * * fri', timezone: 'Europe/Berlin' }, '2026-11-20T05:30:00Z', false],
    ['in the zone of the policy', { cron: '30 5 * * fri' }, '2026-11-20T10:30:00Z', true],
    ['half a minute later', { cron: '30 5 * * fri' }, '2026-11-20T10:30:30Z', false],
    ['another day', { cron: '30 5 * * fri' }, '2026-11-21T10:30:00Z', false],
    ['a whole number of times after the beginning of time', { every: '6h' }, '2026-11-20T12:00:00Z', true],
    ['in between', { every: '6h' }, '2026-11-20T13:00:00Z', false],
    ['nothing at all', {}, '2026-11-20T12:00:00Z', false],
  ])('%s', (_name, times, at, is) => {
    expect(isTimeOf(times, new Date(at), 'America/New_York')).toBe(is);
  });

  test.each<[string, string | undefined]>([
    ['trigger/clean-2027-01-04T05:00:00Z', '2027-01-04T05:00:00.000Z'],
    ['trigger/clean-up-2027-01-04T05:00:00.5Z', '2027-01-04T05:00:00.500Z'],
    ['trigger/clean', undefined],
    ['trigger/clean-2027-13-04T05:00:00Z', undefined],
    ['trigger/clean-2027-01-04T05:00:00Z-more', undefined],
  ])('%s', (id, at) => {
    expect(timeInFiring(id)?.toISOString()).toBe(at);
  });
});
