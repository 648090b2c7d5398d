import { main } from '../../src/main/cli/main';
import type { Io } from '../../src/main/cli/io';

export interface Typed {
  readonly code: number | 'running';
  readonly out: string;
  readonly err: string;
}

/** Types one command line into the CLI of this process, with an environment of its own. */
export async function type(
  argv: readonly string[],
  given: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly input?: string;
    readonly interrupt?: AbortSignal;
    readonly now?: Date;
    readonly onOut?: (text: string) => void;
  } = {},
): Promise<Typed> {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out(text) {
      out.push(text);
      given.onOut?.(text);
    },
    err: (text) => void err.push(text),
    input: async () => given.input ?? '',
    env: given.env ?? {},
    cwd: given.cwd ?? '/',
    now: () => given.now ?? new Date(),
    interrupted: () => given.interrupt ?? new AbortController().signal,
    pollMs: 5,
  };
  const code = await main(argv, io);
  return { code, out: out.join('\n'), err: err.join('\n') };
}
