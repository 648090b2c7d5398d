import { compileRollout } from '../../src/rollouts/compile';
import type { Rollout, RolloutStage } from '../../src/rollouts/schema';

const metrics = { error_rate: { connection: 'm', query: 'q', unit: 'ratio' } } as const;
const rolloutOf = (...stages: RolloutStage[]): Rollout => ({ name: 'checkout', stages });
const canary: RolloutStage = {
  name: 'canary',
  target: '25%',
  duration: '8s',
  success_criteria: { error_rate: '<0.1%' },
};

const compile = (rollout: Rollout) => compileRollout({ rollout, metrics });

describe('a rollout', () => {
  it('tells every stage what the one before left', () => {
    const result = compile(rolloutOf(canary, { name: 'half', target: '50%' }, { name: 'full', target: '100%' }));
    expect(result).toMatchObject({
      ok: true,
      rollout: {
        stages: [
          { slug: 'canary', previousShare: 0, share: 25, judging: { forMs: 8000 } },
          { slug: 'half', previousShare: 25, share: 50 },
          { slug: 'full', previousShare: 50, share: 100 },
        ],
      },
    });
  });

  it('is watched for the longest monitoring period with the criteria of all its stages', () => {
    const result = compile(rolloutOf(canary, { name: 'full', target: '100%', monitoring_period: '48h' }));
    expect(result).toMatchObject({
      rollout: { watch: { forMs: 48 * 3_600_000, criteria: { error_rate: '<0.1%' } } },
    });
  });

  test.each<[string, Rollout, RegExp]>([
    ['a share that is none', rolloutOf({ name: 'x', target: 'half' }), /not a share/],
    ['a share of nothing', rolloutOf({ name: 'x', target: '0%' }), /not a share/],
    ['a share of more than all', rolloutOf({ name: 'x', target: '101%' }), /not a share/],
    ['a share that shrinks', rolloutOf(canary, { name: 'y', target: '5%' }), /shares only grow/],
    ['two stages with one name', rolloutOf(canary, { ...canary, name: 'Canary' }), /two stages/],
    ['a name without letters', rolloutOf({ name: '--', target: '5%' }), /no letter/],
    ['a metric that the policy lacks', rolloutOf({ ...canary, success_criteria: { eror_rate: '<1%' } }), /no metric/],
    ['a criterion in the wrong unit', rolloutOf({ ...canary, success_criteria: { error_rate: '<1ms' } }), /is in "ms"/],
    ['criteria without a time', rolloutOf({ ...canary, duration: undefined }), /need a duration/],
    ['a duration that is none', rolloutOf({ ...canary, duration: 'soon' }), /not a duration/],
    ['a prerequisite with two names', { ...rolloutOf(canary), prerequisites: [{ a: '1', b: '2' }] }, /one name/],
  ])('refuses %s', (_, rollout, message) => {
    const result = compile(rollout);
    expect(result.ok ? [] : result.problems.map((problem) => problem.message)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});
