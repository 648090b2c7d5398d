import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');
const rules = (name: string) => `# ${name}\nenvironments:\n  staging: { branch: staging }\nlast: 1\n`;
const connection = 'connection:\n  origin: http://127.0.0.1:7400\n';

/** A clone with the demo's scripts and an example of two files, and the demo's policy repository beside it. */
function demo() {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-policy-test-'));
  for (const scripts of ['scripts/lib', 'scripts/demo'])
    cpSync(join(root, scripts), join(folder, scripts), { recursive: true });
  const example = (files: { readonly [path: string]: string }): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'examples/policy', path)), { recursive: true });
      writeFileSync(join(folder, 'examples/policy', path), text);
    }
  };
  example({ 'policy.yaml': rules('Kestrel'), 'connections/fleet.yaml': connection });
  const path = join(folder, 'policy.git');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Dan', '-c', 'user.email=dan@kestrel.example', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  return {
    example,
    start(fleetUrl = 'http://127.0.0.1:3200'): string {
      const script = `import { ensurePolicy } from './scripts/demo/repositories.mjs';
        await ensurePolicy({ path: ${JSON.stringify(path)}, fleetUrl: ${JSON.stringify(fleetUrl)} });`;
      return execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, encoding: 'utf8' });
    },
    read: (file: string, branch = 'main') => git('--git-dir', path, 'show', `${branch}:${file}`),
    commits: () => Number(git('--git-dir', path, 'rev-list', '--count', 'main')),
    push(file: string, change: (text: string) => string): void {
      const tree = mkdtempSync(join(tmpdir(), 'signalbox-policy-push-'));
      git('clone', '--quiet', path, tree);
      writeFileSync(join(tree, file), change(readFileSync(join(tree, file), 'utf8')));
      git('-C', tree, 'commit', '--quiet', '--all', '-m', 'Our own rule');
      git('-C', tree, 'push', '--quiet', 'origin', 'HEAD:main');
    },
  };
}

test('the policy repository is the example with the address of the fleet, on every branch that environments name', () => {
  const { start, read } = demo();
  expect(start()).toContain('Made the policy repository');
  expect(read('policy.yaml')).toBe(rules('Kestrel'));
  expect(read('connections/fleet.yaml', 'staging')).toContain('http://127.0.0.1:3200');
});

test('a second start changes nothing', () => {
  const { start, commits } = demo();
  start();
  expect(start()).toBe('');
  expect(commits()).toBe(1);
});

test('a changed example reaches a repository that exists, and what people pushed to it stays', () => {
  const { start, read, push, example } = demo();
  start();
  push('policy.yaml', (text) => text.replace('last: 1', 'last: 2'));
  example({ 'policy.yaml': rules('Kestrel Pay'), 'runbooks/new.yaml': 'name: new\n' });
  expect(start('http://127.0.0.1:4000')).toContain('Brought the changed example to main and staging');
  expect(read('policy.yaml')).toBe(rules('Kestrel Pay').replace('last: 1', 'last: 2'));
  expect(read('policy.yaml', 'staging')).toBe(rules('Kestrel Pay'));
  expect(read('runbooks/new.yaml')).toBe('name: new\n');
  expect(read('connections/fleet.yaml')).toContain('http://127.0.0.1:4000');
});
