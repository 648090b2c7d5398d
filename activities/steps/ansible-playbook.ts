import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../src/json';
import { ansibleHosts, type AnsibleHost } from '../../src/runbooks/ansible-hosts';
import { ansiblePlaybook, folderOf, type AnsiblePlaybookWith } from '../../src/runbooks/kinds/ansible-playbook';
import { ProgramArguments } from '../processes/program-arguments';
import { callbackPlugin, eventsVariable } from './ansible-callback';
import { ansibleData, ansibleInventoryFile } from './ansible-data';
import { readEvents, type AnsibleOutcome } from './ansible-events';
import { StepError, StepFailed, type StepAnswer } from './outcomes';
import { stepKind, withGiven, type StepContext } from './step-kind';
import type { Workspace } from './workspace';

/** What is done on hosts that need no second attempt. */
interface Done {
  readonly ok: readonly string[];
  readonly changed: readonly string[];
}

const doneSchema = z.object({ ok: z.array(z.string()), changed: z.array(z.string()) });
const inventorySchema = z.strictObject({ hosts: ansibleHosts });
/** Longest path of a socket that Linux takes, less what ssh puts behind it. */
const longestSocketFolder = 60;
const maxFactsBytes = 256 * 1024;

export const runAnsiblePlaybook = stepKind<AnsiblePlaybookWith>(ansiblePlaybook, run, (context) =>
  run(withGiven(context, { check: true })),
);

async function run(context: StepContext<AnsiblePlaybookWith>): Promise<StepAnswer> {
  const { given } = context;
  const wanted = targetsOf(given, await hostsOf(context));
  const before = doneSchema.safeParse(context.checkpoint()).data ?? { ok: [], changed: [] };
  const isDone = new Set([...before.ok, ...before.changed]);
  const targets = wanted.filter(({ name }) => !isDone.has(name));
  if (targets.length === 0) return answerOf(given, before, { failed: [], unreachable: [], facts: {} });
  const { outcome, code, lastError } = await play(context, targets, before);
  if (!outcome.isWhole)
    throw new StepFailed(
      `The playbook ${given.playbook} did not run to its end (code ${code})${lastError === undefined ? '' : `: ${lastError}`}.`,
    );
  const done = merged(before, outcome);
  const missed = targets.map(({ name }) => name).filter((name) => !outcome.seen.has(name));
  if (missed.length > 0)
    throw new StepFailed(
      `The playbook ${given.playbook} did nothing on ${listed(missed)}; its "hosts" have to name them, and nothing done is no success.`,
    );
  const bad = [...outcome.failed, ...outcome.unreachable];
  if (bad.length === 0) return answerOf(given, done, outcome);
  await context.saveCheckpoint(done);
  throw new StepError(
    `${bad.length} of ${wanted.length} hosts are not done: ${listed(bad.map((name) => `${name} (${outcome.words.get(name) ?? 'failed'})`))}.`,
  );
}

async function hostsOf({ given, readFile: read }: StepContext<AnsiblePlaybookWith>): Promise<readonly AnsibleHost[]> {
  if (given.hosts) return given.hosts;
  const file = given.inventory!;
  try {
    return inventorySchema.parse(JSON.parse((await read(file)).toString('utf8'))).hosts;
  } catch (error) {
    if (error instanceof StepFailed) throw error;
    throw new StepFailed(
      `The file ${file.$file.name} is no inventory; let a step of the kind ansible/inventory make it.`,
    );
  }
}

function targetsOf({ limit }: AnsiblePlaybookWith, hosts: readonly AnsibleHost[]): readonly AnsibleHost[] {
  const names = new Set(hosts.map(({ name }) => name));
  const strange = (limit ?? []).filter((name) => !names.has(name));
  if (strange.length > 0) throw new StepFailed(`The limit names ${listed(strange)}, and the inventory does not.`);
  const targets = limit === undefined ? hosts : hosts.filter(({ name }) => limit.includes(name));
  if (targets.length === 0) throw new StepFailed('There is no host to work on, and work on no host is no success.');
  return targets;
}

async function play(
  context: StepContext<AnsiblePlaybookWith>,
  targets: readonly AnsibleHost[],
  before: Done,
): Promise<{ readonly outcome: AnsibleOutcome; readonly code: number; readonly lastError?: string }> {
  const { given } = context;
  const workspace = await context.workspace();
  const folder = folderOf(given.playbook);
  const events = await workspace.write('events.jsonl', '');
  const args = await argumentsOf(given, targets, workspace);
  const env = await environmentOf(context, workspace, events);
  // What is done on each batch is kept as it ends, so that a killed runner's hosts are not done again.
  let kept = 0;
  const keep = async (): Promise<void> => {
    const { done } = readEvents(await readFile(events, 'utf8'));
    const count = done.ok.length + done.changed.length;
    if (count <= kept || hasEnded) return;
    kept = count;
    await context.saveCheckpoint(merged(before, done));
  };
  let hasEnded = false;
  // Temporal or the disk being slow costs nothing but a later checkpoint.
  const timer = setInterval(() => void keep().catch(() => undefined), 1_000);
  try {
    const end = await context.run({ program: 'ansible-playbook', args, env, cwd: workspace.folder(folder) });
    return { outcome: readEvents(await readFile(events, 'utf8')), code: end.code, lastError: end.lastError };
  } finally {
    hasEnded = true;
    clearInterval(timer);
  }
}

async function argumentsOf(
  given: AnsiblePlaybookWith,
  targets: readonly AnsibleHost[],
  workspace: Workspace,
): Promise<ProgramArguments> {
  const all = {
    ansible_connection: given.connection,
    ...(given.user === undefined ? {} : { ansible_user: given.user }),
    ...(given.python === undefined ? {} : { ansible_python_interpreter: given.python }),
  };
  const inventory = await workspace.write('inventory.yml', ansibleInventoryFile(targets, all));
  const args = new ProgramArguments().option('--inventory', inventory).option('--forks', String(given.forks));
  if (given.vars) args.option('--extra-vars', `@${await workspace.write('vars.yml', `${ansibleData(given.vars)}\n`)}`);
  if (given.tags) args.option('--tags', given.tags.join(','));
  if (given.check) args.switch('--check').switch('--diff');
  return args.value(basename(given.playbook));
}

async function environmentOf(
  { given, secret }: StepContext<AnsiblePlaybookWith>,
  workspace: Workspace,
  events: string,
): Promise<{ readonly [name: string]: string }> {
  await workspace.write('signalbox_events.py', callbackPlugin);
  const files = join(workspace.root, 'files');
  const sockets = join(workspace.root, 's');
  const known =
    given.known_hosts === undefined
      ? []
      : ['-o', `UserKnownHostsFile=${await workspace.write('known_hosts', `${given.known_hosts}\n`)}`];
  const key =
    given.key === undefined ? undefined : await workspace.write('key', `${(await secret(given.key)).trim()}\n`);
  const canShare = sockets.length <= longestSocketFolder;
  return {
    ANSIBLE_CALLBACK_PLUGINS: files,
    ANSIBLE_CALLBACKS_ENABLED: 'signalbox_events',
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_LOCAL_TEMP: join(workspace.temporary, 'ansible'),
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_SSH_ARGS: [
      '-o',
      'BatchMode=yes',
      ...known,
      ...(canShare ? ['-o', 'ControlMaster=auto', '-o', 'ControlPersist=60s'] : ['-o', 'ControlMaster=no']),
    ].join(' '),
    ...(canShare ? { ANSIBLE_SSH_CONTROL_PATH_DIR: sockets } : {}),
    ...(key === undefined ? {} : { ANSIBLE_PRIVATE_KEY_FILE: key }),
    [eventsVariable]: events,
  };
}

function merged(before: Done, outcome: Done): { ok: string[]; changed: string[] } {
  return { ok: [...before.ok, ...outcome.ok], changed: [...before.changed, ...outcome.changed] };
}

function answerOf(
  { check }: AnsiblePlaybookWith,
  done: Done,
  rest: Pick<AnsibleOutcome, 'failed' | 'unreachable' | 'facts'>,
): StepAnswer {
  if (Buffer.byteLength(JSON.stringify(rest.facts)) > maxFactsBytes)
    throw new StepFailed(`The playbook gave set_stats more than ${maxFactsBytes / 1024} KiB of facts.`);
  const tells: JsonObject = {
    ok: [...done.ok, ...done.changed].sort(),
    changed: [...done.changed].sort(),
    failed: [...rest.failed],
    unreachable: [...rest.unreachable],
    facts: rest.facts,
  };
  const count = done.ok.length + done.changed.length;
  if (check)
    return {
      tells,
      summary: `${done.changed.length} of ${count} ${count === 1 ? 'host' : 'hosts'} would change`,
      detail: wouldChange([...done.changed].sort()),
    };
  return { tells, summary: `${count} ${count === 1 ? 'host' : 'hosts'} done, ${done.changed.length} changed` };
}

function wouldChange(names: readonly string[]): readonly string[] {
  const shown = names.slice(0, 20).map((name) => `would change ${name}`);
  return names.length > 20 ? [...shown, `and ${names.length - 20} more`] : shown;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
