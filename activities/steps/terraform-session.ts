import { existsSync } from 'node:fs';
import { readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { z } from 'zod';
import type { SecretReference } from '../../src/connections/schema';
import type { TerraformTool } from '../../src/runbooks/kinds/terraform';
import { programAt } from '../processes/isolation';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';
import type { RunEnd } from './toolbox';

/** Longer than the 20 s after which state is written at the latest, so that what was made is known. */
const graceMs = 24_000;
const lockFile = '.terraform.lock.hcl';
/** Where plans and state are carried out and kept by others, so that a saved plan is no file. */
const remote = ['remote', 'cloud'];

export interface TerraformAsk {
  readonly folder: string;
  readonly tool?: TerraformTool;
  readonly workspace?: string;
  readonly backend?: { readonly [argument: string]: string | number | boolean };
  readonly secrets: { readonly [name: string]: SecretReference };
  /** The versions of providers to use, instead of those that the folder says. */
  readonly lock?: string;
}

/** What came of one command; `errors` are the tool's own sentences, masked. */
export type TerraformEnd = RunEnd & { readonly errors: readonly string[] };

/** A folder that is initialized against its backend, in the workspace of this attempt. */
export interface TerraformSession {
  readonly tool: TerraformTool;
  run(args: ProgramArguments, options?: { readonly isPrivate?: boolean }): Promise<TerraformEnd>;
  /** The versions of providers that are in use, where there are any. */
  lock(): Promise<string | undefined>;
}

/** Throws `StepError` when it may work next time, `StepFailed` when the folder or the runner has to be changed. */
export async function openTerraform(context: StepContext<unknown>, ask: TerraformAsk): Promise<TerraformSession> {
  const tool =
    ask.tool ?? (programAt('terraform') === undefined && programAt('tofu') !== undefined ? 'tofu' : 'terraform');
  const workspace = await context.workspace();
  const cwd = workspace.folder(ask.folder);
  // Outside of the folder, so that nothing in the repository is taken for what the tool itself wrote there.
  const data = join(workspace.temporary, 'terraform');
  const env = await environmentOf(context, ask, data);
  if (ask.lock !== undefined) await writeFile(join(cwd, lockFile), ask.lock);
  const run: TerraformSession['run'] = async (args, options) => {
    const errors: string[] = [];
    const onLine = (line: string): void => {
      const [, words] = /^(?:│ )?Error: (.*)$/.exec(line) ?? [];
      if (words) errors.push(words.slice(0, 300));
    };
    const more = options?.isPrivate ? { isPrivate: true, keepBytes: 64 * 2 ** 20 } : {};
    const end = await context.run({ program: tool, args, env, cwd, stopSignal: 'SIGINT', graceMs, onLine, ...more });
    return { ...end, errors };
  };
  const init = new ProgramArguments('init', '-input=false', '-no-color');
  if (existsSync(join(cwd, lockFile))) init.switch('-lockfile=readonly');
  if (ask.backend) init.option('--backend-config', await workspace.write('backend.json', JSON.stringify(ask.backend)));
  const made = await run(init);
  if (made.code !== 0)
    throw new StepError(`${tool} could not prepare ${ask.folder}: ${wordsOf(made)}.`, { unsent: true });
  await checkBackend(context, { ask, data });
  if (ask.workspace !== undefined && ask.workspace !== 'default') {
    const args = new ProgramArguments('workspace', 'select', '-no-color', '-or-create').value(ask.workspace);
    const selected = await run(args);
    if (selected.code !== 0)
      throw new StepError(`${tool} could not select the workspace ${ask.workspace}: ${wordsOf(selected)}.`, {
        unsent: true,
      });
  }
  const lock = () => readFile(join(cwd, lockFile), 'utf8').catch(() => undefined);
  return { tool, run, lock };
}

/** `plan`, `apply` and `destroy` wait this long for others who work on the same state. */
export function lockTimeout({ step }: StepContext<unknown>): string {
  return `${Math.max(1, Math.min(60, Math.floor(step.timeoutMs / 10_000)))}s`;
}

/** The tool's own words of a failure. */
export function wordsOf({ errors, lastError, code }: TerraformEnd): string {
  const [first, ...more] = errors;
  if (first === undefined) return withoutStop(lastError ?? `it ended with the code ${code}`);
  const last = lastError === undefined || lastError.endsWith(first) ? '' : ` (${withoutStop(lastError)})`;
  return `${withoutStop(first)}${last}${more.length > 0 ? `, and ${more.length} more` : ''}`;
}

/** Why a command cannot have changed anything, where it says so. */
export function lockedWords({ errors }: TerraformEnd, folder: string): string | undefined {
  if (!errors.some((error) => error.startsWith('Error acquiring the state lock'))) return undefined;
  return `Somebody else holds the lock of the state of ${folder}, so nothing was done; the log says who. If nobody works on it any more, whoever looks after it releases the lock with force-unlock.`;
}

function withoutStop(words: string): string {
  return words.replace(/\.$/, '');
}

async function environmentOf(context: StepContext<unknown>, { secrets }: TerraformAsk, data: string) {
  const { config } = context.terraformSettings();
  const env: { [name: string]: string } = {};
  for (const [name, reference] of Object.entries(secrets)) env[name] = await context.secret(reference);
  return {
    ...env,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    TF_DATA_DIR: data,
    CHECKPOINT_DISABLE: '1',
    ...(config === undefined ? {} : { TF_CLI_CONFIG_FILE: config }),
  };
}

const backendSchema = z.object({
  backend: z.object({ type: z.string(), config: z.record(z.string(), z.unknown()).nullish() }),
});

/** The state has to outlive the workspace of this attempt, or what is made would be forgotten. */
async function checkBackend(
  context: StepContext<unknown>,
  { ask, data }: { readonly ask: TerraformAsk; readonly data: string },
): Promise<void> {
  const { folder, workspace } = ask;
  const text = await readFile(join(data, 'terraform.tfstate'), 'utf8').catch(() => '{}');
  const backend = backendSchema.safeParse(JSON.parse(text)).data?.backend;
  if (!backend || remote.includes(backend.type))
    throw new StepFailed(
      backend
        ? `${folder} is carried out elsewhere (${backend.type}), so there is no plan here to approve; use a backend that only keeps state.`
        : `${folder} has no backend, so its state would be lost after this step; add one to its terraform block, such as backend "pg" {}.`,
    );
  if (backend.type !== 'local') return;
  const { state } = context.terraformSettings();
  const asked = [backend.config?.path, ...(workspace === undefined ? [] : [backend.config?.workspace_dir])];
  for (const path of asked)
    if (state === undefined || !(await isInside(state, path)))
      throw new StepFailed(
        `${folder} keeps its state in a file of the runner, and ${
          state === undefined
            ? 'the runners of this pool allow none; whoever runs them names a folder in the file that RUNNER_PROGRAMS names'
            : `"path" (and "workspace_dir" with a workspace) has to be an absolute path in ${state}`
        }.`,
      );
}

async function isInside(folder: string, path: unknown): Promise<boolean> {
  if (typeof path !== 'string' || !isAbsolute(path) || path.split('/').includes('..')) return false;
  try {
    const root = await realpath(folder);
    // What is not there yet is made by the tool, below the first folder that is.
    let there = path;
    while (!existsSync(there)) there = dirname(there);
    return path.startsWith(folder.replace(/\/?$/, sep)) && `${await realpath(there)}${sep}`.startsWith(root + sep);
  } catch {
    return false;
  }
}
