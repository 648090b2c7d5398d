import { compileCondition, type NameSpace } from '../../src/expressions/cel';

const names: NameSpace = {
  change: {
    fields: {
      commits: 'number',
      version: 'text',
      labels: { listOf: ['hotfix', 'urgent'] },
      paths: 'list',
      paid: 'bool',
      risk: { oneOf: ['low', 'high'] },
      environment: { oneOf: ['', 'staging', 'production'] },
      inputs: 'open',
    },
  },
  now: 'timestamp',
};

function problemsOf(source: string): readonly string[] {
  const compiled = compileCondition({ source, names });
  return compiled.ok ? [] : compiled.problems.map(({ message, hint }) => (hint ? `${message}; ${hint}` : message));
}

describe('what can never be equal, or has no order, is refused when it is read', () => {
  it.each([
    [
      'now > "2026-01-01"',
      'now is an instant and "2026-01-01" is text, so they have no order; write timestamp("2026-01-01T00:00:00Z")',
    ],
    [
      'change.commits > "3"',
      'change.commits is a number and "3" is text, so they have no order; write 3 without quotes',
    ],
    ['change.version > 3', 'change.version is text and 3 is a number, so they have no order'],
    [
      'change.commits == "3"',
      'change.commits is a number and "3" is text, so this is never true; write 3 without quotes',
    ],
    ['"many" != change.commits', '"many" is text and change.commits is a number, so this is always true'],
    [
      'change.labels == "hotfix"',
      'change.labels is a list and "hotfix" is text, so this is never true; write "hotfix" in change.labels',
    ],
    [
      'change.paid == "true"',
      'change.paid is true or false and "true" is text, so this is never true; write true without quotes',
    ],
    ['change.paid == 1', 'change.paid is true or false and 1 is a number, so this is never true'],
    ['change.risk == 2', 'change.risk is text and 2 is a number, so this is never true'],
    [
      'size(change.paths) == "2"',
      'the left side is a number and "2" is text, so this is never true; write 2 without quotes',
    ],
    ['change.paths == true', 'change.paths is a list and true is true or false, so this is never true'],
    [
      'change.commits in [1, "2"]',
      'change.commits is a number and "2" is text, so this is never true; write 2 without quotes',
    ],
    [
      '"v" in change.version',
      'change.version is text and no list, so nothing is in it; a part of a text is asked for with change.version.contains("...")',
    ],
    ['3 in change.labels', '3 is a number and what change.labels holds is text, so this is never true'],
    ['"hotfx" in change.labels', 'change.labels never holds "hotfx"; did you mean "hotfix"?'],
    ['"bank" in change.labels', 'change.labels never holds "bank"; it is one of: hotfix, urgent'],
    ['change.labels.exists(label, label == "hotfx")', 'label is never "hotfx"; did you mean "hotfix"?'],
    ['change.environment == "prodution"', 'change.environment is never "prodution"; did you mean "production"?'],
    ['change.environment in ["bank"]', 'change.environment is never "bank"; it is one of: staging, production'],
  ])('%s', (source, problem) => {
    expect(problemsOf(source)).toEqual([problem]);
  });

  it.each([
    'now > timestamp("2026-01-01T00:00:00Z")',
    'now - timestamp("2026-01-01T00:00:00Z") > duration("1h")',
    'now.getHours() >= 7',
    'change.commits > 3 && change.commits != 2.5',
    'change.commits in [1, 2]',
    'change.version > "v3"',
    'change.version == change.environment',
    'change.environment == ""',
    'change.environment.startsWith("prod")',
    'change.labels == ["hotfix"]',
    'change.labels.exists(label, label in ["hotfix", "urgent"])',
    'change.labels.exists_one(label, label.startsWith("h"))',
    'size(change.labels) == 0',
    '"web" in change.paths',
    'change.inputs.size > 3 || change.inputs.size == "large"',
    '"x" in change.inputs',
    'change.inputs == null',
    '"elem" in [1, "elem"] || 1 == "1"',
    'change.version == string(3)',
    'change.paid == (change.commits > 3)',
  ])('%s stays, because it may hold', (source) => {
    expect(problemsOf(source)).toEqual([]);
  });
});
