import { runnableStepKinds } from '../../activities/steps';
import { runnerKinds, stepKinds } from '../../src/runbooks/step-kinds';

describe('the catalogue of step kinds', () => {
  it('names exactly what a runner can carry out', () => {
    expect(runnableStepKinds.map((kind) => kind.spec)).toEqual([...runnerKinds]);
  });

  test.each(stepKinds.map((kind) => [kind.name, kind] as const))(
    '%s refuses a key that it does not know',
    (_, kind) => {
      const issues = kind.with.safeParse({ surprise: 1 }).error?.issues ?? [];
      expect(issues.map((issue) => issue.code)).toContain('unrecognized_keys');
    },
  );

  test.each(stepKinds.map((kind) => [kind.name, kind] as const))('%s says what it does', (_, kind) => {
    expect(kind.doc).toMatch(/^[A-Z].*\.$/);
  });
});
