import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const inRoot = (...parts) => join(root, ...parts);

/** Programs that are running now; a script that is told to end takes them along. */
const live = new Set();
process.on('exit', () => {
  for (const child of live) child.kill('SIGTERM');
});

/**
 * Runs a program to its end and never throws: `{ code, stdout, stderr, timedOut }`. A program that cannot be started
 * gives code 127. `show` passes its output through instead of collecting it; `limitMs` ends it and its children.
 */
export function run(program, args, { env = process.env, cwd = root, limitMs, show = false } = {}) {
  return new Promise((done) => {
    const detached = limitMs !== undefined;
    const child = spawn(program, args, { env, cwd, detached, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    live.add(child);
    let [stdout, stderr, timedOut] = ['', '', false];
    child.stdout?.on('data', (chunk) => (stdout += chunk));
    child.stderr?.on('data', (chunk) => (stderr += chunk));
    const timer = detached
      ? setTimeout(() => {
          timedOut = true;
          endGroup(child.pid);
        }, limitMs)
      : undefined;
    child.once('error', (error) => finish(127, error.message));
    child.once('close', (code, signal) => finish(code ?? 1, signal ? `It was ended by ${signal}.` : undefined));
    function finish(code, message) {
      clearTimeout(timer);
      live.delete(child);
      done({ code, stdout, stderr: message ? `${stderr}${message}` : stderr, timedOut });
    }
  });
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended by itself in the meantime
  }
}

/** Absolute path of a program on PATH, or undefined. */
export function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder || '.', name);
    if (isProgram(candidate)) return resolve(candidate);
  }
  return undefined;
}

export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The last lines of a program's output, for a sentence about why it failed. */
export function lastLines({ stdout, stderr }, count = 5) {
  return `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .map((line) => `    ${line}`)
    .join('\n');
}
