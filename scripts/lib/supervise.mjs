import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isAlive } from './lock.mjs';
import { lastLines } from './run.mjs';
import { say } from './say.mjs';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** A process that ends with this code found its settings wrong (sysexits.h): trying again would change nothing. */
const WRONG_SETTINGS = 78;
/** A process that ran this long has started well; its next crash counts as the first. */
const STEADY_MS = 20_000;

/**
 * Keeps processes running and knows how to end them all. Every process leads a group of its own, so that a Ctrl-C in
 * the terminal reaches only the supervisor and a kill reaches the whole group. What runs is written to a file, so that
 * the next supervisor can end what a killed one left behind.
 */
export function newSupervisor(folder) {
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const register = join(folder, 'processes.json');
  const running = new Map();
  const givenUp = new Set();
  let ending = false;

  function note() {
    const lines = [...running.values()].map(({ name, child }) => ({ name, ...identityOf(child.pid) }));
    writeFileSync(`${register}.next`, JSON.stringify(lines));
    renameSync(`${register}.next`, register);
  }

  function start(what, failures = 0) {
    if (ending) return;
    const log = openSync(logOf(what.name), failures === 0 && !what.again ? 'w' : 'a');
    const child = spawn(what.program, what.args, {
      cwd: what.cwd,
      env: what.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    what.again = true;
    const began = Date.now();
    child.once('error', (error) => ended(undefined, error.message));
    child.once('exit', (code, signal) => {
      if (code === WRONG_SETTINGS) givenUp.add(what.name);
      ended(signal ?? `code ${code}`);
    });
    if (child.pid === undefined) return;
    running.set(what.name, { name: what.name, child });
    note();

    function ended(how, message) {
      if (running.get(what.name)?.child === child) running.delete(what.name);
      if (ending) return;
      note();
      if (givenUp.has(what.name)) return;
      const count = Date.now() - began > STEADY_MS ? 1 : failures + 1;
      const wait = Math.min(FIRST_WAIT_MS * 2 ** (count - 1), LONGEST_WAIT_MS);
      say(`${what.name} ended (${message ?? how}) and is started again in ${wait} ms; its log is ${logOf(what.name)}.`);
      setTimeout(() => start(what, count), wait);
    }
  }

  const logOf = (name) => join(folder, 'logs', `${name}.log`);

  return {
    /** `{ name, program, args, env, cwd }`. Started again, with growing pauses, whenever it ends. */
    start: (what) => start(what),
    logOf,
    /** Whether the process refused its settings and is not started again. */
    gaveUp: (name) => givenUp.has(name),
    pids: () => Object.fromEntries([...running.values()].map(({ name, child }) => [name, child.pid])),
    lastWords: (name) =>
      lastLines({ stdout: existsSync(logOf(name)) ? readFileSync(logOf(name), 'utf8') : '', stderr: '' }, 6),
    /** Ends everything, those named first before the rest; asks kindly, waits, then insists. */
    stop: async (first = [], patienceMs = 5_000) => {
      ending = true;
      const all = [...running.values()];
      await end(
        all.filter(({ name }) => first.includes(name)),
        patienceMs,
      );
      await end(
        all.filter(({ name }) => !first.includes(name)),
        patienceMs,
      );
      rmSync(register, { force: true });
    },
    /** Everything, at once and without asking. */
    kill: () => {
      ending = true;
      for (const { child } of running.values()) signalGroup(child.pid, 'SIGKILL');
      rmSync(register, { force: true });
    },
  };
}

async function end(processes, patienceMs) {
  await Promise.all(
    processes.map(async ({ child }) => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        signalGroup(child.pid, 'SIGTERM');
        await Promise.race([gone, sleep(patienceMs, undefined, { ref: false })]);
      }
      // Also what it started itself and left behind.
      signalGroup(child.pid, 'SIGKILL');
    }),
  );
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // the whole group is gone
  }
}

/** Ends what an earlier supervisor of this folder left running because it was killed. */
export async function endLeftovers(folder) {
  const register = join(folder, 'processes.json');
  if (!existsSync(register)) return;
  let left = [];
  try {
    left = JSON.parse(readFileSync(register, 'utf8')).filter(isAlive);
  } catch {
    // written by a crash; what it named cannot be known
  }
  if (left.length > 0) say(`Ending what the last demo left running: ${left.map(({ name }) => name).join(', ')}.`);
  for (const { pid } of left) signalGroup(pid, 'SIGKILL');
  while (left.some(isAlive)) await sleep(50);
  rmSync(register, { force: true });
}
