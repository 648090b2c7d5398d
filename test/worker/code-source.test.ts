import { mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCodeRepository, type CodeRepository } from '../../activities/adapters/code-repository';
import { createCodeSource, type CodeQuestion } from '../../activities/worker/code-source';
import type { CodeChange } from '../../src/code/change';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

const patient = { maxAgeMs: 0, waitMs: 20_000 };
const ana = { name: 'Ana Ruiz', email: 'ana@kestrel.example' };
const lee = { name: 'Lee Park', email: 'lee@kestrel.example' };

let service: TestRepository;
const opened: CodeRepository[] = [];

beforeEach(async () => {
  service = await makeRepository({ files: { 'README.md': 'one\n', 'src/pay.ts': 'a\nb\nc\n' } });
});
afterEach(() => {
  for (const repository of opened.splice(0)) repository.close();
});

function source(secretOf: () => Promise<string> = async () => 'a-secret-token') {
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-code-'));
  const open = (connection: { readonly url: string }): CodeRepository => {
    const repository = openCodeRepository({ ...connection, dataDir, now: () => Date.now() });
    opened.push(repository);
    return repository;
  };
  return createCodeSource({ open, secretOf, now: () => Date.now() });
}

const question = (version: string, deployed?: CodeQuestion['deployed'], more: object = {}): CodeQuestion => ({
  connection: { name: 'code', kind: 'git', url: service.url },
  code: { connection: 'code', ...more },
  version,
  ...(deployed && { deployed }),
});

const tag = (name: string, at = 'main') => service.git(['tag', name, at]);

async function known(asked: CodeQuestion): Promise<CodeChange> {
  const answer = await source().changeOf(asked, patient);
  if (answer.kind !== 'known') throw new Error(JSON.stringify(answer));
  return answer.change;
}

describe('what lies between two versions', () => {
  test('is its commits, authors with co-authors, files and lines', async () => {
    await tag('v1');
    await service.commit({ 'src/pay.ts': 'a\nB\nc\nd\n' }, 'Pay', { author: ana });
    const message = `More\n\nWith help.\n\nCo-authored-by: Lee Park <lee@kestrel.example>\nCo-Authored-By: Bot <bot@kestrel.example>\n`;
    await service.commit({ 'db/migrate/1.sql': 'create\n', 'README.md': null }, message, { author: ana });
    await tag('v2');

    expect(await known(question('v2', { version: 'v1' }))).toMatchObject({
      commit: await service.head('v2'),
      ref: 'refs/tags/v2',
      previousCommit: await service.head('v1'),
      commits: 2,
      filesChanged: 3,
      linesAdded: 3,
      linesRemoved: 2,
      paths: ['README.md', 'db/migrate/1.sql', 'src/pay.ts'],
      authors: [ana, lee, { name: 'Bot', email: 'bot@kestrel.example' }],
      isStepBack: false,
      firstByAuthor: true,
    });
  });

  test('is only what touches the folder of the service', async () => {
    await tag('v1');
    await service.commit({ 'services/shop/a.ts': '1\n' }, 'Shop', { author: ana });
    await service.commit({ 'services/stock/a.ts': '1\n' }, 'Stock', { author: lee });
    await tag('v2');

    expect(await known(question('v2', { version: 'v1' }, { path: 'services/shop' }))).toMatchObject({
      commits: 1,
      paths: ['services/shop/a.ts'],
      authors: [ana],
    });
  });

  test('has the authors of merged branches, also of what the merge threw away again', async () => {
    await tag('v1');
    const base = await service.head();
    await service.git(['update-ref', 'refs/heads/side', base]);
    await service.commit({ 'src/pay.ts': 'x\n' }, 'Side', { author: lee, branch: 'side' });
    await service.commit({ 'src/pay.ts': 'y\n' }, 'Main', { author: ana });
    const [tree, ours, side] = [
      await service.git(['rev-parse', 'main^{tree}']),
      await service.head(),
      await service.head('side'),
    ];
    const merge = await service.git(['commit-tree', tree.trim(), '-p', ours, '-p', side, '-m', 'Merge']);
    await service.git(['tag', 'v2', merge.trim()]);

    for (const path of [undefined, 'src']) {
      const { authors } = await known(question('v2', { version: 'v1' }, path ? { path } : {}));
      expect(authors).toEqual(expect.arrayContaining([ana, lee]));
    }
  });

  test('is a step back to an older commit, with nothing new in it', async () => {
    await tag('v1');
    await service.commit({ 'src/pay.ts': 'x\n' }, 'Newer', { author: ana });
    await tag('v2');

    expect(await known(question('v1', { version: 'v2' }))).toMatchObject({
      isStepBack: true,
      commits: 0,
      authors: [],
      firstByAuthor: false,
      paths: ['src/pay.ts'],
    });
  });

  test('is nothing between a version and itself', async () => {
    await tag('v1');
    expect(await known(question('v1', { version: 'v1' }))).toMatchObject({ commits: 0, paths: [], isStepBack: false });
  });

  test('is by a known author who has written something that runs', async () => {
    await service.commit({ 'a.ts': '1\n' }, 'Before', { author: ana });
    await tag('v1');
    await service.commit({ 'a.ts': '2\n' }, 'After', { author: { ...ana, email: 'ANA@kestrel.example' } });
    await tag('v2');
    expect(await known(question('v2', { version: 'v1' }))).toMatchObject({ firstByAuthor: false });
  });
});

describe('owners', () => {
  const owners = async (
    files: Parameters<TestRepository['commit']>[0],
    change: typeof files = { 'src/pay.ts': 'x\n' },
  ) => {
    await service.commit(files);
    await tag('v1');
    await service.commit(change);
    await tag('v2');
    return (await known(question('v2', { version: 'v1' }))).codeowners;
  };

  test.each(['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'])(
    'are read from %s',
    async (place) => {
      expect(await owners({ [place]: '* @all\n/src/ @lee\n' })).toEqual(['@lee']);
    },
  );

  test('are those of what runs, so that a change does not choose its own', async () => {
    expect(await owners({ CODEOWNERS: '* @lee\n' }, { CODEOWNERS: '* @me\n', 'src/pay.ts': 'x\n' })).toEqual(['@lee']);
  });

  test.each([
    ['a link', { mode: '120000' as const, content: 'README.md' }],
    ['too large', `# ${'x'.repeat(300_000)}\n* @lee\n`],
    ['not there', null],
  ])('are unknown where the file is %s', async (_what, content) => {
    expect(await owners(content === null ? { other: '1' } : { CODEOWNERS: content })).toBeUndefined();
  });
});

describe('a version', () => {
  test('may be a branch, a commit or the beginning of one', async () => {
    await tag('v1');
    const commit = await service.commit({ 'src/pay.ts': 'x\n' });
    for (const [version, ref] of [
      ['main', 'refs/heads/main'],
      [commit, commit],
      [commit.slice(0, 8), commit],
    ] as const)
      expect(await known(question(version, { version: 'v1' }))).toMatchObject({ commit, ref, commits: 1 });
  });

  test('may have another name as a tag', async () => {
    await tag('shop-1.0');
    await service.commit({ 'src/pay.ts': 'x\n' });
    await tag('shop-1.1');
    expect(await known(question('1.1', { version: '1.0' }, { versionTag: 'shop-{version}' }))).toMatchObject({
      commits: 1,
    });
  });

  test('that is a branch is compared with the commit that was recorded, for the branch has moved on', async () => {
    const before = await service.head();
    await service.commit({ 'src/pay.ts': 'x\n' });
    expect(await known(question('main', { version: 'main', commit: before }))).toMatchObject({ commits: 1 });
    expect(await source().changeOf(question('main', { version: 'main' }), patient)).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('nobody knows the commit of main'),
    });
  });

  test.each([
    ['nothing has its name', 'v9', 'has no tag, branch or commit called v9'],
    ['it looks like an option', '--upload-pack=x', 'called --upload-pack=x'],
    ['it looks like a range', 'v1..main', 'called v1..main'],
    ['it climbs', '../../heads/main', 'called ../../heads/main'],
    ['it asks for a place in the history', 'main~1', 'called main~1'],
  ])('is unknown when %s', async (_what, version, because) => {
    await tag('v1');
    expect(await source().changeOf(question(version, { version: 'v1' }), patient)).toMatchObject({
      kind: 'unknown',
      isAway: false,
      because: expect.stringContaining(because),
    });
  });

  test('is unknown when a branch and a tag have its name', async () => {
    await tag('twin');
    await service.commit({ a: '1' }, 'Twin', { branch: 'twin' });
    expect(await source().changeOf(question('twin', { version: 'twin' }), patient)).toMatchObject({
      because: expect.stringContaining('both a branch and a tag'),
    });
  });

  test('has nothing to be compared with where none ran before, and its commit is known all the same', async () => {
    await tag('v1');
    expect(await source().changeOf(question('v1'), patient)).toMatchObject({
      kind: 'unknown',
      commit: await service.head(),
      because: expect.stringContaining('no version ran here before'),
    });
  });
});

describe('the host', () => {
  test('is asked in the background where nobody may wait, and the next question is answered at once', async () => {
    await tag('v1');
    const code = source();
    const asked = question('v1', { version: 'v1' });
    expect(await code.changeOf(asked, { maxAgeMs: 60_000, waitMs: 0 })).toEqual({ kind: 'later' });
    expect((await code.changeOf(asked, { maxAgeMs: 60_000, waitMs: 20_000 })).kind).toBe('known');
    expect((await code.changeOf(asked, { maxAgeMs: 60_000, waitMs: 0 })).kind).toBe('known');
  });

  test('is asked again about a version that was pushed a moment ago', async () => {
    await tag('v1');
    const code = source();
    const fresh = { maxAgeMs: 60_000, waitMs: 20_000 };
    await code.changeOf(question('v1', { version: 'v1' }), fresh);
    await service.commit({ 'src/pay.ts': 'x\n' });
    await tag('v2');
    expect(await code.changeOf(question('v2', { version: 'v1' }), { ...fresh, waitMs: 0 })).toEqual({ kind: 'later' });
    expect((await code.changeOf(question('v2', { version: 'v1' }), fresh)).kind).toBe('known');
  });

  test('is not needed for whole commit ids, and says nothing of names while it is away', async () => {
    const before = await service.head();
    const after = await service.commit({ 'src/pay.ts': 'x\n' });
    const code = source();
    await code.changeOf(question('main', { version: before }), patient);
    renameSync(service.path, `${service.path}.away`);

    expect((await code.changeOf(question(after, { version: before }), patient)).kind).toBe('known');
    expect(await code.changeOf(question('main', { version: before }), patient)).toMatchObject({
      kind: 'unknown',
      isAway: true,
    });
    expect((await code.changeOf(question('main', { version: before }), { maxAgeMs: Infinity, waitMs: 0 })).kind).toBe(
      'known',
    );
  });

  test.each([
    ['a helper program', 'ext::sh -c touch% /tmp/x'],
    ['an option', '--upload-pack=touch /tmp/x'],
    ['a password', 'https://ann:secret@git.example/x.git'],
  ])('is not asked when its address is %s', async (_what, url) => {
    const asked = question('v1', { version: 'v1' });
    const answer = await source().changeOf({ ...asked, connection: { ...asked.connection, url } }, patient);
    expect(answer).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('is not a repository Signalbox can use'),
    });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test('is not asked without the secret that its connection names', async () => {
    const asked = question('v1', { version: 'v1' });
    const connection = { ...asked.connection, url: 'https://git.example/x.git', token: { env: 'CODE_TOKEN' } };
    const missing = async (): Promise<string> => {
      throw Object.assign(new Error('The secret CODE_TOKEN is not there'), { name: 'StepError' });
    };
    expect(await source(missing).changeOf({ ...asked, connection }, patient)).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('CODE_TOKEN is not there'),
    });
  });
});

describe('a repository without bounds', () => {
  test('tells no paths and no authors where there are too many, and still their numbers', async () => {
    await tag('v1');
    const parts: string[] = [];
    for (let at = 0; at < 2_100; at++)
      parts.push(
        `commit refs/heads/main\nauthor A${at} <a${at}@x.example> ${1_800_000_000 + at} +0000\ncommitter A <a@x.example> ${1_800_000_000 + at} +0000\ndata 1\nx\n${at === 0 ? 'from refs/heads/main^0\n' : ''}M 100644 inline "f${at}"\ndata 1\nx\n`,
      );
    await service.git(['fast-import', '--quiet', '--done', '--date-format=raw'], `${parts.join('')}done\n`);
    await tag('v2');

    const change = await known(question('v2', { version: 'v1' }));
    expect(change).toMatchObject({ commits: 2_100, filesChanged: 2_100, linesAdded: 2_100 });
    expect(change).not.toHaveProperty('paths');
    expect(change).not.toHaveProperty('authors');
    expect(change).not.toHaveProperty('firstByAuthor');
    expect(change).not.toHaveProperty('codeowners');
  });

  test('takes no longer than it may: what is not answered in time is absent', async () => {
    await tag('v1');
    await service.commit({ 'src/pay.ts': 'x\n' });
    await tag('v2');
    const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-code-'));
    const repository = openCodeRepository({ url: service.url, dataDir, now: () => Date.now(), askMs: 1 });
    opened.push(repository);
    await repository.fetch();
    const [from, to] = [await service.head('v1'), await service.head('v2')];
    expect(await repository.difference({ from, to })).not.toHaveProperty('commits');
  });
});
