import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Files, TestRepository } from './git-repository';

const run = promisify(execFile);

/** A key of somebody who signs commits. */
export interface SigningKey {
  /** As in an authorized_keys file, with the owner's name. */
  readonly line: string;
  /** File of the private key. */
  readonly file: string;
  readonly fingerprint: string;
}

export interface KeyRing {
  make(owner: string): Promise<SigningKey>;
  remove(): Promise<void>;
}

export async function makeKeyRing(): Promise<KeyRing> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-keys-'));
  return {
    async make(owner) {
      const file = join(folder, owner.replace(/\W/g, '-'));
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', owner, '-f', file]);
      const { stdout } = await run('ssh-keygen', ['-l', '-f', file]);
      const line = (await readFile(`${file}.pub`, 'utf8')).trim();
      return { line, file, fingerprint: /SHA256:\S+/.exec(stdout)![0] };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Puts a signed commit with the same files in the place of an unsigned one; gives its id. */
export async function sign(
  repository: TestRepository,
  { commit, key, parents }: { readonly commit: string; readonly key: SigningKey; readonly parents?: readonly string[] },
): Promise<string> {
  const had = (await repository.git(['rev-list', '--parents', '--max-count=1', commit])).trim().split(' ').slice(1);
  const from = (parents ?? had).flatMap((parent) => ['-p', parent]);
  const settings = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key.file}`];
  const args = [...settings, 'commit-tree', '-S', ...from, '-m', 'Signed', `${commit}^{tree}`];
  return (await repository.git(args)).trim();
}

/** Commits files on `main`, signed. */
export async function commitSigned(repository: TestRepository, files: Files, key: SigningKey): Promise<string> {
  const signed = await sign(repository, { commit: await repository.commit(files), key });
  await repository.git(['update-ref', 'refs/heads/main', signed]);
  return signed;
}
