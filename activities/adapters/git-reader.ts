import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { AnswerParser, MalformedAnswer, type ObjectAnswer, type Question } from './git-answers';
import { GitFailure, graceMs, maxOutputBytes, runGit, wordsIn } from './git-process';

export type Answers = ReadonlyMap<string, ObjectAnswer>;

/**
 * Objects of one repository, answered by one `git cat-file` that is kept running between requests. A name is an object
 * id, `<object id>:<path>`, or a revision that the caller has checked; what does not exist is absent from the answer. A
 * process that died, hangs or talks nonsense is replaced and the request made once more. Throws `GitFailure`, and
 * `TypeError` for names with line breaks.
 */
export interface ObjectReader {
  /** Id, type and size, without the bytes. */
  infos(names: readonly string[]): Promise<Answers>;
  contents(names: readonly string[]): Promise<Answers>;
  /** Ends the process; the next request starts one. Requests under way are made once more. */
  restart(): void;
}

export interface ObjectReaderOptions {
  readonly folder: string;
  readonly env: { readonly [name: string]: string };
  /** Longest time of one attempt, ms; there are at most two. */
  readonly timeoutMs: number;
  /** A process that nobody has asked for so long ends, ms. */
  readonly idleMs?: number;
  /** Bytes of all answers to one request. */
  readonly maxBytes?: number;
}

/** Names sent at once: bounds what Git holds back until it is told to answer. */
const maxNames = 5000;
/** Git keeps every commit it has resolved in memory, so a process does not go on for ever. */
const maxNamesOfOneProcess = 50_000;
const attempts = 2;

export function openObjectReader(options: ObjectReaderOptions): ObjectReader {
  return new Reader(options);
}

class Reader implements ObjectReader {
  private process: CatFile | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ObjectReaderOptions) {}

  infos(names: readonly string[]): Promise<Answers> {
    return this.ask('info', names);
  }

  contents(names: readonly string[]): Promise<Answers> {
    return this.ask('contents', names);
  }

  restart(): void {
    this.process?.end(new GitFailure('cat-file', 'it was ended'));
    this.process = undefined;
  }

  private async ask(question: Question, names: readonly string[]): Promise<Answers> {
    for (const name of names)
      if (name === '' || /[\r\n\0]|^\s/.test(name))
        throw new TypeError(`${JSON.stringify(name.slice(0, 80))} cannot be the name of an object`);
    const answers = new Map<string, ObjectAnswer>();
    const room = { bytes: this.options.maxBytes ?? maxOutputBytes };
    for (let at = 0; at < names.length; at += maxNames) {
      const part = names.slice(at, at + maxNames);
      const asked = this.turn.then(() => this.askPart({ question, names: part, room }));
      this.turn = asked.catch(() => undefined);
      for (const [name, answer] of await asked) answers.set(name, answer);
    }
    return answers;
  }

  private async askPart(request: Request): Promise<Answers> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await canBeKept(this.options)) ? await this.running().ask(request) : await this.askOnce(request);
      } catch (error) {
        if (error instanceof TooMuch || attempt === attempts) throw asFailure(error);
      }
    }
  }

  private running(): CatFile {
    if (!this.process?.isUsable) {
      this.process?.retire();
      this.process = new CatFile(this.options);
    }
    return this.process;
  }

  /** For a Git without `--batch-command`. */
  private async askOnce({ question, names, room }: Request): Promise<Answers> {
    const { folder, env, timeoutMs } = this.options;
    const args = ['cat-file', question === 'info' ? '--batch-check' : '--batch', '--buffer'];
    const parser = new AnswerParser(question, names);
    const out = await runGit({ folder, env, args, input: `${names.join('\n')}\n`, timeoutMs });
    room.bytes -= out.length;
    if (room.bytes < 0) throw new TooMuch();
    parser.push(out);
    if (!parser.isDone) throw new MalformedAnswer('it did not answer everything');
    return parser.answers;
  }
}

interface Request {
  readonly question: Question;
  readonly names: readonly string[];
  /** What all parts of a request may still say. */
  readonly room: { bytes: number };
}

class TooMuch extends GitFailure {
  constructor() {
    super('cat-file', 'it answered with more than is read at once');
  }
}

function asFailure(error: unknown): unknown {
  return error instanceof MalformedAnswer ? new GitFailure('cat-file', error.message) : error;
}

/** One process. It never keeps this one alive, and ends with it because its standard input closes. */
class CatFile {
  private readonly child: ChildProcessWithoutNullStreams;
  private waiting: { readonly take: (chunk: Buffer) => void; readonly fail: (error: Error) => void } | undefined;
  private ended: Error | undefined;
  private words = '';
  private names = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly options: ObjectReaderOptions) {
    const { folder, env } = options;
    this.child = spawn('git', ['cat-file', '--batch-command', '--buffer'], { cwd: folder, env, stdio: 'pipe' });
    const { stdin, stdout, stderr } = this.child;
    this.child.unref();
    for (const pipe of [stdin, stdout, stderr]) {
      (pipe as unknown as { unref?: () => void }).unref?.();
      // A pipe breaks when the process dies; `close` tells.
      pipe.on('error', () => undefined);
    }
    stdout.on('data', (chunk: Buffer) => {
      if (this.waiting) this.waiting.take(chunk);
      else this.end(new MalformedAnswer('it spoke without being asked'));
    });
    stderr.on('data', (chunk: Buffer) => (this.words = (this.words + chunk.toString('utf8')).slice(-4000)));
    this.child.on('error', (error) => this.end(new GitFailure('cat-file', wordsIn(error.message))));
    this.child.on('close', (code, signal) =>
      this.end(new GitFailure('cat-file', wordsIn(this.words) || `it ended with ${signal ?? code}`)),
    );
  }

  get isUsable(): boolean {
    return this.ended === undefined && this.names < maxNamesOfOneProcess;
  }

  /** Lets the process end by itself. */
  retire(): void {
    clearTimeout(this.idle);
    this.child.stdin.end();
    setTimeout(() => this.child.kill('SIGKILL'), graceMs).unref();
  }

  end(error: Error): void {
    if (this.ended) return;
    this.ended = error;
    clearTimeout(this.idle);
    this.child.kill('SIGKILL');
    this.waiting?.fail(error);
  }

  async ask({ question, names, room }: Request): Promise<Answers> {
    clearTimeout(this.idle);
    const { timeoutMs, idleMs = 60_000 } = this.options;
    const parser = new AnswerParser(question, names);
    this.names += names.length;
    this.words = '';
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answers>((resolve, reject) => {
        if (this.ended) return reject(this.ended);
        const late = new GitFailure('cat-file', `no answer within ${timeoutMs / 1000} s`, 'timeout');
        timer = setTimeout(() => this.end(late), timeoutMs);
        const take = (chunk: Buffer) => {
          try {
            room.bytes -= chunk.length;
            if (room.bytes < 0) throw new TooMuch();
            parser.push(chunk);
            if (parser.isDone) resolve(parser.answers);
          } catch (error) {
            this.end(error as Error);
          }
        };
        this.waiting = { take, fail: reject };
        this.child.stdin.write(`${names.map((name) => `${question} ${name}\n`).join('')}flush\n`);
      });
    } finally {
      clearTimeout(timer);
      this.waiting = undefined;
      if (!this.ended) this.idle = setTimeout(() => this.retireWhenIdle(), idleMs).unref();
    }
  }

  private retireWhenIdle(): void {
    this.ended ??= new GitFailure('cat-file', 'nobody asked for a while');
    this.retire();
  }
}

/** By the path that programs are looked for in. */
const versions = new Map<string, Promise<boolean>>();

/** Whether this machine's Git can answer more than one kind of question without ending (2.36 and later). */
function canBeKept({ folder, env, timeoutMs }: ObjectReaderOptions): Promise<boolean> {
  const path = env.PATH ?? '';
  const known = versions.get(path);
  if (known) return known;
  const asked = runGit({ folder, env, args: ['--version'], timeoutMs }).then((out) => {
    const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(out.toString('utf8')) ?? []).map(Number);
    return major > 2 || (major === 2 && minor >= 36);
  });
  versions.set(path, asked);
  asked.catch(() => versions.delete(path));
  return asked;
}
