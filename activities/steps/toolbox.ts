import { basename } from 'node:path';
import type { Context } from '@temporalio/activity';
import { ambient } from '../../src/config';
import { isOwnSetting } from '../../src/connections/check';
import type { Plan, PlanStep, StepResult } from '../../src/operation/plan';
import type { RunStepInput } from '../../src/operation/runner-ports';
import { loggedAs } from '../../workflows/contract';
import type { BlobStore } from '../adapters/blob-store';
import { lostLog, type LogStore, type LogWriter } from '../adapters/log-store';
import { formatDuration } from '../../src/runbooks/duration';
import { programAt } from '../processes/isolation';
import type { ProgramArguments } from '../processes/program-arguments';
import { NotStarted, runProgram, type ProgramEnd, type ProgramHost } from '../processes/run-program';
import type { AllowedProgram, TerraformSettings } from './allowed-programs';
import { AttemptGone, type Heart } from './heart';
import { StepError, StepFailed } from './outcomes';
import { OutputReader } from './output-reader';
import type { Redactor } from './redact';
import type { StepContext } from './step-kind';
import { makeWorkspace, type Workspace } from './workspace';

/** What a runner needs to run programs; without it steps that run programs are refused in a sentence. */
export interface ToolHost extends ProgramHost {
  readonly blobs: Pick<BlobStore, 'get' | 'put'>;
  readonly logs: LogStore;
  /** Folder for the workspaces of attempts. */
  readonly workPlace: string;
  readonly limits: { readonly memoryBytes: number; readonly outputBytes: number };
  /** What steps of the kind `program` may run, by name. */
  readonly programs?: ReadonlyMap<string, AllowedProgram>;
  readonly terraform?: TerraformSettings;
}

export interface RunAsk {
  /** Name of a program on the search path of the runner, or an absolute path. Never from templates. */
  readonly program: string;
  readonly args: ProgramArguments;
  /** Beside PATH, HOME, LANG, TMPDIR and the marks of the attempt, which every program gets; nothing else is there. */
  readonly env?: { readonly [name: string]: string };
  readonly input?: string | Uint8Array;
  /** Absolute; the workspace when absent. */
  readonly cwd?: string;
  /** `none` where the program has no business with the network and the machine can cut it. */
  readonly network?: 'host' | 'none';
  /** ms; the time that the step has left, when absent or more. */
  readonly limitMs?: number;
  readonly memoryBytes?: number;
  /** How it is asked to end; SIGTERM when absent. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT';
  /** How long it may take to end when it is asked to, ms; 10 s when absent, and never longer than the step has. */
  readonly graceMs?: number;
  /** Its standard output may hold what nobody is to see: it goes to the step and not to the log. */
  readonly isPrivate?: boolean;
  /** How much of its standard output the step gets; 4 MiB when absent. */
  readonly keepBytes?: number;
  /** Hears each line of the output, masked. */
  readonly onLine?: (line: string, from: 'stdout' | 'stderr') => void;
}

export interface RunEnd {
  /** 0 is what most programs call a success; a program that a signal ended has 128 and the signal's number. */
  readonly code: number;
  /** What it wrote to its standard output, not masked, up to `keepBytes`; results are masked when they leave the runner. */
  readonly stdout: string;
  /** Whether `stdout` is all of it. */
  readonly isWhole: boolean;
  /** Last lines of both outputs, masked. */
  readonly lastLines: readonly string[];
  /** Last line of its standard error that says something, masked; the usual words of a failure. */
  readonly lastError?: string;
}

type Tools = Pick<
  StepContext,
  | 'workspace'
  | 'run'
  | 'canRun'
  | 'allowedProgram'
  | 'terraformSettings'
  | 'keepFile'
  | 'readFile'
  | 'checkpoint'
  | 'saveCheckpoint'
>;

/** A step ends before Temporal's patience does, or a new attempt could begin beside it. */
const longestMarginMs = 30_000;
const defaultGraceMs = 10_000;

/** What one attempt of a step may use to run programs. `close` removes everything but the log. */
export class Toolbox {
  private made: Promise<Workspace> | undefined;
  private writing: Promise<LogWriter> | undefined;
  private readonly lastLines: string[] = [];
  private readonly began = performance.now();

  constructor(
    private readonly spec: {
      readonly host: ToolHost | undefined;
      readonly plan: Plan;
      readonly step: PlanStep;
      readonly input: RunStepInput;
      readonly context: Context;
      readonly heart: Heart;
      readonly redactor: Redactor;
    },
  ) {}

  forCall({ key }: { readonly key: string }): Tools {
    const { heart } = this.spec;
    return {
      workspace: () => this.workspace(),
      canRun: this.spec.host !== undefined,
      run: (ask) => this.run(ask, key),
      allowedProgram: (name) => this.spec.host?.programs?.get(name),
      terraformSettings: () => this.spec.host?.terraform ?? {},
      keepFile: async (bytes, name) => {
        const digest = await this.host().blobs.put(bytes);
        return { $file: { digest, bytes: bytes.length, name } };
      },
      readFile: async ({ $file }) => {
        try {
          return await this.host().blobs.get($file.digest);
        } catch {
          throw new StepFailed(
            `The file ${$file.name} is not in the blob store any more; run the step again that made it.`,
          );
        }
      },
      checkpoint: () => heart.progress.checkpoint,
      saveCheckpoint: (checkpoint) => heart.keepCheckpoint(checkpoint),
    };
  }

  /** The log and the last lines, for the result; nothing when no program ran. */
  async told(): Promise<Pick<StepResult, 'log' | 'detail'>> {
    const log = await this.writing;
    if (!log) return {};
    const { bytes, lost } = await log.close();
    const lines = [...this.lastLines, ...(lost === undefined ? [] : [lost])];
    return {
      ...(bytes > 0 ? { log: { key: log.key, bytes } } : {}),
      ...(lines.length > 0 ? { detail: lines } : {}),
    };
  }

  async close(): Promise<void> {
    await this.writing?.then((log) => log.close()).catch(() => undefined);
    await this.made?.then((made) => made.remove()).catch(() => undefined);
  }

  private host(): ToolHost {
    if (this.spec.host) return this.spec.host;
    throw new StepFailed(`“${this.spec.step.name}” needs a runner that can run programs, and this one cannot.`);
  }

  private workspace(): Promise<Workspace> {
    const { workPlace, blobs } = this.host();
    this.made ??= makeWorkspace({
      place: workPlace,
      trees: this.spec.plan.trees ?? {},
      readBlob: (digest) => blobs.get(digest),
    }).catch((error: Error) => {
      this.made = undefined;
      throw new StepError(`The files of “${this.spec.step.name}” could not be laid out (${error.message}).`, {
        unsent: true,
      });
    });
    return this.made;
  }

  private log(): Promise<LogWriter> {
    const { plan, step, input, context } = this.spec;
    const { attempt } = context.info;
    const open = async (): Promise<LogWriter> =>
      this.host().logs.open({
        operation: plan.operation.id,
        step: loggedAs(step.path, input.targets),
        mode: input.mode === 'undo' ? 'undo' : 'do',
        attempt,
      });
    // What goes wrong with it costs the log, and neither the step nor what it has to say.
    this.writing ??= open().catch(lostLog);
    return this.writing;
  }

  private async run(ask: RunAsk, key: string): Promise<RunEnd> {
    const { heart, context, redactor, step } = this.spec;
    const host = this.host();
    const program = this.programOf(ask.program);
    const { root, home, temporary } = await this.workspace();
    const [log, restMs] = [await this.log(), this.restMs(ask.graceMs)];
    await this.confirm();
    const reader = new OutputReader({
      redactor,
      onText: (text) => log.write(text),
      onLine: (line, from) => ask.onLine?.(line, from),
      keepBytes: ask.keepBytes,
      isPrivate: ask.isPrivate,
    });
    const env = {
      ...ambient(['PATH']),
      LANG: 'C.UTF-8',
      ...checkedEnv(ask.env ?? {}),
      HOME: home,
      TMPDIR: temporary,
      SIGNALBOX_KEY: key,
      SIGNALBOX_FENCE: fenceOf(this.spec.input),
    };
    const wallMs = Math.max(100, Math.min(ask.limitMs ?? restMs.wallMs, restMs.wallMs));
    try {
      const end = await runProgram(host, {
        program,
        args: ask.args.words,
        env,
        cwd: ask.cwd ?? root,
        input: ask.input,
        network: ask.network ?? 'host',
        stopSignal: ask.stopSignal,
        limits: {
          ...host.limits,
          memoryBytes: ask.memoryBytes ?? host.limits.memoryBytes,
          wallMs,
          graceMs: restMs.graceMs,
        },
        lease: heart,
        signal: context.cancellationSignal,
        onOutput: (from, chunk) => reader.take(from, chunk),
      });
      reader.end();
      return { code: this.codeOf(end, { ask, wallMs }), ...reader.told() };
    } catch (error) {
      if (!(error instanceof NotStarted)) throw error;
      throw new StepFailed(`“${step.name}” could not start ${basename(program)} (${error.message}).`);
    } finally {
      if (!ask.isPrivate) this.lastLines.splice(0, Infinity, ...reader.told().lastLines);
    }
  }

  /**
   * Where another attempt may have begun since, nothing is changed unless Temporal says that this one is the present
   * one. A first attempt that comes straight to its call pays nothing for it.
   */
  async confirmAfterWait(): Promise<void> {
    if (this.spec.context.info.attempt > 1 || this.spec.heart.isOld) await this.confirm();
  }

  /** Nothing is started unless Temporal says that this attempt is the present one. */
  private async confirm(): Promise<void> {
    try {
      await this.spec.heart.confirm();
    } catch (error) {
      const why = error instanceof AttemptGone ? 'another attempt has taken its place' : 'Temporal does not answer';
      throw new StepError(`“${this.spec.step.name}” was not begun, because ${why}.`, { unsent: true });
    }
  }

  private restMs(graceMs = defaultGraceMs): { readonly wallMs: number; readonly graceMs: number } {
    const wholeMs = this.spec.context.info.startToCloseTimeoutMs ?? this.spec.step.timeoutMs;
    const marginMs = Math.min(longestMarginMs, Math.min(wholeMs, this.spec.step.timeoutMs) * 0.2);
    const limitMs = Math.min(wholeMs, this.spec.step.timeoutMs) - marginMs;
    return {
      wallMs: limitMs - (performance.now() - this.began),
      graceMs: Math.min(graceMs, marginMs * (graceMs > defaultGraceMs ? 0.8 : 0.5)),
    };
  }

  private programOf(name: string): string {
    const found = name.startsWith('/') ? name : programAt(name);
    if (found !== undefined) return found;
    throw new StepFailed(
      `The program ${name} is not installed where “${this.spec.step.name}” runs; whoever runs the pool ${this.spec.step.pool} has to install it.`,
    );
  }

  private codeOf(end: ProgramEnd, { ask, wallMs }: { readonly ask: RunAsk; readonly wallMs: number }): number {
    const { step, host } = this.spec;
    const name = basename(ask.program);
    const asked = `“${step.name}”: ${name}`;
    switch (end.by) {
      case 'itself':
        return end.code ?? 128 + (signalNumbers[end.signal ?? ''] ?? 0);
      case 'asked':
        throw new StepError(`${asked} was ended, because the step was cancelled.`);
      case 'time':
        throw new StepError(`${asked} was not done after ${formatDuration(roughly(wallMs))} and was ended.`);
      case 'memory':
        throw new StepFailed(
          `${asked} used more than ${mebibytes(ask.memoryBytes ?? host!.limits.memoryBytes)} of memory and was ended.`,
        );
      case 'output':
        throw new StepFailed(`${asked} wrote more than ${mebibytes(host!.limits.outputBytes)} and was ended.`);
      default:
        throw new StepError(`${asked} was ended, because the runner lost its hold of the step.`);
    }
  }
}

const signalNumbers: { readonly [signal: string]: number } = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** For people: nobody wants to read 569.873 s. */
function roughly(ms: number): number {
  const unit = ms > 10_000 ? 1_000 : 100;
  return Math.round(ms / unit) * unit;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function fenceOf({ fence }: RunStepInput): string {
  return fence ? `${fence.epoch}.${fence.number}` : '';
}

/** Variables that make a program load what it was not asked to run. */
const dangerous = /^(?:LD_|DYLD_|NODE_OPTIONS$|PYTHONSTARTUP$|BASH_ENV$|ENV$|PERL5OPT$|RUBYOPT$|SIGNALBOX_)/;

function checkedEnv(env: { readonly [name: string]: string }): { readonly [name: string]: string } {
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || dangerous.test(name) || isOwnSetting(name))
      throw new StepFailed(`${name.slice(0, 60)} cannot be given to a program as a variable.`);
    if (value.includes('\0')) throw new StepFailed(`The variable ${name} holds the character NUL.`);
  }
  return env;
}
