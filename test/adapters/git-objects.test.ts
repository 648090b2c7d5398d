import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMirror, type Mirror } from '../../activities/adapters/git';
import { remoteUrl } from '../../activities/adapters/git-names';
import { listFolders, listTree, relationOf, sizesOf, subFolders } from '../../activities/adapters/git-objects';
import { parseTree } from '../../activities/adapters/git-trees';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A repository and a mirror of it; `sync` brings the mirror up to date. */
async function mirrored(): Promise<{ remote: TestRepository; mirror: Mirror; sync: () => Promise<void> }> {
  const remote = await makeRepository();
  const data = await mkdtemp(join(tmpdir(), 'signalbox-data-'));
  const url = remoteUrl(remote.url);
  const mirror = await openMirror({ folder: join(data, 'm.git'), remote: url, timeoutMs: 20_000 });
  cleanUps.push(
    remote.remove,
    () => rm(data, { recursive: true, force: true, maxRetries: 3 }),
    () => mirror.close(),
  );
  return { remote, mirror, sync: () => mirror.fetch([], ['+refs/heads/*:refs/mirror/heads/*']) };
}

/** What Git itself lists. */
async function listedByGit(remote: TestRepository, args: readonly string[]) {
  const out = await remote.git(['ls-tree', '-r', '-z', '--full-tree', ...args]);
  return out
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [, mode, type, id, path] = /^(\d+) (\w+) (\w+)\t([^]*)$/.exec(line) ?? [];
      return { mode, type, id, path };
    });
}

const odd = {
  'README.md': 'top',
  'a b/c d.txt': 'space',
  'a-b/x': 'sorts before a folder named a',
  'a/x': 'in a',
  'a.b': 'sorts before a/',
  'ümläut/日本.yaml': 'unicode',
  'line\nbreak/n\tt': 'line break',
  'deep/1/2/3/4/5/6/7/8': 'deep',
  'deep/1/2/same': 'top',
  'run.sh': { mode: '100755', content: 'x' },
  link: { mode: '120000', content: 'README.md' },
  'a/link': { mode: '120000', content: '../..' },
  module: { submodule: '1'.repeat(40) },
} as const;

describe('listing what a commit holds', () => {
  it.each([
    [undefined],
    [['a']],
    [['deep/1', 'a']],
    [['none']],
    [['README.md']],
    [['deep/1/2/3/4/5/6/7/8']],
    [['link']],
  ])('lists the same as Git does under %j', async (folders: readonly string[] | undefined) => {
    const { remote, mirror, sync } = await mirrored();
    const commit = await remote.commit(odd);
    await sync();
    const listed = await listTree(mirror, { commit, folders });
    const expected = await Promise.all(
      (folders ?? ['']).map((folder) => listedByGit(remote, [commit, ...(folder ? ['--', `${folder}/`] : [])])),
    );
    expect(listed).toEqual(expected.flat());
  });

  it('lists nothing under no folders', async () => {
    const { remote, mirror, sync } = await mirrored();
    const commit = await remote.commit(odd);
    await sync();
    expect(await listTree(mirror, { commit, folders: [] })).toEqual([]);
  });

  it('lists folders by their full paths, and finds one of a name in some of them', async () => {
    const { remote, mirror, sync } = await mirrored();
    const commit = await remote.commit({
      'days/1/op/f': 'a',
      'days/2/op/f': 'b',
      'days/3/other/f': 'c',
      'days/4/op': 'file',
    });
    await sync();
    expect((await listFolders(mirror, { commit, folders: ['days', 'none'] })).map(({ path }) => path)).toEqual([
      'days/1',
      'days/2',
      'days/3',
      'days/4',
    ]);
    const parents = await listFolders(mirror, { commit, folders: ['days'] });
    const paths = async (name: string) => (await subFolders(mirror, { parents, name })).map(({ path }) => path);
    expect(await paths('op')).toEqual(['days/1/op', 'days/2/op']);
    expect(await paths('o')).toEqual([]);
    expect(await paths('p')).toEqual([]);
  });

  it('reads nothing twice that two commits have in common', async () => {
    const { remote, mirror, sync } = await mirrored();
    const first = await remote.commit({ 'a/1': 'x', 'b/1': 'x', 'c/1': 'y' });
    const second = await remote.commit({ 'a/2': 'z' });
    await sync();
    await listTree(mirror, { commit: first });
    const asked: string[] = [];
    const { contents } = mirror.objects;
    jest.spyOn(mirror.objects, 'contents').mockImplementation((names) => {
      asked.push(...names);
      return contents.call(mirror.objects, names);
    });
    expect(await listTree(mirror, { commit: second })).toHaveLength(4);
    expect(asked).toHaveLength(2);
    expect(await listTree(mirror, { commit: first })).toHaveLength(3);
    expect(asked).toHaveLength(2);
  });

  it('refuses a commit that is not there, and an id that is no tree', async () => {
    const { remote, mirror, sync } = await mirrored();
    const commit = await remote.commit({ a: 'x' });
    await sync();
    const [entry] = await listTree(mirror, { commit });
    await expect(listTree(mirror, { commit: '3'.repeat(40) })).rejects.toMatchObject({ name: 'GitFailure' });
    await expect(listTree(mirror, { commit: entry!.id })).rejects.toMatchObject({ name: 'GitFailure' });
    await expect(mirror.trees.read([entry!.id])).rejects.toMatchObject({ name: 'GitFailure' });
    await expect(listTree(mirror, { commit: 'main' })).rejects.toThrow(TypeError);
  });

  it('does not follow trees that name one another until memory is full', async () => {
    const { remote, mirror, sync } = await mirrored();
    const blob = (await remote.git(['hash-object', '-w', '--stdin'], 'x')).trim();
    const tree = async (line: string) =>
      (await remote.git(['mktree'], Array.from({ length: 10 }, (_, n) => `${line}\tf${n}\n`).join(''))).trim();
    let top = await tree(`100644 blob ${blob}`);
    for (let level = 0; level < 8; level++) top = await tree(`040000 tree ${top}`);
    const commit = (await remote.git(['commit-tree', top, '-m', 'bomb'])).trim();
    await remote.git(['update-ref', 'refs/heads/main', commit]);
    await sync();
    await expect(listTree(mirror, { commit })).rejects.toMatchObject({ name: 'GitFailure' });
  });

  it('tells the bytes of objects that exist', async () => {
    const { remote, mirror, sync } = await mirrored();
    const commit = await remote.commit({ a: 'four', b: '' });
    await sync();
    const [a, b] = await listTree(mirror, { commit });
    expect(await sizesOf(mirror, [a!.id, b!.id, a!.id, '3'.repeat(40)])).toEqual(
      new Map([
        [a!.id, 4],
        [b!.id, 0],
      ]),
    );
  });

  it('sees what a mirror holds that was thrown away and fetched again', async () => {
    const { remote, mirror, sync } = await mirrored();
    const commit = await remote.commit({ a: 'x' });
    await sync();
    expect(await mirror.commitAt(commit)).toBe(commit);
    await mirror.rebuild();
    expect(await mirror.commitAt(commit)).toBeUndefined();
    await sync();
    expect(await mirror.commitAt('refs/mirror/heads/main')).toBe(commit);
    mirror.close();
    expect(await mirror.commitAt(commit)).toBe(commit);
  });
});

describe('a tree as bytes', () => {
  const id = 'a'.repeat(40);
  const entry = (mode: string, name: Uint8Array | string) =>
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name as string), Buffer.from([0]), Buffer.alloc(20, 7)]);

  it.each([
    ['40000', '040000', 'tree'],
    ['040000', '040000', 'tree'],
    ['100644', '100644', 'blob'],
    ['100664', '100644', 'blob'],
    ['100775', '100755', 'blob'],
    ['120000', '120000', 'blob'],
    ['160000', '160000', 'commit'],
    ['10644', '160000', 'commit'],
  ])('takes the mode %s as Git does', (given, mode, type) => {
    expect(parseTree({ id, body: entry(given, 'n') })).toEqual([{ mode, type, id: '07'.repeat(20), name: 'n' }]);
  });

  it('marks names that are not UTF-8', () => {
    expect(parseTree({ id, body: entry('100644', Buffer.from([0x61, 0xff])) })[0]?.name).toBe('a\ufffd');
  });

  it.each([
    ['ends in an id', entry('100644', 'n').subarray(0, -1)],
    ['ends in a name', Buffer.from('100644 n')],
    ['has no mode', Buffer.concat([Buffer.from(' n\0'), Buffer.alloc(20, 7)])],
    ['is text', Buffer.from('hello there\0, this is no tree at all, not even nearly')],
  ])('refuses bytes that are none because it %s', (_, body) => {
    expect(() => parseTree({ id, body })).toThrow(/damaged/);
  });
});

describe('how two commits stand to each other', () => {
  it('is told for neighbours, for distant ones and for strangers', async () => {
    const { remote, mirror, sync } = await mirrored();
    const who = 'committer x <x@example.com> 1700000000 +0000';
    const commits = Array.from(
      { length: 70 },
      (_, n) => `commit refs/heads/main\n${who}\ndata 0\nM 100644 inline f\ndata 2\n${String(n).padStart(2, '0')}\n`,
    );
    await remote.git(['fast-import', '--quiet', '--done'], `${commits.join('')}done\n`);
    const line = (await remote.git(['rev-list', '--reverse', 'main'])).trim().split('\n');
    const stranger = await remote.commit({ other: 'x' }, 'Other', { branch: 'other' });
    await sync();
    const relation = (known: string, there: string) => relationOf(mirror, { known, there });
    const local = jest.spyOn(mirror, 'local');
    expect(await relation(line[5]!, line[5]!)).toBe('follows');
    expect(await relation(line[5]!, line[6]!)).toBe('follows');
    expect(await relation(line[40]!, line[2]!)).toBe('precedes');
    expect(local).not.toHaveBeenCalled();
    expect(await relation(line[0]!, line[69]!)).toBe('follows');
    expect(await relation(line[69]!, line[0]!)).toBe('precedes');
    expect(await relation(line[3]!, stranger)).toBe('unrelated');
  });
});
