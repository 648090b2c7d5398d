import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const mine = new Set<string>();

/**
 * Does `work` while no other process that uses the same file does. A lock whose owner is dead (same host), or that is
 * older than `staleMs`, is taken over; `work` must be bounded well below that. Throws after `waitMs`.
 */
export async function withFileLock<T>(
  lock: { readonly file: string; readonly waitMs: number; readonly staleMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const token = `${process.pid} ${hostname()} ${randomUUID()}`;
  const deadline = performance.now() + lock.waitMs;
  while (!(await take(lock.file, token))) {
    if (await isStale(lock)) await takeAway(lock.file, await contentOf(lock.file));
    else if (performance.now() > deadline) throw new Error(`another process holds ${lock.file}`);
    else await new Promise((resolve) => setTimeout(resolve, 15 + Math.random() * 35));
  }
  mine.add(token);
  try {
    return await work();
  } finally {
    mine.delete(token);
    if ((await contentOf(lock.file)) === token) await rm(lock.file, { force: true });
  }
}

async function take(file: string, token: string): Promise<boolean> {
  try {
    await writeFile(file, token, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

async function isStale({ file, staleMs }: { readonly file: string; readonly staleMs: number }): Promise<boolean> {
  const [content, found] = [await contentOf(file), await stat(file).catch(() => undefined)];
  if (content === undefined || !found) return false;
  const age = Date.now() - found.mtimeMs;
  if (age > staleMs) return true;
  const [pid, owner] = content.split(' ');
  // An empty lock was made a moment ago, or by someone who died before writing a name into it.
  if (!pid || !owner) return age > 1000;
  if (owner !== hostname()) return false;
  // A restarted container often gives the same process id to the next owner.
  if (Number(pid) === process.pid) return !mine.has(content) && age > 1000;
  return !isAlive(Number(pid));
}

/** Removes a stale lock, unless someone else has replaced it in the meantime. */
async function takeAway(file: string, seen: string | undefined): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await contentOf(aside)) !== seen) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes Git's own `*.lock` files that are older than `olderThanMs`: what a killed process left behind. Git holds
 * them for milliseconds, and only under our own lock, so an old one has no owner.
 */
export async function sweepGitLocks(folder: string, olderThanMs: number): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const removed: string[] = [];
  for (const name of names) {
    if (!name.endsWith('.lock') || name.startsWith('objects/')) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile() || Date.now() - found.mtimeMs < olderThanMs) continue;
    await rm(file, { force: true });
    removed.push(name);
  }
  return removed;
}
