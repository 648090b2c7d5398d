import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './say.mjs';

const given = new Set();

/** The wanted port of 127.0.0.1, or another one (and a word about it) when it is taken. Never the same one twice. */
export async function pickPort(wanted, what) {
  if (!given.has(wanted) && (await isFree(wanted))) {
    given.add(wanted);
    return wanted;
  }
  const other = await freePort();
  say(`Port ${wanted} is taken, so ${what} gets ${other}.`);
  return other;
}

export async function freePort() {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

/** Free means that one can listen there, and that nobody answers on another address of this machine either. */
async function isFree(port) {
  if (await answers(port)) return false;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}

/** Asks again and again until `question` is true; false after the limit. */
export async function until(question, limitMs, everyMs = 50) {
  const end = Date.now() + limitMs;
  for (;;) {
    if (await question()) return true;
    if (Date.now() > end) return false;
    await sleep(everyMs);
  }
}

/** Whether an address answers with a 2xx. */
export async function isReady(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
