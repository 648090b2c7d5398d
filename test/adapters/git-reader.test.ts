import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { openObjectReader, type ObjectReader, type ObjectReaderOptions } from '../../activities/adapters/git-reader';
import { isAlive } from '../../activities/adapters/git-lock';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function repository(): Promise<TestRepository> {
  const made = await makeRepository({ files: { 'a.txt': 'one' } });
  cleanUps.push(made.remove);
  return made;
}

const plain = (path: string) => ({ PATH: path, GIT_DIR: '.', LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1' });

function open(at: TestRepository, more: Partial<ObjectReaderOptions> = {}): ObjectReader {
  const reader = openObjectReader({ folder: at.path, env: plain(process.env.PATH!), timeoutMs: 20_000, ...more });
  cleanUps.push(() => reader.restart());
  return reader;
}

/**
 * A `git` that notes what it is started for, and does `script` in place of `cat-file`; `real` is the true one. `$calls`
 * counts how often `cat-file` was started.
 */
async function standIn(script: string, version = 'git version 2.39.5') {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-git-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const lines = [
    '#!/bin/sh',
    `real() { PATH=${JSON.stringify(process.env.PATH)} exec git "$@"; }`,
    `if [ "$1" = --version ]; then echo "${version}"; exit; fi`,
    `echo "$$ $*" >> ${folder}/calls`,
    `calls=$(wc -l < ${folder}/calls)`,
    script,
  ];
  await writeFile(join(folder, 'git'), lines.join('\n'));
  await chmod(join(folder, 'git'), 0o755);
  return {
    env: plain(`${folder}${delimiter}${process.env.PATH}`),
    calls: async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n'),
  };
}

const text = (answers: Awaited<ReturnType<ObjectReader['contents']>>) =>
  Object.fromEntries([...answers].map(([name, { body }]) => [name, body.toString('utf8')]));

describe('reading objects', () => {
  it('gives bytes as they are: binary, empty, large and without a line break at the end', async () => {
    const at = await repository();
    const binary = Buffer.from([0, 10, 13, 255, 254, 10, 10]);
    const large = Buffer.alloc(3_000_000, 'x\n');
    const commit = await at.commit({ binary, empty: '', large, plain: 'no end' });
    const names = ['binary', 'empty', 'large', 'plain'].map((name) => `${commit}:${name}`);
    const answers = await open(at).contents(names);
    expect(names.map((name) => answers.get(name)?.body.equals(Buffer.alloc(0)))).toEqual([false, true, false, false]);
    expect(answers.get(names[0]!)?.body).toEqual(binary);
    expect(answers.get(names[2]!)?.body.equals(large)).toBe(true);
    expect(answers.get(names[3]!)).toMatchObject({ type: 'blob', size: 6 });
    expect(answers.get(names[3]!)?.id).toMatch(/^[0-9a-f]{40}$/);
  });

  it('tells sizes without reading, and commits behind names', async () => {
    const at = await repository();
    const commit = await at.head();
    const names = [
      'refs/heads/main^{commit}',
      `${commit}:a.txt`,
      'refs/heads/none^{commit}',
      `${commit}:a.txt^{commit}`,
    ];
    const answers = await open(at).infos(names);
    expect([...answers.keys()]).toEqual(names.slice(0, 2));
    expect(answers.get(names[0]!)).toMatchObject({ id: commit, type: 'commit' });
    expect(answers.get(names[1]!)).toMatchObject({ size: 3, body: Buffer.alloc(0) });
  });

  it('leaves out what does not exist, wherever it stands, and what is in a submodule', async () => {
    const at = await repository();
    const commit = await at.commit({ sub: { submodule: '1'.repeat(40) }, z: 'last' });
    const names = [
      `${commit}:none`,
      '2'.repeat(40),
      `${commit}:a.txt`,
      `${commit}:sub`,
      `${commit}:z`,
      `${commit}:x y missing`,
    ];
    expect(text(await open(at).contents(names))).toEqual({ [names[2]!]: 'one', [names[4]!]: 'last' });
  });

  it.each(['with space', ' leading', 'trailing ', 'ümläut – 日本', 'quote"\'$(x)', 'a missing', '-dash', '*?[x]'])(
    'reads a path named %j',
    async (path) => {
      const at = await repository();
      const commit = await at.commit({ [path]: `body of ${path}` });
      expect(text(await open(at).contents([`${commit}:${path}`]))).toEqual({
        [`${commit}:${path}`]: `body of ${path}`,
      });
    },
  );

  it.each(['a\nflush', 'a\r', 'a\0b', '', ' a'])('refuses the name %j and goes on with others', async (name) => {
    const at = await repository();
    const reader = open(at);
    const good = `${await at.head()}:a.txt`;
    await expect(reader.contents([good, name])).rejects.toThrow(TypeError);
    expect(text(await reader.contents([good]))).toEqual({ [good]: 'one' });
  });

  it.each(['fast-import', 'fetch'])('sees an object that %s brings after it was missing', async (how) => {
    const at = await repository();
    const reader = open(at);
    const other = await repository();
    const from = how === 'fetch' ? other : at;
    const before = await at.head();
    expect((await reader.infos([before])).size).toBe(1);
    const missing = (await at.git(['hash-object', '--stdin'], 'later')).trim();
    expect((await reader.contents([missing])).size).toBe(0);
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`f${n}`, `later ${n}`]));
    const commit = await from.commit({ ...files, later: 'later' });
    if (how === 'fetch')
      await at.git(['-c', 'fetch.unpackLimit=1', 'fetch', '--quiet', other.url, '+refs/heads/*:refs/mirror/*']);
    expect(text(await reader.contents([missing, `${commit}:f7`]))).toEqual({
      [missing]: 'later',
      [`${commit}:f7`]: 'later 7',
    });
    const moved = how === 'fetch' ? 'refs/mirror/main' : 'refs/heads/main';
    expect((await reader.infos([`${moved}^{commit}`])).get(`${moved}^{commit}`)?.id).toBe(commit);
  });

  it('answers many callers at once with one process, each with its own', async () => {
    const at = await repository();
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, `body ${n}`]));
    const commit = await at.commit(files);
    const git = await standIn('real "$@"');
    const reader = open(at, { env: git.env });
    const all = await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        n % 3 === 0 ? reader.infos([`${commit}:f${n}`]) : reader.contents([`${commit}:f${n}`, `${commit}:none`]),
      ),
    );
    all.forEach((answers, n) => expect(text(answers)).toEqual({ [`${commit}:f${n}`]: n % 3 === 0 ? '' : `body ${n}` }));
    expect(await git.calls()).toHaveLength(1);
  });

  it('reads no more at once than it may hold', async () => {
    const at = await repository();
    const commit = await at.commit({ large: 'x'.repeat(200_000) });
    const reader = open(at, { maxBytes: 100_000 });
    await expect(reader.contents([`${commit}:large`])).rejects.toMatchObject({ name: 'GitFailure' });
    expect(text(await reader.contents([`${commit}:a.txt`]))).toEqual({ [`${commit}:a.txt`]: 'one' });
  });
});

describe('a process that fails', () => {
  it('is replaced when it was killed between two requests', async () => {
    const at = await repository();
    const git = await standIn('real "$@"');
    const reader = open(at, { env: git.env });
    const name = `${await at.head()}:a.txt`;
    for (const round of [1, 2, 3]) {
      expect(text(await reader.contents([name]))).toEqual({ [name]: 'one' });
      const calls = await git.calls();
      expect(calls).toHaveLength(round);
      process.kill(Number(calls.at(-1)!.split(' ')[0]), 'SIGKILL');
    }
    expect(text(await reader.contents([name]))).toEqual({ [name]: 'one' });
  });

  it.each([
    ['is killed in the middle of an answer', 'read x; printf "%040d blob 9\\nab" 1; kill -9 $$'],
    ['ends before it answers', 'exit 0'],
    ['hangs', 'exec sleep 60'],
    ['hangs in the middle of an answer', 'read x; printf "%040d blob 9\\nab" 1; exec sleep 60'],
    ['answers another question', 'read x; echo "refs/x missing"; exec sleep 60'],
    ['answers nonsense', 'read x; echo "hello there"; exec sleep 60'],
    ['answers with a size that is none', 'read x; printf "%040d blob -1\\n\\n" 1; exec sleep 60'],
    ['answers with an object that is longer than it says', 'read x; printf "%040d blob 1\\nabc\\n" 1; exec sleep 60'],
    ['answers twice', 'read x; printf "%040d blob 1\\na\\n%040d blob 1\\na\\n" 1 1; exec sleep 60'],
    ['answers without end', 'exec tr "\\\\0" x < /dev/zero'],
  ])('gives the caller the right answer from the next one when it %s', async (_, script) => {
    const at = await repository();
    const git = await standIn(`if [ $calls = 1 ]; then ${script}; fi; real "$@"`);
    const reader = open(at, { env: git.env, timeoutMs: 3000 });
    const name = `${await at.head()}:a.txt`;
    expect(text(await reader.contents([name]))).toEqual({ [name]: 'one' });
    const [first = ''] = await git.calls();
    while (isAlive(Number(first.split(' ')[0]))) await new Promise((next) => setTimeout(next, 10));
    expect(await git.calls()).toHaveLength(2);
  });

  it('is tried a bounded number of times, says why, and is tried again for the next caller', async () => {
    const at = await repository();
    const git = await standIn('if [ $calls -le 2 ]; then echo "fatal: disk is gone" >&2; exit 128; fi; real "$@"');
    const reader = open(at, { env: git.env });
    const name = `${await at.head()}:a.txt`;
    await expect(reader.contents([name])).rejects.toMatchObject({ name: 'GitFailure', words: 'fatal: disk is gone' });
    expect(text(await reader.contents([name]))).toEqual({ [name]: 'one' });
  });

  it('says that it took too long when that lasts', async () => {
    const at = await repository();
    const git = await standIn('exec sleep 60');
    const reader = open(at, { env: git.env, timeoutMs: 200 });
    await expect(reader.contents(['a'])).rejects.toMatchObject({ name: 'GitFailure', kind: 'timeout' });
  });

  it('makes a request again that was under way when it was restarted', async () => {
    const at = await repository();
    const reader = open(at);
    const name = `${await at.head()}:a.txt`;
    await reader.contents([name]);
    const asked = reader.contents([name]);
    await Promise.resolve();
    reader.restart();
    expect(text(await asked)).toEqual({ [name]: 'one' });
  });
});

describe('the process beside this one', () => {
  it('ends when nobody asks for a while, and is started again', async () => {
    const at = await repository();
    const git = await standIn('real "$@"');
    const reader = open(at, { env: git.env, idleMs: 20 });
    const name = `${await at.head()}:a.txt`;
    await reader.contents([name]);
    const [first = ''] = await git.calls();
    while (isAlive(Number(first.split(' ')[0]))) await new Promise((next) => setTimeout(next, 10));
    expect(text(await reader.contents([name]))).toEqual({ [name]: 'one' });
  });

  it.each(['it is done', 'it is killed'])('neither keeps its parent alive nor outlives it when %s', async (how) => {
    const at = await repository();
    const git = await standIn('real "$@"');
    const script = `
      const { openObjectReader } = require('./activities/adapters/git-reader.ts');
      const reader = openObjectReader({ folder: ${JSON.stringify(at.path)}, env: ${JSON.stringify(git.env)}, timeoutMs: 20000 });
      reader.infos(['HEAD']).then(() => { console.log('read'); ${how === 'it is killed' ? 'setInterval(() => 0, 1000)' : ''} });
    `;
    const child = spawn(process.execPath, ['-r', './test/helpers/typescript-hook.cjs', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    if (how === 'it is killed') child.kill('SIGKILL');
    await once(child, 'close');
    const [first = ''] = await git.calls();
    while (isAlive(Number(first.split(' ')[0]))) await new Promise((next) => setTimeout(next, 10));
  });

  it('is one for each request where Git cannot keep it, with the same answers', async () => {
    const at = await repository();
    const commit = await at.commit({ empty: '' });
    const git = await standIn('real "$@"', 'git version 2.30.2');
    const reader = open(at, { env: git.env });
    const names = [`${commit}:a.txt`, `${commit}:none`, `${commit}:empty`];
    expect(text(await reader.contents(names))).toEqual({ [names[0]!]: 'one', [names[2]!]: '' });
    expect((await reader.infos(names)).get(names[0]!)?.size).toBe(3);
    expect((await git.calls()).map((call) => call.split(' ').slice(1).join(' '))).toEqual([
      'cat-file --batch --buffer',
      'cat-file --batch-check --buffer',
    ]);
  });
});
