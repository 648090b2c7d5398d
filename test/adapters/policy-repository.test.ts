import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import { makeRepository, type Files, type TestRepository } from '../helpers/git-repository';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function repository(files?: Files): Promise<TestRepository> {
  const made = await makeRepository({ files });
  cleanUps.push(made.remove);
  return made;
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'signalbox-data-'));
  cleanUps.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

const base = { ref: 'main', now: () => Date.UTC(2026, 10, 21), timeoutMs: 10_000, staleLockMs: 100 };

describe('reading policy', () => {
  it('gives the files of a commit by path, and only policy documents unless asked otherwise', async () => {
    const remote = await repository({
      'policy.yaml': 'version: 1\n',
      'configs/services/checkout.yaml': 'service: ä\n',
      'playbooks/site.yml': '- hosts: all\n',
      'README.md': '# hello',
    });
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    const { commit, fetchedAt } = await policy.fetch();
    expect(commit).toBe(await remote.head());
    expect(fetchedAt).toBe('2026-11-21T00:00:00.000Z');
    const { files, problems } = await policy.readTree(commit);
    expect(problems).toEqual([]);
    expect([...files.keys()]).toEqual(['configs/services/checkout.yaml', 'policy.yaml']);
    expect(files.get('configs/services/checkout.yaml')?.text).toBe('service: ä\n');
    expect(files.get('policy.yaml')?.blob).toMatch(/^[0-9a-f]{40}$/);
    const readme = await policy.readTree(commit, (path) => path === 'README.md');
    expect([...readme.files.values()].map(({ text }) => text)).toEqual(['# hello']);
  });

  it('keeps an old commit readable after the branch has moved on', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const policy = openPolicyRepository({ ...base, url: remote.path, dataDir: await folder() });
    const first = await policy.fetch();
    await remote.commit({ 'policy.yaml': 'version: 1\ntimezone: UTC\n' });
    const second = await policy.fetch();
    expect(second.commit).not.toBe(first.commit);
    expect(second.rewrittenFrom).toBeUndefined();
    expect((await policy.readTree(first.commit)).files.get('policy.yaml')?.text).toBe('version: 1\n');
  });

  it('says when history was rewritten, and from which commit', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const first = await remote.head();
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    await remote.commit({ 'people.yaml': 'people: {}\n' });
    const before = await policy.fetch();
    await remote.git(['update-ref', 'refs/heads/main', first]);
    expect(await policy.fetch()).toMatchObject({ commit: first, rewrittenFrom: before.commit });
    expect(await policy.head()).toMatchObject({ rewrittenFrom: before.commit });
  });

  it('resolves branches, tags and whole commit ids, and nothing else', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const main = await remote.head();
    const staging = await remote.commit({ 'a.yaml': '1' }, 'Staging', { branch: 'staging' });
    await remote.git(['tag', '-a', '-m', 'v1', 'v1.0', main]);
    await remote.git(['update-ref', `refs/heads/${'a'.repeat(40)}`, staging]);
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    await policy.fetch();
    expect(await policy.resolveRef('main')).toBe(main);
    expect(await policy.resolveRef('v1.0')).toBe(main);
    expect(await policy.resolveRef('refs/heads/staging')).toBe(staging);
    expect(await policy.resolveRef(main)).toBe(main);
    expect(await policy.resolveRef(main.slice(0, 10))).toBeUndefined();
    expect(await policy.resolveRef('nowhere')).toBeUndefined();
    const tree = (await remote.git(['rev-parse', 'main^{tree}'])).trim();
    expect(await policy.resolveRef(tree)).toBeUndefined();
    expect(await policy.resolveRef((await remote.git(['rev-parse', 'v1.0'])).trim())).toBeUndefined();
    await expect(policy.resolveRef('main~1')).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('forgets a branch that was deleted at the remote', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    await remote.commit({ 'a.yaml': '1' }, 'x', { branch: 'topic' });
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    await policy.fetch();
    await remote.git(['update-ref', '-d', 'refs/heads/topic']);
    await remote.commit({ 'a.yaml': '1' }, 'x', { branch: 'topic/deeper' });
    await policy.fetch();
    expect(await policy.resolveRef('topic')).toBeUndefined();
    expect(await policy.resolveRef('topic/deeper')).toBeDefined();
  });

  it('tells who changed what between two commits', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const from = await remote.head();
    const author = { name: 'Ada L', email: 'ada@example.com' };
    await remote.commit({ 'services/checkout/main.go': 'x' }, 'Add checkout', { author });
    const to = await remote.commit({ 'docs/a.md': 'x' }, 'Write docs');
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    await policy.fetch();
    expect(await policy.changedPaths({ from, to })).toEqual(['docs/a.md', 'services/checkout/main.go']);
    expect((await policy.log({ from, to, limit: 10 })).map(({ subject }) => subject)).toEqual([
      'Write docs',
      'Add checkout',
    ]);
    expect(await policy.log({ from, to, path: 'services/checkout', limit: 10 })).toMatchObject([
      { authorName: 'Ada L', authorEmail: 'ada@example.com', subject: 'Add checkout' },
    ]);
  });
});

describe('a hostile repository', () => {
  it.each([
    [
      'a symbolic link',
      { 'runbooks/evil.yaml': { mode: '120000', content: '/etc/passwd' } as const },
      /evil\.yaml is a symbolic link/,
    ],
    [
      'a link instead of a folder',
      { runbooks: { mode: '120000', content: '/etc' } as const },
      /runbooks is a symbolic link/,
    ],
    ['a submodule', { runbooks: { submodule: 'a'.repeat(40) } }, /runbooks is a submodule/],
    ['a huge file', { 'runbooks/huge.yaml': 'x'.repeat(256 * 1024 + 1) }, /at most 256 KiB/],
    [
      'bytes that are not text',
      { 'runbooks/bytes.yaml': Buffer.from([0x61, 0xff, 0xfe]) },
      /bytes\.yaml is not valid UTF-8/,
    ],
    ['a line break in a name', { 'runbooks/a\nb.yaml': 'x' }, /control or invisible/],
    ['a name that reads backwards', { 'runbooks/\u202egnp.yaml': 'x' }, /control or invisible/],
    ['a backslash in a name', { 'runbooks/a\\b.yaml': 'x' }, /backslash/],
  ])('is not read where it holds %s, and the reason is said', async (_, files: Files, reason) => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n', ...files });
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    const { commit } = await policy.fetch();
    const tree = await policy.readTree(commit);
    expect(tree.problems).toEqual([expect.stringMatching(reason)]);
    expect([...tree.files.keys()]).toEqual(['policy.yaml']);
  });

  it('may hold links among the files of the tools, which are not policy', async () => {
    const remote = await repository({
      'policy.yaml': 'version: 1\n',
      'terraform/latest': { mode: '120000', content: 'v2' },
    });
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir: await folder() });
    expect((await policy.readTree((await policy.fetch()).commit)).problems).toEqual([]);
  });

  it.each([
    ['..', 'climbs'],
    ['.git', 'is one of Git’s own'],
  ])('with a folder called %s is refused on arrival, and the last good commit stays', async (name) => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const dataDir = await folder();
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir });
    const good = await policy.fetch();
    const blob = (await remote.git(['hash-object', '-w', '--stdin'], 'evil')).trim();
    const entry = Buffer.concat([Buffer.from(`100644 policy.yaml\0`), Buffer.from(blob, 'hex')]);
    const inner = (await remote.git(['hash-object', '-w', '--literally', '-t', 'tree', '--stdin'], entry)).trim();
    const outer = Buffer.concat([Buffer.from(`40000 ${name}\0`), Buffer.from(inner, 'hex')]);
    const tree = (await remote.git(['hash-object', '-w', '--literally', '-t', 'tree', '--stdin'], outer)).trim();
    const evil = (await remote.git(['commit-tree', '-p', good.commit, '-m', 'evil', tree])).trim();
    await remote.git(['update-ref', 'refs/heads/main', evil]);
    await expect(policy.fetch()).rejects.toMatchObject({ code: 'policy_invalid' });
    expect(await policy.head()).toEqual(good);
    expect(await readdir(dataDir)).toEqual([expect.stringMatching(/^policy-\w+\.git$/)]);
  });
});

describe('a remote that is away', () => {
  it('refuses in one sentence, keeps the last good commit, also for the next process', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const dataDir = await folder();
    const options = { ...base, url: remote.url, dataDir };
    const { commit } = await openPolicyRepository(options).fetch();
    await openPolicyRepository(options).accept({ commit, anchored: false }, undefined);
    await rm(remote.path, { recursive: true });
    const restarted = openPolicyRepository(options);
    await expect(restarted.fetch()).rejects.toMatchObject({
      code: 'policy_unreachable',
      message: expect.stringMatching(/^The policy repository .* could not be read .*whoever runs Signalbox/),
    });
    expect(await restarted.head()).toMatchObject({ commit, fetchedAt: '2026-11-21T00:00:00.000Z' });
    expect(await restarted.accepted()).toEqual({ commit, anchored: false });
    expect((await restarted.readTree(commit)).files.get('policy.yaml')?.text).toBe('version: 1\n');
  });

  it('is given up after the time limit when it accepts and says nothing', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const url = `https://localhost:${port}/policy.git`;
    const policy = openPolicyRepository({
      ...base,
      url,
      dataDir: await folder(),
      timeoutMs: 300,
      token: 's3cr3t-token',
    });
    const failure = await policy.fetch().catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'policy_unreachable' });
    expect(String((failure as Error).message)).not.toContain('s3cr3t-token');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('says which branch is missing', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const policy = openPolicyRepository({ ...base, ref: 'live', url: remote.url, dataDir: await folder() });
    await expect(policy.fetch()).rejects.toThrow(/no branch or tag live/);
    expect(await policy.head()).toBeUndefined();
  });
});

describe('a mirror', () => {
  it('serves two processes that share a folder at once', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const dataDir = await folder();
    const both = [1, 2].map(() => openPolicyRepository({ ...base, url: remote.url, dataDir }));
    for (let round = 0; round < 3; round++) {
      const commit = await remote.commit({ 'policy.yaml': `version: 1 # ${round}\n` }, 'x', { branch: 'main' });
      await remote.commit({ 'a.yaml': String(round) }, 'x', { branch: `topic-${round}` });
      const heads = await Promise.all([...both, ...both].map((policy) => policy.fetch()));
      expect(heads.map((head) => head.commit)).toEqual([commit, commit, commit, commit]);
    }
  });

  it('outlives locks that a killed process left, and its own lock too', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const dataDir = await folder();
    const policy = openPolicyRepository({ ...base, url: remote.url, dataDir });
    await policy.fetch();
    const [mirror = ''] = await readdir(dataDir);
    const locks = ['refs/mirror/heads/main.lock', 'packed-refs.lock', 'config.lock'].map((name) =>
      join(dataDir, mirror, name),
    );
    for (const lock of locks) await writeFile(lock, '');
    const past = new Date(Date.now() - 5000);
    await utimes(locks[1] ?? '', past, past);
    await writeFile(join(dataDir, `${mirror}.lock`), `999999999 ${(await import('node:os')).hostname()} x`);
    const commit = await remote.commit({ 'policy.yaml': 'version: 1 # next\n' });
    expect((await policy.fetch()).commit).toBe(commit);
  });

  it('may be deleted or broken at any time', async () => {
    const remote = await repository({ 'policy.yaml': 'version: 1\n' });
    const dataDir = await folder();
    const options = { ...base, url: remote.url, dataDir };
    await openPolicyRepository(options).fetch();
    const [mirror = ''] = await readdir(dataDir);
    const commit = await remote.commit({ 'people.yaml': 'people: {}\n' });
    await rm(join(dataDir, mirror, 'objects'), { recursive: true });
    expect((await openPolicyRepository(options).fetch()).commit).toBe(commit);
    await rm(join(dataDir, mirror), { recursive: true });
    const again = openPolicyRepository(options);
    expect(await again.head()).toBeUndefined();
    expect((await again.fetch()).commit).toBe(commit);
    expect((await again.readTree(commit)).files.size).toBe(2);
  });

  it('keeps an access token out of its own files', async () => {
    const dataDir = await folder();
    const url = 'https://127.0.0.1:1/policy.git';
    await openPolicyRepository({ ...base, url, dataDir, token: 's3cr3t-token' })
      .fetch()
      .catch(() => undefined);
    const [mirror = ''] = await readdir(dataDir);
    expect(await readFile(join(dataDir, mirror, 'config'), 'utf8')).not.toContain('s3cr3t');
  });
});
