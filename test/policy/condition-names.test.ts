import { problemsOf } from './helpers';

const rules = `environments: { staging: {}, production: {} }
labels: { hotfix: { who: [leads] } }
facts: { declare: { risk: [low, high] } }
`;

const withCondition = (when: string) =>
  problemsOf(`${rules}approvals: [{ name: a, when: '${when}', require: [leads] }]\n`);

describe('a condition on what the policy does not declare never holds, so the policy is refused', () => {
  it.each([
    ['environment.name == "prodution"', 'environment.name is never "prodution"; did you mean "production"?'],
    ['change.environment != "stagin"', 'change.environment is never "stagin"; did you mean "staging"?'],
    ['environment.name in ["qa"]', 'environment.name is never "qa"; it is one of: staging, production'],
    ['"hotfx" in change.labels', 'change.labels never holds "hotfx"; did you mean "hotfix"?'],
    ['"bank" in change.labels', 'change.labels never holds "bank"; it is one of: break_glass, hotfix'],
    [
      'change.commits == "3"',
      'change.commits is a number and "3" is text, so this is never true; write 3 without quotes',
    ],
    ['change.version > 3', 'change.version is text and 3 is a number, so they have no order'],
    ['plan.destroys > "0"', 'plan.destroys is a number and "0" is text, so they have no order; write 0 without quotes'],
    [
      'service.deployment.regions == "eu"',
      'service.deployment.regions is a list and "eu" is text, so this is never true',
    ],
  ])('%s', (when, problem) => {
    expect(withCondition(when)).toEqual([
      expect.stringContaining(`the condition \`${when}\` cannot be used: ${problem}`),
    ]);
  });

  it.each([
    'environment.name == "production" && change.environment == "staging"',
    'change.environment == ""',
    '"hotfix" in change.labels || "break_glass" in change.labels',
    'environment.name.startsWith("wards-")',
    'change.inputs.size == 3 || change.inputs.size == "3"',
  ])('%s is taken', (when) => {
    expect(withCondition(when)).toEqual([]);
  });

  it('in the file of a service too', () => {
    const problems = problemsOf(rules, {
      'configs/services/web.yaml':
        'service:\n  name: web\n  owner: owners\n  approvals: [{ name: a, when: \'environment.name == "prodution"\', require: [leads] }]\n',
    });
    expect(problems).toEqual([
      expect.stringMatching(/^configs\/services\/web\.yaml:4:.*environment\.name is never "prodution"; did you mean/),
    ]);
  });
});
