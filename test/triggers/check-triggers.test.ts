import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import { checkRunbook } from '../../src/runbooks/check';
import { runbookSchema } from '../../src/runbooks/schema';

function problemsIn(on: string): readonly string[] {
  const file = 'runbooks/probe.yaml';
  const text = `name: probe
inputs:
  host: { type: string, pattern: "^[a-z-]+$" }
  count: { type: integer, max: 5, default: 1 }
steps:
  - { uses: expect, with: { that: "true" } }
on:
${on}`;
  const document = readDocument({ file, text, schema: runbookSchema });
  if (!document.ok) return document.problems.map(formatProblem);
  const { value: runbook, lineOf } = document;
  return checkRunbook({
    file,
    runbook,
    library: {
      connections: new Map([
        ['prometheus', 'prometheus'],
        ['cmdb', 'http'],
        ['code', 'git'],
      ]),
      metrics: new Map([
        ['cpu', { connection: 'prometheus', query: 'cpu', unit: 'ratio' }],
        ['errors', { connection: 'prometheus', query: 'e{s="${{ operation.service }}"}', unit: 'count' }],
        ['gone', { connection: 'promethues', query: 'cpu', unit: 'ratio' }],
      ]),
      runbooks: new Map(),
      actions: new Map(),
      policy: { teams: ['platform', 'oncall'], windows: [], services: [], environments: [] },
    },
    lineOf,
  }).map(formatProblem);
}

function expectProblems(on: string, wanted: readonly string[]): void {
  const problems = problemsIn(on);
  expect(problems).toHaveLength(wanted.length);
  wanted.forEach((words, index) => expect(problems[index]).toContain(words));
}

const schedule = (text: string) => `  schedule:\n    every: 1h\n    ${text}\n`;

const alert = (text: string, match = '{ alertname: HighCpu }') =>
  `  alert:\n    match: ${match}\n    owner: platform\n    inputs: { host: '\${{ event.labels.host }}' }\n    ${text}\n`;

const metric = (text: string) =>
  `  metric:\n    owner: platform\n    inputs: { host: '\${{ event.labels.host }}' }\n    ${text}\n`;

const push = (text: string) =>
  `  push:\n    owner: platform\n    inputs: { host: '\${{ event.branch }}' }\n    ${text}\n`;

describe('a watch of pushes', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'of a repository',
      'repository: code\n    branches: [main, "release/*"]\n    every: 30s\n    key: event.branch',
      [],
    ],
    ['of the policy repository', 'branches: [main]\n    paths: ["infrastructure/**"]', []],
    [
      'of an unknown repository',
      'repository: cod\n    branches: [main]',
      ['no connection "cod"; did you mean "code"?'],
    ],
    ['of what is no repository', 'repository: cmdb\n    branches: [main]', ['on: push needs git']],
    ['of no branch', 'branches: []', ['branches']],
    ['of the full name of a branch', 'branches: [refs/heads/main]', ['no branch is called that; write main']],
    ['too often', 'branches: [main]\n    every: 10ms', ['not a time between two looks; write 1s to 1h']],
    ['by what it does not tell', 'branches: [main]\n    key: event.labels', ['labels']],
  ])('%s', (_, text, wanted) => {
    expectProblems(push(text), wanted);
  });
});

describe('a webhook', () => {
  const webhook = (text: string) =>
    `  webhook:\n    owner: platform\n    inputs: { host: '\${{ event.body.host }}' }\n    ${text}\n`;
  test.each<[string, string, readonly string[]]>([
    ['of anything', '', []],
    ['with a condition and a key', 'if: event.body.status == "passed"\n    key: event.body.build', []],
    ['with a condition that is none', 'if: event.body.status ==', ['it is not CEL']],
    ['with a condition on what there is not', 'if: event.labels.x == "1"', ['labels']],
  ])('%s', (_, text, wanted) => {
    expectProblems(webhook(text), wanted);
  });
});

describe('a watch', () => {
  test.each<[string, string, readonly string[]]>([
    ['of a metric of the policy', 'metric: cpu\n    is: ">90%"\n    for: 5m\n    key: event.labels.host', []],
    ['with a query of its own', 'connection: prometheus\n    query: up\n    is: <1\n    for: 5m', []],
    [
      'of nothing',
      'is: <1\n    for: 5m',
      ['a watch has either "metric" or "connection" and "query"; write metric: cpu'],
    ],
    ['of two things', 'metric: cpu\n    query: up\n    is: ">90%"\n    for: 5m', ['a watch has either "metric"']],
    ['of a query without a connection', 'query: up\n    is: <1\n    for: 5m', ['a watch has either "metric"']],
    ['of an unknown metric', 'metric: cpus\n    is: ">90%"\n    for: 5m', ['no metric "cpus"; did you mean "cpu"?']],
    ['whose query names an operation', 'metric: errors\n    is: ">9"\n    for: 5m', ['its query names an operation']],
    ['over an unknown connection', 'metric: gone\n    is: ">9%"\n    for: 5m', ['there is no connection "promethues"']],
    [
      'over a connection without metrics',
      'connection: cmdb\n    query: up\n    is: <1\n    for: 5m',
      ['of the kind http, and on: metric needs prometheus or exposition'],
    ],
    ['in another unit', 'metric: cpu\n    is: ">90"\n    for: 5m', ['has no unit, but the metric is a share']],
    ['without a time', 'metric: cpu\n    is: ">90%"\n    for: soon', ['"soon" is not a time that can be watched']],
    [
      'that looks less often than its time',
      'metric: cpu\n    is: ">90%"\n    for: 10s',
      ['it is looked at every 30s, so nobody can say what it did for 10s'],
    ],
    [
      'that looks too often',
      'metric: cpu\n    is: ">90%"\n    for: 1m\n    every: 10ms',
      ['"10ms" is not a time between two looks'],
    ],
    [
      'whose key is not of the event',
      'metric: cpu\n    is: ">90%"\n    for: 5m\n    key: event.annotations.x',
      ['annotations'],
    ],
    [
      'with a cooldown that is none',
      'metric: cpu\n    is: ">90%"\n    for: 5m\n    cooldown: often',
      ['"often" is not a duration'],
    ],
  ])('%s', (_name, text, expected) => {
    const found = problemsIn(metric(text));
    expect(found).toHaveLength(expected.length);
    for (const [index, words] of expected.entries()) expect(found[index]).toContain(words);
  });
});

describe('a trigger', () => {
  test.each<[string, string, readonly string[]]>([
    ['that is right', schedule('owner: platform\n    inputs: { host: web }'), []],
    ['with values of its event', schedule('owner: platform\n    inputs: { host: "${{ event.scheduled_at }}" }'), []],
    [
      'of a team that does not exist',
      schedule('owner: platfrom\n    inputs: { host: web }'),
      ['runbooks/probe.yaml:10:1: there is no team "platfrom"; did you mean "platform"?'],
    ],
    ['without an owner', schedule('inputs: { host: web }'), ['runbooks/probe.yaml:8:3: "owner" is missing']],
    [
      'without an input that has to be given',
      schedule('owner: platform'),
      [
        'runbooks/probe.yaml:8:1: the input "host" is missing, and nobody is there to be asked; give it a text that matches ^[a-z-]+$ under "inputs"',
      ],
    ],
    [
      'with an input that there is not',
      schedule('owner: platform\n    inputs: { hots: web, host: web }'),
      ['runbooks/probe.yaml:11:1: the runbook has no input "hots"; did you mean "host"?'],
    ],
    [
      'with a value that does not fit',
      schedule('owner: platform\n    inputs: { host: web, count: 9 }'),
      ['runbooks/probe.yaml:11:1: "count" has to be at most 5'],
    ],
    [
      'that looks at what its event does not have',
      schedule('owner: platform\n    inputs: { host: "${{ event.labels.instance }}" }'),
      [expect.stringMatching(/^runbooks\/probe\.yaml:11:1: .*labels/)],
    ],
    [
      'whose template is never closed',
      schedule('owner: platform\n    inputs: { host: "${{ event.scheduled_at" }'),
      [expect.stringContaining('never closes it')],
    ],
    [
      'with a key that there is not',
      schedule('owner: platform\n    inputs: { host: web }\n    overlaps: skip'),
      [expect.stringContaining('unknown key "overlaps"')],
    ],
    ['by alert', alert('key: event.labels.instance\n    cooldown: 5m\n    per_day: 3'), []],
    ['by every alert', alert('', '{}'), [expect.stringContaining('every alert would start it; name a label')]],
    [
      'with a key that its event does not have',
      alert('key: event.value'),
      [expect.stringMatching(/^runbooks\/probe\.yaml:12:1: .*value/)],
    ],
    [
      'with a cooldown that is no time',
      alert('cooldown: a while'),
      ['runbooks/probe.yaml:12:1: "a while" is not a duration; write 5m or 1h'],
    ],
    ['with no start a day', alert('per_day: 0'), [expect.stringContaining('per_day')]],
    ['of a kind that there is not', '  timer: { every: 1h }\n', [expect.stringContaining('unknown key "timer"')]],
  ])('%s', (_name, on, problems) => {
    expect(problemsIn(on)).toEqual(problems);
  });
});
