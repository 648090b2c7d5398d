import { createServer } from 'node:net';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { JsonObject } from '../../src/json';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { attemptOf, environmentOf, failureOf, key, type Attempt } from './attempt';
import { openTools, type TestTools } from './tools';
import { childrenOf, commandOf, isAlive, knownProcess } from '../helpers/process-family';
import { hostileValues } from './hostile-values';

let repository: TestRepository;
let guarded: TestTools;
beforeAll(async () => (guarded = await openTools()));
beforeEach(async () => {
  repository = await makeRepository({
    files: {
      'releases.md': '- v1\n',
      'config.yaml': 'database: { ssl: true, pool: 10 }\n',
      'run.sh': { mode: '100755', content: 'x' },
      link: { mode: '120000', content: 'run.sh' },
    },
  });
});
afterEach(() => repository.remove());

function step(
  uses: string,
  given: JsonObject,
  more: Partial<Attempt> & { readonly outputs?: JsonObject; readonly extra?: JsonObject } = {},
): Attempt {
  const { outputs = {}, extra = {}, ...attempt } = more;
  return {
    step: { id: 'it', uses, with: { connection: 'api', ...given }, outputs, ...extra },
    over: { name: 'api', kind: 'git', url: repository.url, write: true },
    tools: guarded,
    ...attempt,
  };
}
const run = (attempt: Attempt) => attemptOf('', attempt);
const fails = (attempt: Attempt) => failureOf('', attempt);
const made = { commit: 'commit', made: 'made' };
const read = (given: JsonObject, more?: Parameters<typeof step>[2]) =>
  step('git/read', { ref: 'main', ...given }, more);
const commit = (files: readonly JsonObject[], more: JsonObject = {}, rest: Partial<Attempt> = {}) =>
  step('git/commit', { branch: 'main', message: 'Add a release', files, ...more }, { outputs: made, ...rest });
const merge = (given: JsonObject, rest: Partial<Attempt> = {}) =>
  step('git/merge', { from: 'feature', into: 'main', ...given }, { outputs: made, ...rest });

describe('git/read', () => {
  it('reads a file at a branch, a tag and a commit', async () => {
    const first = await repository.head();
    await repository.git(['tag', 'v1', first]);
    await repository.commit({ 'releases.md': '- v2\n' });
    const outputs = { text: 'text', commit: 'commit' };
    const at = async (ref: string) => (await run(read({ ref, path: 'releases.md' }, { outputs }))).outputs;
    expect(await at('main')).toEqual({ text: '- v2\n', commit: await repository.head() });
    expect(await at('v1')).toEqual({ text: '- v1\n', commit: first });
    expect(await at(first)).toEqual({ text: '- v1\n', commit: first });
  });

  it('reads YAML as what it says', async () => {
    const outputs = { ssl: 'document.database.ssl', pool: 'document.database.pool' };
    expect((await run(read({ path: 'config.yaml', parse: 'yaml' }, { outputs }))).outputs).toEqual({
      ssl: true,
      pool: 10,
    });
    expect((await fails(read({ path: 'releases.md', parse: 'json' }))).message).toMatch(/is not JSON/);
  });

  it('keeps a file for later steps', async () => {
    const tools = await openTools();
    const { outputs } = await run(read({ path: 'releases.md', keep: true }, { outputs: { file: 'file' }, tools }));
    expect(outputs.file).toMatchObject({ $file: { name: 'releases.md', bytes: 5 } });
  });

  test.each([
    ['no such file', { path: 'nope.md' }, /no nope.md/],
    ['a link', { path: 'link' }, /is a link/],
    ['a folder', { path: '.' }, /cannot be a path/],
    ['a path that climbs', { path: '../x' }, /cannot be a path/],
    ['no such branch', { ref: 'nope', path: 'releases.md' }, /no branch and no tag called nope/],
    ['an option for a branch', { ref: '--upload-pack=touch', path: 'releases.md' }, /cannot be a branch/],
  ])('refuses %s', async (_, given, problem) => {
    expect(await fails(read(given))).toMatchObject({ type: 'StepFailed', message: expect.stringMatching(problem) });
  });

  it('refuses a name that is both a branch and a tag, and a file of more than 1 MiB', async () => {
    await repository.git(['tag', 'main', await repository.head()]);
    expect((await fails(read({ path: 'releases.md' }))).message).toMatch(/Both a branch and a tag/);
    const big = await repository.commit({ big: 'x'.repeat(1_100_000) });
    expect((await fails(read({ ref: big, path: 'big' }))).message).toMatch(/more than 1 MiB/);
  });

  test.each(hostileValues)('takes %s for no path and no branch', async (value) => {
    const inputs = { value };
    expect(await fails(read({ path: '${{ inputs.value }}' }, { inputs }))).toMatchObject({ type: 'StepFailed' });
    expect(await fails(read({ ref: '${{ inputs.value }}', path: 'x' }, { inputs }))).toMatchObject({
      type: 'StepFailed',
    });
  });

  it('leaves nothing behind when it is cancelled while the host says nothing', async () => {
    const tools = await openTools();
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const over = { name: 'api', kind: 'git' as const, url: `https://127.0.0.1:${port}/x.git` };
    const environment = environmentOf({});
    // This process may have run other test files before.
    const before = new Set(childrenOf(process.pid));
    const asking = once(silent, 'connection');
    const running = run(read({ path: 'x' }, { over, tools, environment })).catch((error: unknown) => error);
    await asking;
    const begun = childrenOf(process.pid).filter((pid) => !before.has(pid));
    const family = begun.flatMap((pid) => knownProcess(pid) ?? []);
    const gits = family.filter(({ pid }) => /\bgit\b/.test(commandOf(pid)));
    expect(gits.length).toBeGreaterThan(0);
    expect(readdirSync(tools.workPlace)).toHaveLength(1);
    environment.cancel();
    expect(await running).toMatchObject({ name: 'CancelledFailure' });
    silent.close();
    expect(gits.filter(isAlive)).toEqual([]);
    expect(readdirSync(tools.workPlace)).toEqual([]);
  });

  it('gives up on a host that says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const over = { name: 'api', kind: 'git' as const, url: `https://127.0.0.1:${port}/x.git` };
    const failure = await fails(read({ path: 'x' }, { over, extra: { timeout: '2s' } }));
    silent.close();
    expect(failure).toMatchObject({ type: 'StepError', message: expect.stringMatching(/git was not done after/) });
  });
});

describe('git/commit', () => {
  it('adds, appends and removes in one commit that names its operation, and keeps modes', async () => {
    const files: readonly JsonObject[] = [
      { path: 'releases.md', append: '- ${{ inputs.version }}' },
      { path: 'docs/new.md', content: 'new' },
      { path: 'config.yaml', remove: true },
      { path: 'run.sh', content: 'y' },
    ];
    const result = await run(commit(files, {}, { inputs: { version: 'v2' } }));
    expect(result.outputs).toEqual({ commit: await repository.head(), made: true });
    expect(await repository.read('releases.md')).toBe('- v1\n- v2\n');
    expect(await repository.git(['ls-tree', '-r', '--format=%(objectmode) %(path)', 'main'])).toBe(
      '100644 docs/new.md\n120000 link\n100644 releases.md\n100755 run.sh\n',
    );
    const log = await repository.git(['log', '-1', '--format=%an|%B', 'main']);
    expect(log.trim()).toBe(`Signalbox|Add a release\n\nSignalbox-Operation: ${key}`);
  });

  it('done again, finds what it did although others have committed since', async () => {
    const files = [{ path: 'releases.md', append: '- v2' }];
    const first = await run(commit(files));
    await repository.commit({ other: 'x' });
    expect((await run(commit(files))).outputs).toEqual(first.outputs);
    expect(await repository.read('releases.md')).toBe('- v1\n- v2\n');
  });

  it('is not kept from its work by a message of somebody else that names its operation', async () => {
    await repository.commit({ other: 'x' }, `Trick\n\nSignalbox-Operation: ${key}\n\nand more`);
    expect((await run(commit([{ path: 'releases.md', append: '- v2' }]))).outputs.made).toBe(true);
  });

  it('loses nothing when several change a branch at once', async () => {
    const all = ['a', 'b', 'c', 'd'].map((name) =>
      run(commit([{ path: 'releases.md', append: name }], {}, { input: { key: `${key}-${name}` } })),
    );
    await Promise.all(all);
    expect((await repository.read('releases.md')).trim().split('\n').sort()).toEqual(['- v1', 'a', 'b', 'c', 'd']);
  });

  it('commits nothing when there is nothing to change', async () => {
    const head = await repository.head();
    const result = await run(commit([{ path: 'releases.md', content: '- v1\n' }]));
    expect(result.outputs).toEqual({ commit: head, made: false });
    expect(await repository.head()).toBe(head);
  });

  it('does not begin when it was cancelled', async () => {
    const head = await repository.head();
    const environment = environmentOf({});
    environment.cancel();
    await run({ ...commit([{ path: 'x', content: 'x' }]), environment }).catch(() => undefined);
    expect(await repository.head()).toBe(head);
  });

  test.each<[string, JsonObject, Partial<Attempt>, RegExp]>([
    ['over a connection that may only read', {}, { over: { name: 'api', kind: 'git', url: '' } }, /may not be written/],
    ['a branch that is not there', { branch: 'nope' }, {}, /no branch nope/],
    [
      'policy.yaml, wherever it would be',
      { files: [{ path: 'policy.yaml', content: 'x' }] },
      {},
      /governed by the policy/,
    ],
    ['Git’s own files', { files: [{ path: '.git/config', content: 'x' }] }, {}, /cannot be a path/],
    ['a link', { files: [{ path: 'link', content: 'x' }] }, {}, /is a link/],
    ['a file that says two things', { files: [{ path: 'x', content: 'x', append: 'y' }] }, {}, /one of content/],
  ])('refuses to write %s', async (_, given, more, problem) => {
    const over = more.over ? { ...more.over, url: repository.url } : undefined;
    const head = await repository.head();
    const attempt = commit([{ path: 'x', content: 'x' }], given, over ? { over: over as never } : {});
    expect(await fails(attempt)).toMatchObject({ type: 'StepFailed', message: expect.stringMatching(problem) });
    expect(await repository.head()).toBe(head);
  });

  it('changes an environment’s configuration of a policy repository, and nothing else there', async () => {
    await repository.commit({ 'policy.yaml': 'version: 1\n', 'configs/staging/x.yaml': 'a: 1\n' });
    const change = (path: string) => commit([{ path, content: 'b: 2\n' }], {}, { input: { key: `${key}-${path}` } });
    expect((await run(change('configs/staging/x.yaml'))).outputs.made).toBe(true);
    for (const path of ['runbooks/x.yaml', 'people.yaml', 'playbooks/x.yml', 'configs/services/x.yaml'])
      expect((await fails(change(path))).message).toMatch(/governed by the policy/);
  });

  test.each(hostileValues)('writes %s as content and message, and as nothing else', async (value) => {
    const files = [{ path: 'value.txt', content: '${{ inputs.value }}' }];
    const attempt = commit(files, { message: 'Say ${{ inputs.value }}' }, { inputs: { value } });
    if (value.includes('\0')) return expect(await fails(attempt)).toMatchObject({ type: 'StepFailed' });
    await run(attempt);
    expect(await repository.read('value.txt')).toBe(value);
    expect(await repository.git(['log', '-1', '--format=%B', 'main'])).toContain(`Say ${value}`);
  });
});

describe('git/merge', () => {
  beforeEach(async () => {
    await repository.git(['branch', 'feature', await repository.head()]);
    await repository.commit({ 'feature.md': 'x' }, 'Feature', { branch: 'feature' });
  });

  it('merges once, with both as parents', async () => {
    await repository.commit({ other: 'x' });
    const parents = [await repository.head(), await repository.head('feature')];
    const { outputs } = await run(merge({}));
    expect(outputs).toEqual({ commit: await repository.head(), made: true });
    expect((await repository.git(['log', '-1', '--format=%P', 'main'])).trim()).toBe(parents.join(' '));
    expect(await repository.read('feature.md')).toBe('x');
    expect((await run(merge({}))).outputs).toEqual(outputs);
    expect((await run(merge({}, { input: { key: 'another' } }))).outputs.made).toBe(false);
  });

  it('refuses conflicts and names them', async () => {
    await repository.commit({ 'releases.md': '- main\n' });
    await repository.commit({ 'releases.md': '- feature\n' }, 'x', { branch: 'feature' });
    const head = await repository.head();
    expect(await fails(merge({}))).toMatchObject({
      type: 'StepFailed',
      message: expect.stringMatching(/both changed releases\.md;/),
    });
    expect(await repository.head()).toBe(head);
  });

  it('never merges what is governed', async () => {
    await repository.commit({ 'policy.yaml': 'version: 1\n' });
    expect((await fails(merge({}))).message).toMatch(/feature\.md .* governed/);
  });

  it('in a dry run says what would be merged and committed, and pushes nothing', async () => {
    const dry = { input: { mode: 'check' } } as const;
    const head = await repository.head();
    expect((await run(merge({}, dry))).summary).toBe('feature would be merged into main');
    expect(await run(commit([{ path: 'new.md', content: 'x' }], {}, dry))).toMatchObject({
      summary: 'would commit to main',
      detail: ['new.md'],
      would: 'tried',
    });
    expect(await repository.head()).toBe(head);
    await repository.commit({ 'releases.md': '- main\n' });
    await repository.commit({ 'releases.md': '- feature\n' }, 'x', { branch: 'feature' });
    expect((await fails(merge({}, dry))).message).toMatch(/both changed releases\.md/);
  });
});
