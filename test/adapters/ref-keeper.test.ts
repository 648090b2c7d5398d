import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMirror } from '../../activities/adapters/git';
import { remoteUrl } from '../../activities/adapters/git-names';
import { RefKeeper } from '../../activities/adapters/ref-keeper';
import { makeRepository } from '../helpers/git-repository';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const ref = 'refs/signalbox/tip';

async function given(restMs: number) {
  const remote = await makeRepository();
  const data = await mkdtemp(join(tmpdir(), 'signalbox-data-'));
  const url = remoteUrl(remote.url);
  const mirror = await openMirror({ folder: join(data, 'm.git'), remote: url, timeoutMs: 20_000 });
  cleanUps.push(
    remote.remove,
    () => rm(data, { recursive: true, force: true, maxRetries: 3 }),
    () => mirror.close(),
  );
  const commits = [await remote.commit({ a: '1' }), await remote.commit({ a: '2' }), await remote.commit({ a: '3' })];
  await mirror.fetch([], ['+refs/heads/*:refs/mirror/heads/*']);
  const local = jest.spyOn(mirror, 'local');
  return { mirror, local, commits, keeper: new RefKeeper(mirror, { ref, restMs }) };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((next) => setTimeout(next, 5));
}

describe('keeping a ref in the background', () => {
  it('writes the first value at once, the last one at the end, and none in between while it rests', async () => {
    const { mirror, local, commits, keeper } = await given(2 ** 30);
    keeper.keep(commits[0]!);
    await until(async () => (await mirror.commitAt(ref)) === commits[0]);
    keeper.keep(commits[1]!);
    keeper.keep(commits[2]!);
    expect(await mirror.commitAt(ref)).toBe(commits[0]);
    await keeper.close();
    expect(await mirror.commitAt(ref)).toBe(commits[2]);
    expect(local).toHaveBeenCalledTimes(2);
    await keeper.close();
    expect(local).toHaveBeenCalledTimes(2);
  });

  it('writes by itself what came while it was writing or rested', async () => {
    const { mirror, commits, keeper } = await given(20);
    keeper.keep(commits[0]!);
    keeper.keep(commits[1]!);
    await until(async () => (await mirror.commitAt(ref)) === commits[1]);
    keeper.keep(commits[2]!);
    await until(async () => (await mirror.commitAt(ref)) === commits[2]);
  });

  it('does not fail its caller when the ref cannot be written', async () => {
    const { mirror, commits, keeper } = await given(20);
    keeper.keep('4'.repeat(40));
    await keeper.close();
    expect(await mirror.commitAt(ref)).toBeUndefined();
    keeper.keep(commits[0]!);
    await keeper.close();
    expect(await mirror.commitAt(ref)).toBe(commits[0]);
  });
});
