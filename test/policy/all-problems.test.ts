import { formatProblem } from '../../src/documents/read-yaml';
import { readRepository } from '../../src/policy/read-repository';

const sound: { readonly [path: string]: string } = {
  'policy.yaml': `version: 1
teams: { owners: { users: [U0ANA] }, oncall: { schedule: oncall/main.yaml } }
environments: { production: {} }
freezes: [{ name: peak, from: 2026-12-01, to: 2026-12-02, services: [web] }]
metrics: { error_rate: { connection: prom, query: errors, unit: percent } }
`,
  'people.yaml': 'people: { U0ANA: { name: Ana } }\n',
  'configs/services/web.yaml': 'service: { name: web, owner: owners, repository: web-code }\n',
  'oncall/main.yaml': 'timezone: UTC\nstart: 2026-11-02\nlength: 7d\nrotation: [U0ANA]\n',
  'connections/web-code.yaml': 'connection: { name: web-code, kind: git, url: "file:///srv/web.git" }\n',
  'connections/prom.yaml': 'connection: { name: prom, kind: http, origin: "https://prom.example" }\n',
  'runbooks/ping.yaml':
    'name: ping\nsteps: [{ id: ping, uses: http/request, with: { connection: prom, method: GET, path: / } }]\n',
  'deployments/web.yaml':
    'deployment: { name: web, stages: [{ name: one, target: 5%, duration: 2h, success_criteria: { error_rate: <0.1% } }] }\n',
  'policy_tests/web.yaml':
    'tests: [{ name: x, at: 2026-11-24T10:00:00Z, request: { kind: deploy, by: U0ANA }, expect: { verdict: denied } }]\n',
};

function problemsOf(changed: { readonly [path: string]: string }): readonly string[] {
  const files = new Map(
    Object.entries({ ...sound, ...changed }).map(([path, text]) => [path, { text, blob: `${path} ${text}` }]),
  );
  const found = readRepository({ files, commit: 'c'.repeat(40) });
  return found.ok ? [] : found.problems.map(formatProblem);
}

test('the files are sound to begin with', () => {
  expect(problemsOf({})).toEqual([]);
});

const read = Object.keys(sound).filter((path) => !path.startsWith('policy_tests/'));

test.each(read.map((path) => [path]))('a broken shape of %s brings no problems of other files with it', (path) => {
  const found = problemsOf({ [path]: `${sound[path]!}nonsense: true\n` });
  expect(found).not.toEqual([]);
  expect(found.map((line) => line.split(':')[0])).toEqual(found.map(() => path));
});

/** Sound in shape, and what it says cannot be. */
const meaningless: { readonly [path: string]: string } = {
  'people.yaml': 'people: { U0ANA: { name: Ana, accounts: [U0BOB] }, U0BOB: { name: Bob } }\n',
  'configs/services/web.yaml': 'service: { name: wob, owner: owners }\n',
  'oncall/main.yaml': 'timezone: Mars\nstart: 2026-11-02\nlength: 7d\nrotation: [U0ANA]\n',
  'connections/prom.yaml': 'connection: { name: prometheus, kind: http, origin: "https://prom.example" }\n',
  'runbooks/ping.yaml': 'name: ping\nsteps: [{ id: ping, uses: http/reqest }]\n',
};

test('whatever is broken in the shape of policy.yaml, what the other files mean is judged at once', () => {
  const broken = `${sound['policy.yaml']!}nonsense: true\n`;
  const files = problemsOf({ ...meaningless, 'policy.yaml': broken }).map((line) => line.split(':')[0]);
  expect([...new Set(files)].sort()).toEqual([...Object.keys(meaningless), 'policy.yaml'].sort());
});

test('without a policy.yaml as well', () => {
  const files = new Map(Object.entries(meaningless).map(([path, text]) => [path, { text, blob: text }]));
  const found = readRepository({ files, commit: 'c'.repeat(40) });
  const named = found.ok ? [] : found.problems.map(({ file }) => file);
  expect([...new Set(named)].sort()).toEqual([...Object.keys(meaningless), 'policy.yaml'].sort());
});

test('whatever is broken in another file, policy.yaml, rollouts and repositories are judged at once', () => {
  const found = problemsOf({
    'people.yaml': 'people: []\n',
    'policy.yaml': `${sound['policy.yaml']!}approvals: [{ name: x, require: [owner] }]\n`,
    'deployments/web.yaml': sound['deployments/web.yaml']!.replace('error_rate', 'eror_rate'),
    'configs/services/web.yaml': sound['configs/services/web.yaml']!.replace('web-code', 'wob-code'),
    'policy_tests/web.yaml': 'tests: []\n',
  }).join('\n');
  expect(found).toMatch(/^people\.yaml:/m);
  expect(found).toMatch(/^policy\.yaml:.*no team "owner"; did you mean "owners"/m);
  expect(found).toMatch(/^deployments\/web\.yaml:.*eror_rate/m);
  expect(found).toMatch(/^configs\/services\/web\.yaml:.*no connection "wob-code"/m);
  expect(found).toMatch(/^policy_tests\/web\.yaml:/m);
});
