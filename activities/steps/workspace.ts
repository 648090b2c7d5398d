import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PackedFolder } from '../../src/operation/plan';
import { startOf } from '../processes/living';
import { unpackBody } from './packed-body';

/** A folder that one attempt has for itself, with what the plan lets it work with. */
export interface Workspace {
  readonly root: string;
  /** Where programs believe their user lives; empty at first. */
  readonly home: string;
  /** For what programs put aside. */
  readonly temporary: string;
  /** A folder of the policy repository as it was approved. Throws when the plan does not have it. */
  folder(path: string): string;
  /** Writes a file that only this attempt sees, and gives its path. */
  write(name: string, body: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a fresh folder that only this user can look into and fills it with the plan's folders. */
export async function makeWorkspace(spec: {
  readonly place: string;
  readonly trees: { readonly [folder: string]: PackedFolder };
  readonly readBlob: (digest: string) => Promise<Buffer>;
}): Promise<Workspace> {
  const root = join(spec.place, `${process.pid}-${startOf(process.pid) ?? 0}-${randomBytes(8).toString('hex')}`);
  const [home, temporary, files, repository] = ['home', 'tmp', 'files', 'repository'].map((name) => join(root, name));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 3 });
  await mkdir(spec.place, { recursive: true, mode: 0o700 });
  await mkdir(root, { mode: 0o700 });
  try {
    for (const folder of [home!, temporary!, files!, repository!]) await mkdir(folder, { mode: 0o700 });
    for (const [folder, { digest }] of outermost(spec.trees))
      await fill(join(repository!, folder), (await spec.readBlob(digest)).toString('utf8'));
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    root,
    home: home!,
    temporary: temporary!,
    folder(path) {
      if (!Object.hasOwn(spec.trees, path)) throw new Error(`the plan has no folder ${path}`);
      return join(repository!, path);
    },
    async write(name, body) {
      if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) throw new Error(`${name} is no plain name of a file`);
      const path = join(files!, name);
      await writeFile(path, body, { mode: 0o600 });
      return path;
    },
    remove,
  };
}

/** Folders that lie in no other of them: a packed folder brings those inside of it along. */
function outermost(trees: { readonly [folder: string]: PackedFolder }): readonly (readonly [string, PackedFolder])[] {
  const folders = Object.keys(trees);
  return Object.entries(trees).filter(([folder]) => !folders.some((outer) => folder.startsWith(`${outer}/`)));
}

async function fill(folder: string, body: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { path, isProgram, body: bytes } of unpackBody(body)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, bytes, { mode: isProgram ? 0o700 : 0o600, flag: 'wx' });
  }
}

/** Removes what attempts of processes that were killed have left; gives how many folders. */
export async function removeAbandoned(place: string): Promise<number> {
  if (startOf(process.pid) === undefined) return 0;
  let removed = 0;
  for (const name of await readdir(place).catch(() => [])) {
    const [, pid, start] = /^(\d+)-(\d+)-[0-9a-f]{16}$/.exec(name) ?? [];
    if (pid === undefined || startOf(Number(pid)) === start) continue;
    await rm(join(place, name), { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}
