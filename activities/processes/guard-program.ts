import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { EndedBy, GuardNews, GuardOrder } from './guard-protocol';
import { hearLines } from './hear-lines';
import { groupVariable, livingOf } from './living';

/**
 * A program of its own that stands between a runner and the tool it runs. It ends the tool and everything the tool
 * started when the runner dies, when the lease is not renewed in time, when a limit is reached and when it is told to;
 * it says that the group has ended only when nothing of it lives.
 */

const lookEveryMs = 200;
type Start = Extract<GuardOrder, { kind: 'start' }>;

const runner = new Socket({ fd: 3, readable: true, writable: true });
let order: Start | undefined;
let child: ChildProcess | undefined;
let leaseEnds = Infinity;
let limitEnds = Infinity;
let killAt = Infinity;
let endedBy: EndedBy | undefined;
let isEnding = false;

const now = (): number => performance.now();

const living = () =>
  order ? livingOf({ token: order.token, leader: child?.pid, all: order.isAlone && process.pid === 1 }) : [];

function signalAll(signal: NodeJS.Signals): void {
  for (const { pid } of living()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself in this moment.
    }
  }
}

/** Asks the group to end, and makes it when it does not. */
function endGently(by: EndedBy): void {
  if (endedBy) return;
  endedBy = by;
  killAt = now() + (order?.graceMs ?? 0);
  signalAll(order?.stopSignal ?? 'SIGTERM');
}

/** Ends what is left at once and leaves. */
async function endNow(by: EndedBy, news?: GuardNews): Promise<void> {
  endedBy ??= by;
  if (isEnding) return;
  isEnding = true;
  while (living().length > 0) {
    signalAll('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // A process is gone before this one hears how it ended.
  for (let waited = 0; child?.exitCode === null && child.signalCode === null && waited < 200; waited += 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  const told = JSON.stringify(news ?? { kind: 'ended', by: endedBy, ...howItEnded() });
  runner.on('error', () => process.exit(1));
  runner.end(`${told}\n`, () => process.exit(0));
  setTimeout(() => process.exit(0), 1_000);
}

function howItEnded(): { readonly code?: number; readonly signal?: string } {
  if (!child) return {};
  if (child.exitCode !== null) return { code: child.exitCode };
  return child.signalCode === null ? {} : { signal: child.signalCode };
}

function look(): void {
  if (!order || isEnding) return;
  const at = now();
  if (at >= leaseEnds) return void endNow('lease');
  if (at >= killAt) return void endNow('asked');
  if (at >= limitEnds) endGently('time');
  const bytes = living().reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  if (bytes > order.memoryBytes) void endNow('memory');
}

function start(given: Start): void {
  order = given;
  leaseEnds = now() + given.leaseMs;
  limitEnds = now() + given.limitMs;
  const env = { ...given.env, [groupVariable]: given.token };
  child = spawn(given.program, given.args, { cwd: given.cwd, env, stdio: 'inherit', detached: true });
  child.on('error', (error) => void endNow('itself', { kind: 'failed', message: error.message }));
  // What it left running in the background is ended, too: nobody would hear of it any more.
  child.on('exit', () => void endNow('itself'));
  setInterval(look, lookEveryMs);
}

function hear(line: string): void {
  const heard = JSON.parse(line) as GuardOrder;
  if (heard.kind === 'start') start(heard);
  else if (heard.kind === 'renew') leaseEnds = now() + heard.leaseMs;
  else endGently('asked');
}

hearLines(runner, hear);
// The runner is no more, or has let go.
for (const event of ['end', 'close', 'error'] as const) runner.on(event, () => void endNow('lease'));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  if (signal in constants.signals) process.on(signal, () => endGently('asked'));
process.on('uncaughtException', () => void endNow('itself', { kind: 'failed', message: 'the guard broke' }));
