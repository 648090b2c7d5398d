import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './say.mjs';

/** `{ pid, started }` of a process: a process id alone may have been given to somebody else since. */
export function identityOf(pid) {
  return { pid, started: startOf(pid) };
}

export function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return now === undefined || started === undefined || now === started;
}

/** Start time in clock ticks since boot, where the system tells it (Linux). */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'zombie' : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Takes a lock file: `{ release }`, or `{ heldBy: pid }` when a living process has it. The lock of a process that has
 * ended counts for nothing. The file appears with its content in one step, so nobody reads half a lock.
 */
export function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identityOf(process.pid)));
  try {
    for (;;) {
      try {
        linkSync(mine, file);
        return { release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const held = readHolder(file);
      if (held && isAlive(held)) return { heldBy: held.pid };
      if (held) dropStale(file, held);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Moves the stale file away; if it was another's fresh lock by then, puts it back. */
function dropStale(file, stale) {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved && moved.pid !== stale.pid) linkSync(aside, file);
  rmSync(aside, { force: true });
}

/** Runs `work` while holding the lock; waits for another process of the same clone and says so once. */
export async function withLock(file, what, work) {
  let told = false;
  for (;;) {
    const lock = takeLock(file);
    if (lock.release) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (!told) say(`Waiting for process ${lock.heldBy}, which is busy with: ${what}.`);
    told = true;
    await sleep(200);
  }
}
