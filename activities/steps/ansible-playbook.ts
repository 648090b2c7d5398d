import { readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../src/json';
import { ansibleHosts, type AnsibleHost } from '../../src/runbooks/ansible-hosts';
import { ansiblePlaybook, folderOf, type AnsiblePlaybookWith } from '../../src/runbooks/kinds/ansible-playbook';
import { ProgramArguments } from '../processes/program-arguments';
import { callbackPlugin, eventsVariable } from './ansible-callback';
import { ansibleData, ansibleInventoryFile } from './ansible-data';
import { readEvents, type AnsibleOutcome } from './ansible-events';
import { nothingDone, readProgress, saveProgress, withGain, type AnsibleProgress } from './ansible-progress';
import { StepError, StepFailed, type StepAnswer } from './outcomes';
import { stepKind, withGiven, type StepContext } from './step-kind';
import type { Workspace } from './workspace';

const inventorySchema = z.strictObject({ hosts: ansibleHosts });
/** Longest path of a socket that Linux takes, less what ssh puts behind it. */
const longestSocketFolder = 60;
const maxFactsBytes = 256 * 1024;
/** What Ansible calls the machine that it runs on when no inventory does. */
const localNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

interface Hosts {
  /** All of the inventory: what is done on some may look at the others. */
  readonly hosts: readonly AnsibleHost[];
  /** Those that something is still to be done on. */
  readonly targets: readonly AnsibleHost[];
}

export const runAnsiblePlaybook = stepKind<AnsiblePlaybookWith>(ansiblePlaybook, run, (context) =>
  run(withGiven(context, { check: true })),
);

async function run(context: StepContext<AnsiblePlaybookWith>): Promise<StepAnswer> {
  const { given } = context;
  const hosts = await hostsOf(context);
  const wanted = targetsOf(given, hosts);
  const before = await readProgress(context);
  const isDone = new Set([...before.ok, ...before.changed]);
  const targets = wanted.filter(({ name }) => !isDone.has(name));
  if (targets.length === 0) return answerOf(given, before, { failed: [], unreachable: [] });
  const { outcome, code, lastError } = await play(context, { hosts, targets }, before);
  if (!outcome.isWhole)
    throw new StepFailed(
      `The playbook ${given.playbook} did not run to its end (code ${code})${lastError === undefined ? '' : `: ${lastError}`}.`,
    );
  const missed = targets.map(({ name }) => name).filter((name) => !outcome.seen.has(name));
  if (missed.length > 0)
    throw new StepFailed(
      `The playbook ${given.playbook} did nothing on ${listed(missed)}; its "hosts" have to name them, and nothing done is no success.`,
    );
  const bad = [...outcome.failed, ...outcome.unreachable];
  const done = withGain(before, outcome);
  if (bad.length === 0) return answerOf(given, done, outcome);
  const unkept = await kept(context, { hosts, outcome, done });
  throw new StepError(
    `${bad.length} of ${Math.max(wanted.length, bad.length)} hosts are not done: ${listed(bad.map((name) => `${name} (${outcome.words.get(name) ?? 'failed'})`))}.${unkept}`,
  );
}

/** Saves what is done; gives why the next attempt does everything again, if it has to. */
async function kept(
  context: StepContext<AnsiblePlaybookWith>,
  spec: { readonly hosts: readonly AnsibleHost[]; readonly outcome: AnsibleOutcome; readonly done: AnsibleProgress },
): Promise<string> {
  const names = new Set(spec.hosts.map(({ name }) => name));
  const { seen, failed, unreachable } = spec.outcome;
  const strangers = [...seen].filter((name) => !names.has(name));
  // No limit can ask for them alone: those that the playbook adds itself, and what failed on the runner.
  const isWhole = strangers.every((name) => localNames.has(name) && ![...failed, ...unreachable].includes(name));
  try {
    await saveProgress(context, isWhole ? spec.done : nothingDone);
  } catch (error) {
    return ` What is done could not be kept (${(error as Error).message}), so another attempt may do it again.`;
  }
  return isWhole ? '' : ` Not all of them are in the inventory, so another attempt begins with all hosts.`;
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
  those: Hosts,
  before: AnsibleProgress,
): Promise<{ readonly outcome: AnsibleOutcome; readonly code: number; readonly lastError?: string }> {
  const { given } = context;
  const workspace = await context.workspace();
  const folder = folderOf(given.playbook);
  const events = await workspace.write('events.jsonl', '');
  const args = await argumentsOf(given, those, workspace);
  const env = await environmentOf(context, workspace, events);
  // What is done on each batch is kept as it ends, so that a killed runner's hosts are not done again.
  let saved = 0;
  const keep = async (): Promise<void> => {
    const { done } = readEvents(await readFile(events, 'utf8'));
    const count = done.ok.length + done.changed.length;
    if (count <= saved) return;
    await saveProgress(context, withGain(before, done));
    saved = count;
  };
  let keeping = Promise.resolve();
  const timer = setInterval(() => {
    // Temporal or the blob store being slow costs nothing but a later checkpoint.
    keeping = keeping.then(keep).catch(() => undefined);
  }, 1_000);
  try {
    const end = await context.run({ program: 'ansible-playbook', args, env, cwd: workspace.folder(folder) });
    return { outcome: readEvents(await readFile(events, 'utf8')), code: end.code, lastError: end.lastError };
  } finally {
    clearInterval(timer);
    // Or it would come after what the end has to keep.
    await keeping;
  }
}

async function argumentsOf(
  given: AnsiblePlaybookWith,
  { hosts, targets }: Hosts,
  workspace: Workspace,
): Promise<ProgramArguments> {
  const all = {
    ansible_connection: given.connection,
    ...(given.user === undefined ? {} : { ansible_user: given.user }),
    ...(given.python === undefined ? {} : { ansible_python_interpreter: given.python }),
  };
  const inventory = await workspace.write('inventory.yml', ansibleInventoryFile(hosts, all));
  const args = new ProgramArguments().option('--inventory', inventory).option('--forks', String(given.forks));
  if (targets.length < hosts.length) {
    const limit = await workspace.write('limit', limitOf({ hosts, targets }));
    // From where the playbook runs: Ansible would split the path of a runner's folder at a comma or a colon.
    args.option('--limit', `@${relative(workspace.folder(folderOf(given.playbook)), limit)}`);
  }
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

/**
 * The names of hosts, one a line. Ansible takes a line that is the name of a host of the inventory for nothing else.
 * Plays on the runner itself go on as they would without a limit.
 */
function limitOf({ hosts, targets }: Hosts): string {
  const local = hosts.some(({ name }) => localNames.has(name)) ? [] : ['localhost'];
  return [...targets.map(({ name }) => name), ...local].join('\n');
}

function answerOf(
  { check }: AnsiblePlaybookWith,
  done: AnsibleProgress,
  rest: Pick<AnsibleOutcome, 'failed' | 'unreachable'>,
): StepAnswer {
  if (Buffer.byteLength(JSON.stringify(done.facts)) > maxFactsBytes)
    throw new StepFailed(`The playbook gave set_stats more than ${maxFactsBytes / 1024} KiB of facts.`);
  const tells: JsonObject = {
    ok: [...done.ok, ...done.changed].sort(),
    changed: [...done.changed].sort(),
    failed: [...rest.failed],
    unreachable: [...rest.unreachable],
    facts: done.facts,
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
