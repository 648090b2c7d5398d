import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { freePort } from './free-port';
import { childrenOf, commandOf, isAlive, knownProcess, type KnownProcess } from './process-family';
import { eventually } from './temporal';

const program = join(__dirname, '../../dist/src/main/runner.js');
const key = 'ab'.repeat(32);

/** The runner as it is installed, as a process that can be killed; whatever it starts is remembered. */
export class RunnerProgram {
  private child: ChildProcess | undefined;
  private readonly left: KnownProcess[] = [];
  private starts = 0;

  private constructor(
    readonly blobs: BlobStore,
    private readonly folder: string,
  ) {}

  static async open(): Promise<RunnerProgram> {
    if (!existsSync(program)) throw new Error('dist/ is missing: run the tests with `npm test`, which builds it.');
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-runner-'));
    return new RunnerProgram(await openBlobStore({ location: join(folder, 'blobs'), key }), folder);
  }

  /** Resolves when it is ready. */
  async start(spec: {
    readonly namespace: string;
    readonly pools: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
  }): Promise<void> {
    this.starts += 1;
    const file = join(this.folder, `log-${this.starts}`);
    const log = openSync(file, 'w');
    this.child = spawn(process.execPath, [program], {
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS,
        TEMPORAL_NAMESPACE: spec.namespace,
        RUNNER_POOLS: spec.pools.join(','),
        BLOB_STORE: join(this.folder, 'blobs'),
        BLOB_KEY: key,
        DATA_DIR: join(this.folder, 'data'),
        PORT: String(await freePort()),
        ...spec.env,
      },
    });
    closeSync(log);
    await eventually(() => {
      const said = readFileSync(file, 'utf8');
      if (!said.includes('"ready"')) throw new Error(`the runner is not ready:\n${said.slice(-2_000)}`);
    }, 60_000);
  }

  /** `kill -9`, and nothing else. */
  async strike(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) throw new Error('the runner does not run');
    this.left.push(...childrenOf(child.pid).flatMap((below) => knownProcess(below) ?? []));
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Command lines of what killed runners had started and that still runs. */
  orphans(): readonly string[] {
    return this.left.filter(isAlive).map(({ pid }) => commandOf(pid));
  }

  log(): string {
    return Array.from({ length: this.starts }, (_, index) =>
      readFileSync(join(this.folder, `log-${index + 1}`), 'utf8'),
    ).join('\n');
  }

  async close(): Promise<void> {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) await this.strike();
  }
}
