import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';

/**
 * Runs next to local-slack, in a network of its own where the system allows that: starts it, and lets it be reached
 * through a socket file only. Ends with whoever started it.
 *
 * node inside.mjs <local-slack> <config> <socket file> <isolated|open>
 */
const [program, config, socketFile, mode] = process.argv.slice(2);

if (mode === 'isolated') {
  // A new network has its loopback interface switched off.
  const up = spawnSync('ip', ['link', 'set', 'lo', 'up']);
  if (up.status !== 0) process.exit(3);
}

const slack = spawn(program, ['--config', config, '--port', '0', '--base-host', '127.0.0.1'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
slack.once('error', () => process.exit(1));
slack.once('exit', () => process.exit(1));

let port;
let printed = '';
slack.stdout.on('data', (chunk) => {
  if (port) return;
  printed += chunk;
  port = Number(/Web UI:\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1]) || undefined;
  if (port) serve();
});

function serve() {
  const server = createServer((outer) => {
    const inner = connect(port, '127.0.0.1');
    outer.pipe(inner).pipe(outer);
    outer.on('error', () => inner.destroy());
    inner.on('error', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    inner.on('close', () => outer.destroy());
  });
  server.listen(socketFile, () => process.stdout.write(`${JSON.stringify({ port })}\n`));
}

function end() {
  slack.removeAllListeners('exit');
  slack.once('exit', () => process.exit(0));
  // SIGTERM lets it remove its folder of uploads.
  slack.kill('SIGTERM');
  setTimeout(() => {
    slack.kill('SIGKILL');
    process.exit(0);
  }, 1_000);
}
process.stdin.on('end', end).on('error', end).resume();
process.on('SIGTERM', end);
process.on('SIGINT', () => undefined);
