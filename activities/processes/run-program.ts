import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Duplex, Readable, Writable } from 'node:stream';
import { ambient } from '../../src/config';
import type { EndedBy, GuardNews, GuardOrder, StopSignal } from './guard-protocol';
import { hearLines } from './hear-lines';
import { entering, type Isolation } from './isolation';
import { livingOf } from './living';

/** The right to run, which somebody else has to renew. */
export interface Lease {
  /** How long it still holds, ms; 0 or less: no more. */
  restMs(): number;
  /** Told at each change; gives what stops the telling. */
  onChange(told: () => void): () => void;
}

export interface ProgramRun {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  readonly input?: string | Uint8Array;
  readonly network: 'host' | 'none';
  /** SIGTERM when absent. */
  readonly stopSignal?: StopSignal;
  readonly limits: {
    readonly wallMs: number;
    readonly graceMs: number;
    readonly memoryBytes: number;
    /** Of both outputs together; more ends the group. */
    readonly outputBytes: number;
  };
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly onOutput: (from: 'stdout' | 'stderr', chunk: Buffer) => void;
}

export interface ProgramEnd {
  readonly by: EndedBy | 'output' | 'nobody knows';
  readonly code?: number;
  readonly signal?: string;
}

export interface ProgramHost {
  readonly isolation: Isolation;
  /** Words that start the guard, the program of Node.js first. */
  readonly guard: readonly string[];
}

/** The program could not be started at all. */
export class NotStarted extends Error {}

/**
 * Runs a program in a group of its own under a guard and waits until nothing of the group is left, whatever ended it.
 * Throws `NotStarted`; everything else is an end.
 */
export async function runProgram(host: ProgramHost, run: ProgramRun): Promise<ProgramEnd> {
  const token = randomUUID();
  const [command, ...words] = [...entering(host.isolation, run.network), ...host.guard];
  const guard = spawn(command!, words, {
    env: ambient(['PATH']),
    cwd: run.cwd,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const [stdin, stdout, stderr, line] = guard.stdio as unknown as [Writable, Readable, Readable, Duplex];
  const tell = (order: GuardOrder): void => void (line.writable && line.write(`${JSON.stringify(order)}\n`));
  for (const pipe of [stdin, line]) pipe.on('error', () => undefined);
  let news: GuardNews | undefined;
  let flooded = false;
  hearLines(line, (text) => (news = JSON.parse(text) as GuardNews));

  let bytes = 0;
  for (const [from, pipe] of [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const)
    pipe.on('data', (chunk: Buffer) => {
      if (flooded) return;
      bytes += chunk.length;
      flooded = bytes > run.limits.outputBytes;
      if (flooded) tell({ kind: 'end' });
      run.onOutput(from, chunk);
    });

  const gone = new Promise<string | undefined>((resolve) => {
    guard.on('error', (error) => resolve(error.message));
    guard.on('exit', () => resolve(undefined));
  });
  const read = Promise.all([stdout, stderr].map((pipe) => new Promise((resolve) => pipe.once('close', resolve))));
  const stop = (): void => tell({ kind: 'end' });
  const renew = (): void => tell({ kind: 'renew', leaseMs: run.lease.restMs() });
  tell(startOf(host, run, token));
  stdin.end(run.input ?? '');
  const unsubscribe = run.lease.onChange(renew);
  run.signal.addEventListener('abort', stop, { once: true });
  if (run.signal.aborted) stop();
  try {
    const trouble = await gone;
    if (trouble !== undefined) throw new NotStarted(trouble);
  } finally {
    unsubscribe();
    run.signal.removeEventListener('abort', stop);
    await endWhatIsLeft(token);
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    line.destroy();
  }
  if (news?.kind === 'failed') throw new NotStarted(news.message);
  if (news === undefined) return { by: 'nobody knows' };
  return { by: flooded ? 'output' : news.by, code: news.code, signal: news.signal };
}

function startOf({ isolation }: ProgramHost, run: ProgramRun, token: string): GuardOrder {
  const { limits } = run;
  // The guard counts what is really used; the kernel's own limit is for what grows faster than it can look.
  const limiter =
    isolation.limiter === undefined ? [] : [isolation.limiter, `--data=${limits.memoryBytes * 2}`, '--core=0', '--'];
  const [program, ...args] = [...limiter, run.program, ...run.args];
  return {
    kind: 'start',
    program: program!,
    args,
    env: run.env,
    cwd: run.cwd,
    token,
    isAlone: isolation.processes === 'namespace',
    leaseMs: run.lease.restMs(),
    limitMs: limits.wallMs,
    graceMs: limits.graceMs,
    stopSignal: run.stopSignal ?? 'SIGTERM',
    memoryBytes: limits.memoryBytes,
  };
}

/** A guard leaves nothing behind unless it was killed itself; then this ends what it guarded. */
async function endWhatIsLeft(token: string): Promise<void> {
  for (let left = livingOf({ token }); left.length > 0; left = livingOf({ token })) {
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in this moment.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
