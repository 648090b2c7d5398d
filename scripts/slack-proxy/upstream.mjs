import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { request } from 'node:http';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from '../lib/run.mjs';

const inside = inRoot('scripts/slack-proxy/inside.mjs');
const binary = inRoot('node_modules/local-slack-linux-x64/bin/local-slack');

/**
 * Starts local-slack, which listens on all interfaces and asks nobody for a password, in a network of its own if this
 * system allows one, and else as it is. `{ isolated, socketFile, port, child }`.
 */
export async function startUpstream({ config, folder }) {
  const socketFile = join(folder, `slack-${process.pid}.sock`);
  const command = (mode) => [process.execPath, inside, binary, config, socketFile, mode];
  const ways = [
    { isolated: true, command: ['unshare', '--net', ...command('isolated')] },
    { isolated: true, command: ['unshare', '--map-root-user', '--net', ...command('isolated')] },
    { isolated: false, command: command('open') },
  ];
  for (const {
    isolated,
    command: [program, ...args],
  } of ways) {
    rmSync(socketFile, { force: true });
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', isolated ? 'ignore' : 'inherit'] });
    const port = await portOf(child);
    if (port) return { isolated, socketFile, port, child };
  }
  throw new Error('local-slack does not start');
}

function portOf(child) {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line).port));
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
}

/** Calls a Web API method of local-slack with JSON. */
export function callUpstream({ socketFile }, method, args, token) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const call = request({ socketPath: socketFile, method: 'POST', path: `/api/${method}`, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          reject(error);
        }
      });
    });
    call.once('error', reject);
    call.end(JSON.stringify(args));
  });
}
