import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { questionOf } from '../../src/main/cli/explain-input';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { type } from './terminal';

const policy = `version: 1
timezone: Europe/Berlin
teams:
  security: { slack_group: S0SECURITY }
  leads: { users: [U0LEE, U0KIM] }
windows:
  office: { days: mon-thu, from: "09:00", to: "16:00" }
environments:
  staging: {}
  production: { after: [staging], soak: 4h, windows: [office] }
facts:
  declare: { risk_level: [low, medium, high], affects_payment_systems: bool }
approvals:
  - { name: free, when: 'environment.name == "staging"', require: none }
  - { name: high risk, when: 'change.risk_level == "high" || change.affects_payment_systems', require: [security, leads] }
  - { name: usual, require: [leads] }
freezes:
  - { name: year end, from: 2026-12-18, to: 2027-01-04, environments: [production], effect: deny }
`;
const files = {
  'policy.yaml': policy,
  'services/web.yaml': 'service: { name: web, owner: leads }\n',
  'policy_tests/web.yaml': `tests:
  - name: staging is free
    at: 2026-11-24T10:00:00Z
    request: { kind: deploy, service: web, environment: staging, version: v1, by: U0ANA }
    expect: { verdict: allowed, seats: {} }
`,
};
const request = { kind: 'deploy', service: 'web', environment: 'production', version: 'v2', requester: 'U0ANA' };
const tuesday = '2026-11-24T10:00:00Z';

let repository: TestRepository;
let folder: string;
beforeAll(async () => {
  repository = await makeRepository({ files });
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
});
afterAll(async () => {
  await repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

function plainFolder(name: string, given: { readonly [path: string]: string }): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(given)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const explain = (more: readonly string[], asked: object = request) =>
  type(['policy', 'explain', '--repo', repository.path, '--request', JSON.stringify(asked), '--json', ...more]);

describe('policy explain', () => {
  it('prints verdict, gates with what holds now, and the commit', async () => {
    const facts = JSON.stringify({
      teams: { security: ['U0SAM'] },
      votes: [{ by: 'U0LEE', decision: 'approve', at: tuesday }],
      history: [{ service: 'web', environment: 'staging', version: 'v2', succeededAt: '2026-11-24T08:00:00Z' }],
    });
    const { code, out } = await explain(['--at', tuesday, '--facts', facts], { ...request, riskLevel: 'high' });
    const verdict = JSON.parse(out);
    expect(code).toBe(0);
    expect(verdict).toMatchObject({ verdict: 'allowed', reasons: [], policyCommit: await repository.head() });
    expect(verdict.gates).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: 'approval',
          rule: 'high risk',
          holds: false,
          seats: [
            { team: 'security', count: 1, filledBy: [] },
            { team: 'leads', count: 1, filledBy: ['U0LEE'] },
          ],
        }),
        expect.objectContaining({ kind: 'order', holds: false, opensAt: '2026-11-24T12:00:00.000Z' }),
        expect.objectContaining({ kind: 'window', holds: true, closesAt: '2026-11-24T15:00:00.000Z' }),
      ]),
    );
  });

  it('takes what a policy test takes of a change and its code owners', async () => {
    const facts = { change: { commits: 1, files_changed: 2, is_step_back: false }, codeowners: ['@acme/leads'] };
    expect((await explain(['--at', tuesday, '--facts', JSON.stringify(facts)])).code).toBe(0);
    expect(questionOf({ request, facts }, new Date(tuesday)).world).toMatchObject({
      change: { commits: 1, filesChanged: 2, isStepBack: false },
      codeowners: ['@acme/leads'],
    });
  });

  it('says with exit code 1 that it is denied, and why', async () => {
    const { code, out } = await explain(['--at', '2026-12-24T10:00:00Z']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ verdict: 'denied', gates: [], reasons: [{ level: 'hard' }] });
  });

  it('denies an unknown environment and an unknown service', async () => {
    expect((await explain(['--at', tuesday], { ...request, environment: 'prod' })).code).toBe(1);
    expect((await explain(['--at', tuesday], { ...request, service: 'wob' })).code).toBe(1);
  });

  it('lets a request raise facts', async () => {
    const gates = async (asked: object) =>
      JSON.parse((await explain(['--at', tuesday], asked)).out).gates.map(({ rule }: { rule: string }) => rule);
    expect(await gates(request)).toContain('usual');
    expect(await gates({ ...request, affectsPaymentSystems: true })).toContain('high risk');
  });

  it('takes a fact that is false for one that nothing raises, declared or not', async () => {
    const asked = { ...request, affectsPaymentSystems: false, riskLevel: 'low', raise: { touches_schema: false } };
    const answer = (given: object) => explain(['--at', tuesday], given);
    expect(await answer(asked)).toEqual(await answer(request));
    expect((await answer({ ...request, raise: { touches_schema: true } })).code).toBe(1);
  });

  it('counts open incidents and locks of the facts', async () => {
    const facts = { incidents: [{ service: 'web' }], locks: [{ by: 'U0BOB', reason: 'migration', service: 'web' }] };
    const { out } = await explain(['--at', tuesday, '--facts', JSON.stringify(facts)]);
    const gates: readonly { rule: string; kind: string; holds: boolean }[] = JSON.parse(out).gates;
    expect(gates.filter(({ kind }) => kind === 'lane')).toEqual([expect.objectContaining({ holds: false })]);
    const rules = gates.map(({ rule }) => rule);
    expect(rules).toEqual(expect.arrayContaining(['lock', expect.stringMatching(/^incident/)]));
  });

  it.each([
    ['a request that is not JSON', ['--request', '{'], /--request is not JSON/],
    ['an unknown field', ['--request', '{"kind":"deploy","requester":"U0A","risklevel":"low"}'], /riskLevel/],
    ['an unknown kind', ['--request', '{"kind":"demolish","requester":"U0A"}'], /kind/],
    [
      'a deploy without a version',
      ['--request', '{"kind":"deploy","service":"web","environment":"production","requester":"U0A"}'],
      /a deploy needs a "version"/,
    ],
    [
      'a team that policy does not have',
      ['--facts', '{"teams":{"secutiry":["U0SAM"]}}'],
      /policy has no team "secutiry" \(did you mean "security"\?\)/,
    ],
    [
      'no requester',
      ['--request', '{"kind":"deploy"}'],
      /The request cannot be used: "requester" is missing \(it has to be a text or a map\)\./,
    ],
    [
      'a requester with a slip',
      ['--request', '{"kind":"deploy","requestor":"U0A"}'],
      /unknown key "requestor" \(did you mean "requester"\?\)/,
    ],
    [
      'a requester of no kind',
      ['--request', '{"kind":"deploy","requester":{"kind":"robot","id":"r"}}'],
      /"kind" has to be "person" or "machine" in requester\./,
    ],
    ['a request that is a list', ['--request', '[]'], /The request cannot be used: it has to be a map and is a list\./],
    [
      'a slip inside a fact',
      [
        '--facts',
        '{"history":[{"service":"web","environment":"staging","version":"v2","succeeded_at":"2026-11-24T05:00:00Z"}]}',
      ],
      /unknown key "succeeded_at" in history\[0\] \(did you mean "succeededAt"\?\)/,
    ],
    [
      'a slip in a lock',
      ['--facts', '{"locks":[{"by":"U0A","enviroment":"production"}]}'],
      /did you mean "environment"/,
    ],
    ['a slip in the stop', ['--facts', '{"stop":{"by":"U0A","raeson":"fire"}}'], /did you mean "reason"/],
    ['a slip in the plan', ['--facts', '{"plan":{"destroy":3}}'], /in plan \(did you mean "destroys"\?\)/],
    [
      'a vote without an instant',
      ['--facts', '{"votes":[{"by":"U0A","decision":"approve"}]}'],
      /"at" is missing in votes\[0\] \(it has to be a text\)/,
    ],
    ['an instant without an offset', ['--at', '2026-11-24T10:00:00'], /instant/],
    ['an instant that is none', ['--at', 'friday'], /instant/],
    [
      'a day that no calendar has',
      ['--at', '2026-02-30T10:00:00Z'],
      /The instant to judge at has to be an instant with/,
    ],
    [
      'a lock until a day that no calendar has',
      ['--facts', '{"locks":[{"by":"U0A","until":"2026-02-30T10:00:00Z"}]}'],
      /"until" has to be an instant with its offset from UTC.* in locks\[0\]/,
    ],
    [
      'a success at an instant without an offset',
      [
        '--facts',
        '{"history":[{"service":"web","environment":"staging","version":"v2","succeededAt":"2026-11-24T05:00:00"}]}',
      ],
      /"succeededAt" has to be an instant with its offset from UTC/,
    ],
    ['an unknown fact', ['--facts', '{"team":{}}'], /did you mean "teams"/],
    ['an unknown ref', ['--ref', 'nowhere'], /no branch or tag nowhere/],
    ['a ref that is an option', ['--ref=--upload-pack=x'], /cannot be the name/],
    ['a repository that is not there', ['--repo', '/nowhere/at/all'], /could not be read|cannot/],
  ])('refuses %s with exit code 2 and one sentence', async (_, more, words) => {
    const { code, out, err } = await explain(more);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(words);
    expect(err).not.toMatch(/\n\s+at |Invalid/);
  });

  it('reads the ref that was named', async () => {
    await repository.git(['branch', 'next', 'main']);
    const commit = await repository.commit(
      { 'policy.yaml': policy.replace('effect: deny', 'effect: wait') },
      'Soften',
      { branch: 'next' },
    );
    const { code, out } = await explain(['--at', '2026-12-24T10:00:00Z', '--ref', 'next']);
    expect(code).toBe(0);
    expect(JSON.parse(out).policyCommit).toBe(commit);
    expect(JSON.parse((await explain(['--ref', commit])).out).policyCommit).toBe(commit);
  });

  it('refuses a policy that does not bind, with every problem', async () => {
    await repository.git(['branch', 'broken', 'main']);
    await repository.commit(
      {
        'policy.yaml': policy.replace('soak', 'soaks'),
        'services/web.yaml': 'service: { name: web, owner: nobody }\n',
      },
      'Break',
      { branch: 'broken' },
    );
    const { code, err } = await explain(['--ref', 'broken']);
    expect(code).toBe(2);
    expect(err).toMatch(/policy\.yaml:10:\d+: unknown key "soaks"; did you mean "soak"/);
  });

  it('answers every line of a batch with a line', async () => {
    const lines = [
      { request, at: tuesday },
      { request: { ...request, service: 'wob' }, at: tuesday },
      { request, at: 'soon' },
      { request, at: tuesday, fact: {} },
    ].map((line) => JSON.stringify(line));
    const file = join(folder, 'batch.jsonl');
    writeFileSync(file, `${lines.join('\n')}\nnot json\n`);
    const { code, out } = await type(['policy', 'explain', '--repo', repository.path, '--batch', file]);
    const answers = out.split('\n').map((line) => JSON.parse(line));
    expect(answers.map(({ verdict, error }) => verdict ?? (error && 'bad'))).toEqual([
      'allowed',
      'denied',
      'bad',
      'bad',
      'bad',
    ]);
    expect(code).toBe(2);
    const stdin = await type(['policy', 'explain', '--repo', repository.path, '--batch', '-'], { input: lines[0] });
    expect(stdin).toMatchObject({ code: 0, err: '' });
  });

  it('explains in sentences without --json', async () => {
    const asked = [
      'policy',
      'explain',
      '--repo',
      repository.path,
      '--request',
      JSON.stringify(request),
      '--at',
      tuesday,
    ];
    const { out } = await type(asked);
    expect(out).toMatch(/^Allowed by policy [0-9a-f]{10}, once/);
    expect(out).not.toMatch(/filled by/);
  });
});

describe('policy check', () => {
  it('passes a repository by path and by URL, and a plain folder', async () => {
    for (const place of [
      ['--repo', repository.path],
      ['--repo', repository.url],
      ['--dir', plainFolder('good', files)],
    ]) {
      const { code, out } = await type(['policy', 'check', ...place]);
      expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/can be used: 1 service, 2 environments/) });
    }
  });

  it('reads a repository with a work tree at its commit, and finds it from where one stands', async () => {
    const clone = join(folder, 'clone');
    await repository.git(['clone', '--quiet', '.', clone]);
    writeFileSync(join(clone, 'policy.yaml'), 'not committed: true\n');
    expect(await type(['policy', 'check', '--repo', 'clone'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await type(['policy', 'check'], { cwd: clone })).toMatchObject({ code: 1 });
  });

  it('lists all problems with file, line, column and hint, and exits with 1', async () => {
    const place = plainFolder('bad', {
      'policy.yaml': policy.replace('soak', 'soaks'),
      'services/web.yaml': 'service: { name: web, ownr: leads }\n',
      'runbooks/x.yaml': 'name: x\nsteps: []\nstep: 1\n',
    });
    const { code, out } = await type(['policy', 'check', '--dir', place]);
    expect(code).toBe(1);
    expect(out).toMatch(/^policy\.yaml:10:\d+: unknown key "soaks"; did you mean "soak"\?$/m);
    expect(out).toMatch(/^runbooks\/x\.yaml:3:1: unknown key "step"/m);
    const json = JSON.parse((await type(['policy', 'check', '--dir', place, '--json'])).out);
    expect(json).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ line: 10 })]),
    });
  });

  it('lists what is wrong with declared servers, which keeps the policy itself from nothing', async () => {
    const servers = 'servers:\n  web: { count: 1, typ: cx22, region: fsn1 }\n';
    const place = plainFolder('undeclared', { ...files, 'infrastructure/servers.yaml': servers });
    const { code, out, err } = await type(['policy', 'check', '--dir', place]);
    expect(code).toBe(1);
    expect(out).toMatch(/^infrastructure\/servers\.yaml:2:\d+: unknown key "typ"; did you mean "type"\?$/m);
    expect(err).toContain('which keep nothing but /provision servers from working');
  });

  it('does not follow a symbolic link out of the folder', async () => {
    const place = plainFolder('linked', files);
    symlinkSync('/etc/passwd', join(place, 'services/evil.yaml'));
    const { code, out } = await type(['policy', 'check', '--dir', place]);
    expect(code).toBe(1);
    expect(out).toMatch(/services\/evil\.yaml is a symbolic link/);
  });

  it('takes the folder as an argument as well, but not twice', async () => {
    const place = plainFolder('argued', files);
    expect(await type(['policy', 'check', place])).toMatchObject({
      code: 0,
      out: expect.stringContaining('can be used'),
    });
    expect(await type(['policy', 'test', place])).toMatchObject({ code: 0 });
    expect(await type(['policy', 'check', place, '--dir', place])).toMatchObject({
      code: 2,
      err: expect.stringContaining('given twice'),
    });
  });

  it('takes a repository or a folder, not both', async () => {
    expect(await type(['policy', 'check', 'y', '--repo', 'x'])).toMatchObject({ code: 2 });
    expect(await type(['policy', 'check', '--repo', 'x', '--dir', 'y'])).toMatchObject({ code: 2 });
  });
});

describe('policy test', () => {
  it('passes cases that hold and tells how others differ', async () => {
    const good = plainFolder('tested', files);
    expect(await type(['policy', 'test', '--dir', good])).toMatchObject({
      code: 0,
      out: '1 test ran, 1 passed and 0 failed.',
    });
    const cases = files['policy_tests/web.yaml'].replace('verdict: allowed', 'verdict: denied');
    const bad = plainFolder('tested-bad', { ...files, 'policy_tests/web.yaml': cases });
    const { code, out } = await type(['policy', 'test', '--dir', bad]);
    expect(code).toBe(1);
    expect(out).toMatch(/policy_tests\/web\.yaml:2: "staging is free": the verdict should be "denied"/);
  });
});
