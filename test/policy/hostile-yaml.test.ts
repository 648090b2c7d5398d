import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import { createPolicySource } from '../../activities/worker/policy-source';
import { formatProblem } from '../../src/documents/read-yaml';
import { readRepository } from '../../src/policy/read-repository';
import { makeRepository, type Files, type TestRepository } from '../helpers/git-repository';
import { hostileFiles } from '../helpers/hostile-yaml';

const good = { 'policy.yaml': 'version: 1\nenvironments: { staging: {} }\n' };

let remote: TestRepository;
let dataDir: string;
beforeEach(async () => {
  remote = await makeRepository({ files: good });
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-hostile-'));
});
afterEach(async () => {
  await remote.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const open = () => openPolicyRepository({ url: remote.url, ref: 'main', dataDir, now: () => Date.now() });

test('the corpus has 200 files or more, each its own', () => {
  expect(hostileFiles.length).toBeGreaterThanOrEqual(200);
  expect(new Set(hostileFiles.map(({ name }) => name)).size).toBe(hostileFiles.length);
});

test('each file is refused for what it is, by its path, also when all of them come at once', async () => {
  await remote.commit(Object.fromEntries(hostileFiles.map(({ path, content }) => [path, content])));
  const repository = open();
  const { commit } = await repository.fetch();
  const { files, problems } = await repository.readTree(commit);
  const read = readRepository({ files, commit });
  const said = [...problems, ...(read.ok ? [] : read.problems.map(formatProblem))];
  // A name in the file that is not the file's own would be a reason of its own.
  const own = said.filter((sentence) => !sentence.includes('the service is called'));
  const unsaid = hostileFiles.filter(
    ({ path, why, name }) =>
      !(name.includes('a name') ? said : own).some((sentence) => isAbout(sentence, path) && why.test(sentence)),
  );
  expect(unsaid.map(({ name }) => name)).toEqual([]);
  await repository.close();
}, 60_000);

function isAbout(sentence: string, path: string): boolean {
  return sentence.startsWith(`${path}:`) || sentence.startsWith(`${path} `);
}

test('all of them are read in little memory', async () => {
  const hook = join(__dirname, '../helpers/typescript-hook.cjs');
  const program = join(__dirname, '../helpers/read-hostile.ts');
  const args = ['--max-old-space-size=160', '-r', hook, program];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: 90_000,
    env: { PATH: process.env.PATH },
  });
  expect(JSON.parse(stdout)).toEqual({ refused: hostileFiles.length });
}, 100_000);

const places: readonly (readonly [string, Files])[] = [
  ...hostileFiles
    .filter((_, index) => index % 24 === 0)
    .map(({ name, path, content }): readonly [string, Files] => [name, { [path]: content }]),
  [
    'a bomb instead of the rules',
    { 'policy.yaml': hostileFiles.find(({ name }) => name.startsWith('bomb: 30'))!.content },
  ],
  ['a deep file of people', { 'people.yaml': `people: ${'['.repeat(10_000)}` }],
  ['a deep policy test', { 'policy_tests/x.yaml': `tests: ${'['.repeat(10_000)}` }],
  ['a hidden character in a runbook', { 'runbooks/x.yaml': 'name: x # \u202e\n' }],
  ['a link', { 'configs/services/x.yaml': { mode: '120000', content: '/etc/passwd' } }],
  ['a submodule', { 'configs/services': { submodule: 'a'.repeat(40) } }],
  ['no rules', { 'policy.yaml': null }],
];

test.each(places)('a commit with %s does not bind, and the last good policy stays in force', async (_, files) => {
  const mirror = open();
  const source = createPolicySource({ mirror, freshMs: 0, now: () => Date.now() });
  const { commit } = await source.current();
  const hostile = await remote.commit(files);
  expect(await source.current()).toMatchObject({ commit, refused: { commit: hostile, because: 'unusable' } });
  await mirror.close();
});
