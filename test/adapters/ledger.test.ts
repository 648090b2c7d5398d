import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonical } from '../../src/canonical';
import type { LedgerEntry } from '../../src/ledger/record';
import type { TestRepository } from '../helpers/git-repository';
import { done, entry, folder, history, open, remoteRepository } from './ledger-support';

async function hook(remote: TestRepository, name: string, script: string): Promise<void> {
  const file = join(remote.path, 'hooks', name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

describe('writing records', () => {
  it('starts an empty ledger with a root commit and answers with it', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote);
    const { commit } = await ledger.append([entry('deploy-a')]);
    expect(await remote.head('ledger')).toBe(commit);
    expect(await history(remote)).toEqual([{ commit, parents: 0 }]);
    const text = await remote.read('operations/2026/11/21/deploy-a/00-intent.json', 'ledger');
    expect(text).toBe(`${canonical(JSON.parse(text))}\n`);
    expect(JSON.parse(text)).toMatchObject({ format: 1, sequence: 1, previous: '0'.repeat(64), body: { note: 'ä' } });
    expect(await ledger.verify({ keys: [ledger.publicKeyPem] })).toMatchObject({ ok: true, records: 1 });
  });

  it('writes 500 records of two processes at once as one linear chain without gaps', async () => {
    const remote = await remoteRepository();
    const ledgers = [await open(remote), await open(remote)];
    const writes = Array.from({ length: 500 }, (_, n) =>
      ledgers[n % 2]!.append([entry(`deploy-${n}`, { body: { n } })]),
    );
    await Promise.all(writes);
    const commits = await history(remote);
    expect(commits.every(({ parents }) => parents <= 1)).toBe(true);
    expect(commits.length).toBeLessThan(60);
    const keys = ledgers.map(({ publicKeyPem }) => publicKeyPem);
    const verified = await ledgers[0]?.verify({ keys });
    expect(verified).toMatchObject({ ok: true, records: 500, head: { sequence: 500 } });
  });

  it('lets two processes share one folder', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    const ledgers = await Promise.all([open(remote, { dataDir }), open(remote, { dataDir })]);
    expect(ledgers[0]?.publicKeyPem).toBe(ledgers[1]?.publicKeyPem);
    await Promise.all(Array.from({ length: 40 }, (_, n) => ledgers[n % 2]!.append([entry(`deploy-${n}`)])));
    expect(await ledgers[1]?.verify()).toMatchObject({ ok: true, records: 40 });
  });

  it('does nothing when the same record comes again, also from another process', async () => {
    const remote = await remoteRepository();
    const first = await open(remote);
    const { commit } = await first.append([entry('deploy-a')]);
    expect(await first.append([entry('deploy-a')])).toEqual({ commit });
    expect(await (await open(remote)).append([entry('deploy-a'), entry('deploy-a')])).toEqual({ commit });
    expect(await history(remote)).toHaveLength(1);
  });

  it('refuses another content for a record that is there, and lets everybody else pass', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote);
    await ledger.append([entry('deploy-a')]);
    const [refused, passed] = await Promise.allSettled([
      ledger.append([entry('deploy-b'), entry('deploy-a', { body: { note: 'other' } })]),
      ledger.append([entry('deploy-c')]),
    ]);
    expect(refused).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'ledger_refused',
        data: { reason: 'conflict' },
        message: expect.stringMatching(/says something else/),
      },
    });
    expect(passed.status).toBe('fulfilled');
    expect(await ledger.readOperation('deploy-b')).toEqual([]);
    expect(await ledger.readOperation('deploy-c')).toHaveLength(1);
  });

  it.each([
    ['a climbing operation id', { operationId: '../../evil' }],
    ['an operation id with a line break', { operationId: 'a\nM 100644 inline x' }],
    ['an operation id that Git would take for a lock', { operationId: 'deploy.lock' }],
    ['a day that is none', { day: '2026-13-01' }],
    ['a body that is no JSON', { body: { n: NaN } }],
    [
      'a service that is no file name',
      { state: { ...done('a', 'v1', '2026-11-21T10:00:00Z').state!, service: 'a/b' } },
    ],
  ])('refuses %s before it can spoil what others write', async (_, more: Partial<LedgerEntry>) => {
    const remote = await remoteRepository();
    const ledger = await open(remote);
    const good = ledger.append([entry('deploy-good')]);
    await expect(ledger.append([entry('deploy-a', more)])).rejects.toThrow();
    await good;
    expect(await ledger.verify()).toMatchObject({ ok: true, records: 1 });
  });

  it('starts beside a branch that holds something else only if that is no ledger', async () => {
    const remote = await remoteRepository();
    await remote.commit({ 'README.md': 'The ledger' }, 'Start', { branch: 'ledger' });
    const ledger = await open(remote);
    await ledger.append([entry('deploy-a')]);
    expect(await remote.read('README.md', 'ledger')).toBe('The ledger');
    await remote.commit({ 'chain.json': null }, 'Break', { branch: 'ledger' });
    await expect((await open(remote)).append([entry('deploy-b')])).rejects.toMatchObject({
      data: { reason: 'damaged' },
    });
  });
});

describe('a ledger whose remote is in trouble', () => {
  it('refuses with the reason when a hook declines, tries a bounded number of times and goes on afterwards', async () => {
    const remote = await remoteRepository();
    await hook(remote, 'update', 'echo x >> hook-calls; echo "records are frozen" >&2; exit 1');
    const ledger = await open(remote);
    await expect(ledger.append([entry('deploy-a')])).rejects.toMatchObject({
      code: 'ledger_refused',
      data: { reason: 'declined' },
      message: expect.stringMatching(/records are frozen/),
    });
    expect((await readFile(join(remote.path, 'hook-calls'), 'utf8')).length).toBe(6);
    await rm(join(remote.path, 'hooks', 'update'));
    await ledger.append([entry('deploy-a')]);
    expect(await ledger.verify()).toMatchObject({ ok: true, records: 1 });
  });

  it('counts a push that arrived although its answer was lost', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote);
    await ledger.append([entry('deploy-a')]);
    // The ref has moved when this hook runs; killing the receiver then loses the reply.
    await hook(remote, 'post-update', 'kill -9 $PPID');
    await ledger.append([entry('deploy-b')]);
    await rm(join(remote.path, 'hooks', 'post-update'));
    await ledger.append([entry('deploy-b'), entry('deploy-c')]);
    expect(await ledger.verify()).toMatchObject({ ok: true, records: 3 });
  });

  it('says so when it is away, and answers questions from what it knows, also after a restart', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    const ledger = await open(remote, { dataDir });
    await ledger.append([done('deploy-a', 'v1', '2026-11-21T10:00:00Z')]);
    await rename(remote.path, `${remote.path}.away`);
    await expect(ledger.append([entry('deploy-b')])).rejects.toMatchObject({ data: { reason: 'unreachable' } });
    await expect(ledger.fetch()).rejects.toMatchObject({ code: 'ledger_refused' });
    const where = { service: 'checkout', environment: 'production' };
    expect(await ledger.readState(where)).toMatchObject({ current: { version: 'v1' } });
    const restarted = await open(remote, { dataDir });
    expect(await restarted.readState(where)).toMatchObject({ current: { version: 'v1' } });
    await expect((await open(remote)).readState(where)).rejects.toMatchObject({ data: { reason: 'unreachable' } });
    await rename(`${remote.path}.away`, remote.path);
    await restarted.append([entry('deploy-b')]);
    expect(await restarted.verify()).toMatchObject({ ok: true, records: 2 });
  });

  it.each([
    [
      'rewritten',
      async (remote: TestRepository) =>
        remote
          .commit({ x: '1' }, 'Rewrite', { branch: 'other' })
          .then((commit) => remote.git(['update-ref', 'refs/heads/ledger', commit])),
    ],
    ['deleted', (remote: TestRepository) => remote.git(['update-ref', '-d', 'refs/heads/ledger'])],
  ])('refuses to go on after its history was %s', async (_, change) => {
    const remote = await remoteRepository();
    const ledger = await open(remote);
    await ledger.append([entry('deploy-a')]);
    await change(remote);
    await expect(ledger.append([entry('deploy-b')])).rejects.toMatchObject({ data: { reason: 'rewritten' } });
  });

  it('waits out a remote whose history ends earlier, and refuses when that lasts', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote, { maxWaitMs: 300 });
    const { commit } = await ledger.append([entry('deploy-a')]);
    await ledger.append([entry('deploy-b')]);
    await remote.git(['update-ref', 'refs/heads/ledger', commit]);
    await expect(ledger.append([entry('deploy-c')])).rejects.toMatchObject({ code: 'ledger_refused' });
    expect(await remote.head('ledger')).toBe(commit);
  });

  it('loses nothing that was acknowledged when its process is killed, writes nothing twice, and leaves nothing locked', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    const acknowledged: string[] = [];
    for (const round of [0, 1, 2]) {
      const args = ['-r', './test/helpers/typescript-hook.cjs', './test/helpers/ledger-writer.ts'];
      const child = spawn(process.execPath, [...args, remote.url, dataDir, `r${round}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      await new Promise<void>((enough, fail) => {
        child.once('exit', (code) => fail(new Error(`the writer ended by itself with ${code}`)));
        child.stdout.on('data', (chunk) => {
          text += String(chunk);
          if (text.split('\n').length > 4 + round) enough();
        });
      });
      child.kill('SIGKILL');
      await once(child, 'close');
      acknowledged.push(...text.split('\n').slice(0, -1));
    }
    const ledger = await open(remote, { dataDir });
    await ledger.append([entry('deploy-after')]);
    const { records } = await ledger.readAll();
    const written = records.map(({ path }) => path.split('/')[4]);
    expect(written).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(written).size).toBe(written.length);
    expect(await ledger.verify({ keys: [ledger.publicKeyPem] })).toMatchObject({ ok: true });
  });

  it('outlives the deletion of its mirror', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    await (await open(remote, { dataDir })).append([entry('deploy-a')]);
    for (const name of await readdir(dataDir))
      if (name.endsWith('.git')) await rm(join(dataDir, name), { recursive: true });
    const ledger = await open(remote, { dataDir });
    await ledger.append([entry('deploy-b')]);
    expect(await ledger.verify({ keys: [ledger.publicKeyPem] })).toMatchObject({ ok: true, records: 2 });
  });
});

describe('reading the ledger', () => {
  it('gives state, operations, recent records and the whole history', async () => {
    const remote = await remoteRepository();
    const writer = await open(remote);
    const ledger = await open(remote);
    expect(await ledger.readState({ service: 'checkout', environment: 'production' })).toEqual({
      format: 1,
      service: 'checkout',
      environment: 'production',
      history: [],
    });
    expect(await ledger.recent({ sinceMs: 0, limit: 5 })).toEqual([]);
    await writer.append([
      entry('deploy-a', { body: { service: 'checkout' }, day: '2026-11-20', at: '2026-11-20T10:00:00.000Z' }),
    ]);
    await writer.append([
      done('deploy-b', 'v1', '2026-11-21T10:00:00.000Z'),
      done('deploy-c', 'v2', '2026-11-21T11:00:00.000Z'),
    ]);
    await writer.append([done('deploy-d', 'v7', '2026-11-21T12:00:00.000Z', 'search')]);
    await writer.append([{ ...done('deploy-a', 'v3', '2026-11-22T09:00:00.000Z'), day: '2026-11-20' }]);

    const state = await ledger.readState({ service: 'checkout', environment: 'production' });
    expect(state.history.map(({ version }) => version)).toEqual(['v3', 'v2', 'v1']);
    expect((await ledger.history()).map(({ service }) => service)).toEqual(['checkout', 'search']);
    expect((await ledger.readOperation('deploy-a')).map(({ event }) => event)).toEqual(['intent', 'outcome']);
    expect(await ledger.readOperation('deploy-unknown')).toEqual([]);
    expect(await ledger.readOperation('../../state')).toEqual([]);
    const names = (records: readonly { operation: string }[]) => records.map(({ operation }) => operation);
    const since = (text: string) => Date.parse(text);
    expect(names(await ledger.recent({ sinceMs: since('2026-11-21T10:30:00Z'), limit: 9 }))).toEqual([
      'deploy-a',
      'deploy-d',
      'deploy-c',
    ]);
    expect(names(await ledger.recent({ service: 'checkout', sinceMs: 0, limit: 3 }))).toEqual([
      'deploy-a',
      'deploy-c',
      'deploy-b',
    ]);
    expect(names(await ledger.recent({ service: 'search', sinceMs: 0, limit: 9 }))).toEqual(['deploy-d']);
  });

  it('reads an operation whose records stand under several days, and what others wrote meanwhile', async () => {
    const remote = await remoteRepository();
    const [writer, ledger] = [await open(remote), await open(remote)];
    await writer.append([entry('deploy-a', { day: '2025-12-31' }), entry('deploy-a2', { day: '2026-11-21' })]);
    expect(await ledger.readOperation('deploy-a')).toHaveLength(1);
    await writer.append([entry('deploy-a', { event: 'outcome', index: 1, day: '2026-01-01' })]);
    expect((await ledger.readOperation('deploy-a')).map(({ event }) => event)).toEqual(['intent', 'outcome']);
    expect(await ledger.readOperation('deploy')).toEqual([]);
  });

  it('shows each service as it is at the newest commit, also when only another one changed', async () => {
    const remote = await remoteRepository();
    const [writer, ledger] = [await open(remote), await open(remote)];
    const versions = async () => (await ledger.history()).map(({ current }) => current?.version);
    await writer.append([
      done('deploy-a', 'v1', '2026-11-21T10:00:00.000Z'),
      done('deploy-b', 'v1', '2026-11-21T10:00:00.000Z', 'search'),
    ]);
    expect(await versions()).toEqual(['v1', 'v1']);
    await writer.append([done('deploy-c', 'v2', '2026-11-21T11:00:00.000Z', 'search')]);
    expect(await versions()).toEqual(['v1', 'v2']);
    await remote.commit({ 'state/production/search.json': null }, 'Forget', { branch: 'ledger' });
    expect(await versions()).toEqual(['v1']);
  });

  it('tells for health checks which commit it knows and when the remote last answered', async () => {
    const remote = await remoteRepository();
    let now = Date.UTC(2026, 10, 21);
    const ledger = await open(remote, { now: () => new Date(now) });
    expect(ledger.tip()).toEqual({ commit: undefined, seenAt: undefined, ageMs: undefined });
    const { commit } = await ledger.append([entry('deploy-a')]);
    now += 5000;
    expect(ledger.tip()).toEqual({ commit, seenAt: '2026-11-21T00:00:00.000Z', ageMs: 5000 });
  });
});
