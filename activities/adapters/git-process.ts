import { spawn } from 'node:child_process';

/** Git ended with an error, or did not end in time. `words` is what it said, without addresses' credentials. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';

  constructor(
    readonly command: string,
    readonly words: string,
    readonly kind: 'failed' | 'timeout' = 'failed',
    /** What it had answered before it failed. */
    readonly output = '',
  ) {
    super(`git ${command}: ${words}`);
  }
}

/** How long a killed program may take to go. */
export const graceMs = 2000;
/** Nothing Git tells us is larger; more means that something is wrong. */
export const maxOutputBytes = 512 * 1024 * 1024;

/** One Git command from start to end. simple-git hangs on commands that read from standard input, so local plumbing is spawned here. */
export function runGit(given: {
  readonly folder: string;
  readonly env: { readonly [name: string]: string };
  readonly args: readonly string[];
  readonly input?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly maxBytes?: number;
}): Promise<Buffer> {
  const command = given.args[0] ?? '';
  const { maxBytes = maxOutputBytes } = given;
  return new Promise((resolve, reject) => {
    const child = spawn('git', given.args, { cwd: given.folder, env: given.env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const fail = (failure: Error) => {
      clearTimeout(timer);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
      reject(failure);
    };
    const timer = setTimeout(
      () => fail(new GitFailure(command, `no answer within ${given.timeoutMs / 1000} s`, 'timeout')),
      given.timeoutMs,
    );
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes)
        fail(new GitFailure(command, `it answered with more than ${Math.ceil(maxBytes / 1024 / 1024)} MiB`));
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => err.length < 100 && err.push(chunk));
    child.on('error', (error) => fail(new GitFailure(command, wordsIn(error.message))));
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(out));
      else {
        const words = wordsIn(Buffer.concat(err).toString('utf8')) || `it ended with ${code}`;
        reject(new GitFailure(command, words, 'failed', Buffer.concat(out).toString('utf8')));
      }
    });
    // It may end before it has read everything; its exit code then says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(given.input);
  });
}

/** The few lines of Git's answer that help a person, on one line, without credentials. */
export function wordsIn(text: string): string {
  const lines = text
    .replace(/:\/\/[^/\s@]*@/g, '://')
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
    .filter((line) => line !== '' && !/^(?:hint:|To |Done$)/.test(line));
  const telling = lines.filter((line) => /^(?:fatal|error|remote|!|ssh|warning|git@)|denied|refused/i.test(line));
  return (telling.length > 0 ? telling : lines).join('; ').slice(0, 400);
}
