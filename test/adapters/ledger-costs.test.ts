import { ChildProcess } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanUps, done, entry, folder, history, open, remoteRepository } from './ledger-support';

describe('what a record costs', () => {
  /** Git commands that were started since. */
  function watchGit(): () => readonly string[] {
    const prototype = ChildProcess.prototype as unknown as { spawn(options: { args: string[] }): unknown };
    const spy = jest.spyOn(prototype, 'spawn');
    cleanUps.push(async () => spy.mockRestore());
    return () => spy.mock.calls.map(([{ args }]) => args.find((arg, at) => at > 0 && !arg.startsWith('-')) ?? '');
  }

  it('is two processes for each commit, and one for each question to the remote', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote);
    await ledger.append([done('deploy-a', 'v1', '2026-11-21T10:00:00.000Z')]);
    await ledger.readOperation('deploy-a');
    const started = watchGit();
    await ledger.append([done('deploy-b', 'v2', '2026-11-21T10:00:00.000Z')]);
    await ledger.append([done('deploy-c', 'v3', '2026-11-21T10:00:00.000Z')]);
    await ledger.readOperation('deploy-b');
    await ledger.readState({ service: 'checkout', environment: 'production' });
    await ledger.history({ maxAgeMs: 60_000 });
    await ledger.recent({ sinceMs: 0, limit: 9 });
    const without = started().filter((command) => command !== 'update-ref');
    expect(without.sort()).toEqual([
      'fast-import',
      'fast-import',
      'ls-remote',
      'ls-remote',
      'ls-remote',
      'push',
      'push',
    ]);
  });

  it('does not wait for the tip to be written down, which is done at the latest at its end', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    const ledger = await open(remote, { dataDir });
    for (let n = 0; n < 8; n++) await ledger.append([entry(`deploy-${n}`)]);
    await ledger.close();
    const [name = ''] = (await readdir(dataDir)).filter((each) => each.endsWith('.git'));
    const kept = await readFile(join(dataDir, name, 'refs/signalbox/tip'), 'utf8');
    expect(kept.trim()).toBe(await remote.head('ledger'));
    expect(await ledger.verify()).toMatchObject({ ok: true, records: 8 });
  });

  it('is shared by all who ask while it rests between two commits in a row', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote, { gatherMs: 1500 });
    const first = ledger.append([entry('deploy-first')]);
    await new Promise((next) => setImmediate(() => setImmediate(next)));
    const second = ledger.append([entry('deploy-second')]);
    const { commit } = await first;
    const third = ledger.append([entry('deploy-third')]);
    expect((await second).commit).toBe((await third).commit);
    expect((await second).commit).not.toBe(commit);
    expect(await history(remote)).toHaveLength(2);
  });

  it('holds no rest before the first commit after idleness', async () => {
    const remote = await remoteRepository();
    const ledger = await open(remote, { gatherMs: 2 ** 30 });
    await ledger.append([entry('deploy-a')]);
    await ledger.append([entry('deploy-b')]);
    expect(await history(remote)).toHaveLength(2);
  });
});

describe('the signing key', () => {
  it('is made once, readable by nobody else, and said', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    const [first, second] = [await open(remote, { dataDir }), await open(remote, { dataDir })];
    expect(first.keyNote).toMatch(/LEDGER_KEY is not set/);
    expect(second.publicKeyPem).toBe(first.publicKeyPem);
    expect((await stat(join(dataDir, 'ledger-key.pem'))).mode & 0o777).toBe(0o600);
  });

  it('is the given one when there is one, and anything else is refused', async () => {
    const remote = await remoteRepository();
    const dataDir = await folder();
    const { publicKeyPem } = await open(remote, { dataDir });
    const signingKey = await readFile(join(dataDir, 'ledger-key.pem'), 'utf8');
    const other = await open(remote, { signingKey });
    expect(other.keyNote).toBeUndefined();
    expect(other.publicKeyPem).toBe(publicKeyPem);
    await expect(open(remote, { signingKey: 'secret' })).rejects.toMatchObject({ code: 'setting_invalid' });
  });
});
