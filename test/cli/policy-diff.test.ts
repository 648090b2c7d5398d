import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openLedger } from '../../activities/adapters/ledger';
import type { LedgerEntry } from '../../src/ledger/record';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { type } from './terminal';

const policy = `version: 1
teams:
  leads: { users: [U0LEE, U0KIM] }
  security: { users: [U0SAM] }
environments:
  staging: {}
  production: { after: [staging] }
facts:
  declare: { risk: [low, high] }
approvals:
  - { name: usual, require: [leads] }
`;
const now = new Date('2026-11-24T12:00:00Z');
const at = '2026-11-24T10:00:00.000Z';
const requester = { kind: 'person', id: 'U0ANA', via: 'slack' };
const world = {
  plan: { steps: 1 },
  teams: {},
  requester: 'member',
  history: [{ service: 'web', environment: 'staging', version: 'v2', succeededAt: '2026-11-24T08:00:00Z' }],
};

let repository: TestRepository;
let ledger: TestRepository;
let folder: string;
let before: string;

function decision(id: string, request: object, verdict: object): readonly LedgerEntry[] {
  const entry = { operationId: id, at, day: '2026-11-24' };
  const asked = { kind: 'deploy', requester, inputs: {}, labels: [], raise: {}, ...request };
  return [
    { ...entry, event: 'request', index: 0, body: asked },
    { ...entry, event: 'verdict', index: 1, body: verdict as LedgerEntry['body'] },
  ];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-diff-'));
  repository = await makeRepository({
    files: { 'policy.yaml': policy, 'configs/services/web.yaml': 'service: { name: web, owner: leads }\n' },
  });
  before = await repository.head();
  ledger = await makeRepository({ files: {} });
  const writer = await openLedger({ url: ledger.url, ref: 'refs/heads/ledger', dataDir: folder, now: () => now });
  const web = { service: 'web', version: 'v2' };
  await writer.append([
    ...decision(
      'deploy-web-production-1',
      { ...web, environment: 'production' },
      {
        verdict: 'allowed',
        policyCommit: before,
        facts: {},
        basis: { request: { ...web, environment: 'production', authors: [] }, world, cut: [] },
      },
    ),
    ...decision(
      'deploy-web-staging-1',
      { ...web, environment: 'staging' },
      {
        verdict: 'allowed',
        policyCommit: before,
        facts: {},
        basis: { request: { ...web, environment: 'staging', authors: [] }, world, cut: [] },
      },
    ),
    // As records looked before verdicts had a basis.
    ...decision(
      'deploy-web-staging-0',
      { ...web, version: 'v1', environment: 'staging' },
      {
        verdict: 'allowed',
        policyCommit: before,
        facts: { risk: 'high', forgotten: true },
      },
    ),
    // The policy allows it; what denied it was that no runbook was there.
    ...decision(
      'deploy-web-staging-2',
      { ...web, environment: 'staging' },
      {
        verdict: 'denied',
        policyCommit: before,
        reasons: ['There is no handler.'],
        basis: { request: { ...web, environment: 'staging' }, world, cut: ['paths'] },
      },
    ),
  ]);
  await writer.close();
}, 60_000);
afterAll(async () => {
  await repository.remove();
  await ledger.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function changed(name: string, text: string): Promise<string> {
  await repository.git(['branch', '-f', name, before]);
  return repository.commit({ 'policy.yaml': text }, 'Change', { branch: name });
}

const diff = (args: readonly string[]) =>
  type(['policy', 'diff', ...args, '--repo', repository.path, '--ledger', ledger.url], {
    now,
    env: { POLICY_WEB_URL: 'https://git.example/{commit}/{file}#L{line}' },
  });

describe('policy diff', () => {
  it('finds nothing between a policy and itself, and says what could not be judged as it was', async () => {
    const { code, out } = await diff([before, 'main', '--fail-on-flip']);
    expect(code).toBe(0);
    expect(out).toContain(`Of 4 recorded decisions, none would come out otherwise under ${before.slice(0, 10)}`);
    expect(out).toContain('history (1), teams (1), plan (1), paths (1)');
    expect(out).toContain('1 decision of the first commit itself came out otherwise');
    expect(out).toContain('deploy-web-staging-2');
  });

  it('says which decisions would be denied, and fails when it is asked to', async () => {
    const after = await changed('narrow', policy.replace('staging: {}', 'staging: { request: [security] }'));
    const { code, out } = await diff(['main', 'narrow', '--fail-on-flip', '--json']);
    expect(code).toBe(1);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ before, after, judged: 4 });
    expect(found.flips.map(({ operation, from, to }: Record<string, string>) => [operation, from, to])).toEqual([
      ['deploy-web-staging-1', 'allowed', 'denied'],
      ['deploy-web-staging-0', 'allowed', 'denied'],
      ['deploy-web-staging-2', 'allowed', 'denied'],
    ]);
    expect(found.flips[0].differences[0]).toMatchObject({ what: 'verdict', source: 'policy.yaml:6' });
    expect((await diff(['narrow', 'main'])).out).toContain('denied → allowed');
    expect((await diff(['main', 'narrow'])).code).toBe(0);
  });

  it('says which seats would change, by facts that are recomputed or, without a basis, as they were recorded', async () => {
    const careful = policy.replace(
      'approvals:\n',
      `approvals:\n  - { name: risky, when: 'change.risk == "high"', require: [security] }\n`,
    );
    await changed('careful', careful);
    const { out } = await diff(['main', 'careful', '--json']);
    const found = JSON.parse(out);
    expect(found.flips.map(({ operation }: { operation: string }) => operation)).toEqual(['deploy-web-staging-0']);
    expect(found.flips[0].differences).toEqual([
      expect.objectContaining({ what: 'seats', sentence: 'Seats would change: leads 1 → 0, security 0 → 1.' }),
    ]);
  });

  it('judges each in its own world: what had succeeded then', async () => {
    await changed('soak', policy.replace('after: [staging]', 'after: [staging], soak: 4h'));
    const { out } = await diff(['main', 'soak']);
    expect(out).toMatch(/2026-11-24 the deploy of web v2 to production \(deploy-web-production-1\): allowed still\./);
    expect(out).toContain('It would wait as well: web v2 succeeded in staging but has to stand there for 4h');
    expect(out).not.toContain('deploy-web-staging-1');
  });

  it('writes a comment whose table nobody else can break, with links to the second commit', async () => {
    const text = policy.replace(
      'approvals:\n',
      `freezes:\n  - { name: "a | b @all <x> [y](z)", from: 2026-11-24, to: 2026-11-24 }\napprovals:\n`,
    );
    const after = await changed('frozen', text);
    const { out } = await diff(['main', 'frozen', '--markdown']);
    expect(out).toMatch(/^### Past decisions under this policy\n\nOf 4 recorded decisions, 4 would/);
    expect(out).toContain(`https://git.example/${after}/policy.yaml#L11`);
    const rows = out.split('\n').filter((line) => line.startsWith('| 2026'));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(6);
    expect(out).toContain('a \\| b @\u200ball \\<x\\> \\[y\\](z)');
  });

  it('compares a commit with a folder as it lies there, in a clone as CI has it', async () => {
    const clone = join(folder, 'clone');
    execFileSync('git', ['clone', '--quiet', '--branch', 'main', repository.path, clone]);
    execFileSync('git', ['-C', clone, 'checkout', '--quiet', '--detach']);
    execFileSync('git', ['-C', clone, 'branch', '--quiet', '-D', 'main']);
    writeFileSync(join(clone, 'policy.yaml'), policy.replace('[leads] }', '[{ team: leads, count: 2 }] }'));
    const { code, out } = await type(
      ['policy', 'diff', 'refs/remotes/origin/main', '--repo', '.', '--dir', '.', '--ledger', ledger.url, '--markdown'],
      { now, cwd: clone },
    );
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('Seats would change: leads 1 → 2.') });
  });

  it.each([
    ['no second policy', ['main'], /a second commit B, or --dir/],
    ['two second policies', ['main', 'main', '--dir', '.'], /a second commit B, or --dir/],
    ['an unknown commit', ['main', 'nowhere'], /nowhere/],
    ['a time that is none', ['main', 'main', '--since', 'long'], /--since/],
    ['two forms of answer', ['main', 'main', '--json', '--markdown'], /either --json or --markdown/],
  ])('refuses %s with exit code 2', async (_, args, words) => {
    const { code, out, err } = await diff(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(words);
  });
});

describe('the examples for CI of a policy repository', () => {
  const linesOf = (file: string): readonly string[] => {
    const found = parse(readFileSync(join(__dirname, '../../examples/ci', file), 'utf8'));
    const steps = found.jobs?.policy.steps ?? [];
    return found.policy?.script ?? steps.flatMap(({ run }: { run?: string }) => run ?? []);
  };

  it.each(['github-actions.yml', 'gitlab-ci.yml'])(
    '%s runs check, test and diff with options that exist',
    async (file) => {
      const commands = linesOf(file).filter((line) => line.startsWith('signalbox '));
      expect(commands.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
        'signalbox policy check',
        'signalbox policy test',
        'signalbox policy diff',
      ]);
      for (const command of commands) {
        const help = (await type([...command.split(' ').slice(1, 3), '--help'])).out;
        for (const option of command.match(/--[a-z-]+/g) ?? []) expect(help).toContain(option);
      }
    },
  );
});
