import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json, JsonObject } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import type { FileRef } from '../../src/runbooks/file-ref';
import { resolveScope } from '../../src/runbooks/scope';
import { hostileValues } from '../helpers/hostile-values';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';
import { openTools, packFiles, type TestTools } from './tools';

/** The real Terraform, or OpenTofu, with resources that need no provider. */
const program = process.env.TERRAFORM_BIN;
if (program !== undefined) process.env.PATH = `${dirname(program)}:${process.env.PATH}`;

const folder = mkdtempSync(join(tmpdir(), 'signalbox-terraform-'));
const at = (name: string): string => join(folder, name);
const state = at('state');
const local = 'terraform {\n  backend "local" {}\n}\n';
const slow = (name: string): string => `resource "terraform_data" "${name}" {
  provisioner "local-exec" {
    command = "echo x >> ${folder}/${name}.count; [ -e ${folder}/${name}.go ] || exec sleep 600"
  }
}\n`;
const sources: { readonly [name: string]: string } = {
  apps: `${local}
variable "size" { type = number }
variable "names" {
  type    = list(string)
  default = []
}
resource "terraform_data" "size" { triggers_replace = var.size }
resource "terraform_data" "named" {
  for_each = toset(var.names)
  input    = each.key
}
output "size" { value = var.size }
output "names" { value = [for one in terraform_data.named : one.output] }`,
  secret: `${local}
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "login" { input = "login ${'${var.password}'} now" }
output "password" {
  value     = "P-${'${var.password}'}"
  sensitive = true
}
output "user" { value = "app" }`,
  breaks: `${local}
resource "terraform_data" "first" {}
resource "terraform_data" "bad" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo no room left >&2; exit 3" }
}`,
  slow: `${local}
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "'${process.execPath}' ${folder}/hears.js & wait" }
}`,
  held: `${local}${slow('held')}`,
  killed: `${local}${slow('killed')}`,
  timed: `${local}${slow('timed')}`,
  homeless: 'resource "terraform_data" "one" {}',
  invalid: `${local}resource "terraform_data" "one" { nonsense = 1 }`,
};

let tools: TestTools;
let trees: NonNullable<Plan['trees']>;
beforeAll(async () => {
  mkdirSync(state);
  const hears = `const fs = require('fs');
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.on(signal, () => { fs.appendFileSync('${folder}/slow.heard', signal); process.exit(); });
    fs.writeFileSync('${folder}/slow.up', ''); setInterval(() => {}, 1000);`;
  writeFileSync(at('hears.js'), hears);
  tools = { ...(await openTools()), terraform: { state } };
  const packed = Object.entries(sources).map(async ([name, text]) => [
    `terraform/${name}`,
    await packFiles(tools.blobs, { 'main.tf': text }),
  ]);
  trees = Object.fromEntries((await Promise.all(packed)) as [string, NonNullable<Plan['trees']>[string]][]);
});

const tells = ['file', 'creates', 'updates', 'replaces', 'destroys', 'changes', 'has_changes', 'addresses'];
const told = Object.fromEntries(tells.map((name) => [name, name]));
const asked = (step: JsonObject, more: Partial<Attempt> = {}): Attempt => ({ step, tools, trees, ...more });
/** A step about a folder, with state in a file of its own. */
const about = (uses: string, name: string, more: JsonObject, keys: JsonObject): JsonObject => ({
  id: 'make',
  uses: `terraform/${uses}`,
  with: { folder: `terraform/${name}`, ...(uses === 'apply' ? {} : backend(name)), ...more },
  ...keys,
});
const backend = (name: string) => ({ backend: { path: join(state, `${name}.tfstate`) } });
const plan = (name: string, more: JsonObject = {}, keys: JsonObject = {}) =>
  about('plan', name, more, { outputs: told, ...keys });
const homeless = { id: 'make', uses: 'terraform/plan', with: { folder: 'terraform/homeless' } };
const apply = (name: string, file: Json, more: JsonObject = {}, keys: JsonObject = {}) =>
  about('apply', name, { plan: file, ...more }, { outputs: { outputs: 'outputs' }, ...keys });
const planned = async (name: string, more: JsonObject = {}): Promise<FileRef> =>
  (await attemptOf('', asked(plan(name, more)))).outputs.file as FileRef;
const stateOf = (name: string) =>
  JSON.parse(readFileSync(join(state, `${name}.tfstate`), 'utf8')) as { readonly resources: readonly Json[] };
const logOf = (key: string): string => readFileSync(join(tools.folder, 'logs', key), 'utf8');

test('what was planned is what is applied, and what changes is told before', async () => {
  const vars = { size: 1, names: ['a', 'b'] };
  const first = await attemptOf('', asked(plan('apps', { vars })));
  expect(first.outputs).toMatchObject({
    creates: 3,
    updates: 0,
    replaces: 0,
    destroys: 0,
    changes: 3,
    has_changes: true,
  });
  expect(first.summary).toBe('3 to create');
  expect(first.detail).toContain('create terraform_data.named["a"]');
  expect(existsSync(join(state, 'apps.tfstate'))).toBe(false);
  const made = await attemptOf('', asked(apply('apps', first.outputs.file!)));
  expect(made.outputs).toEqual({ outputs: { size: 1, names: ['a', 'b'] } });
  expect(made.summary).toBe('3 added, 0 changed, 0 destroyed');
  expect(stateOf('apps').resources).toHaveLength(2);

  const next = await attemptOf('', asked(plan('apps', { vars: { size: 2, names: ['b', 'c'] } })));
  expect(next.outputs).toMatchObject({ creates: 1, updates: 0, replaces: 1, destroys: 1, changes: 3 });
  expect(next.summary).toBe('1 to destroy, 1 to replace, 1 to create');
  expect(next.detail![0]).toBe('destroy terraform_data.named["a"]');
  expect((next.outputs.addresses as string[])[0]).toBe('terraform_data.named["a"]');
  const same = await attemptOf('', asked(plan('apps', { vars })));
  expect(same.outputs).toMatchObject({ changes: 0, has_changes: false });
  expect(same.summary).toBe('nothing to change');
});

test('a dry run tells what a saved plan and a destroy would do, and does neither', async () => {
  const more = { vars: { size: 1, names: ['a'] }, backend: { path: join(state, 'dry.tfstate') } };
  const dry = { input: { mode: 'check' } } as const;
  const planning = await attemptOf('', asked(plan('apps', more), dry));
  expect(planning).toMatchObject({ summary: 'now: 2 to create', outputs: { creates: 2 } });
  const file = planning.outputs.file!;
  expect(await attemptOf('', asked(apply('apps', file), dry))).toMatchObject({
    summary: '2 to create',
    detail: expect.arrayContaining(['create terraform_data.size']),
    would: 'tried',
  });
  expect(existsSync(join(state, 'dry.tfstate'))).toBe(false);
  await attemptOf('', asked(apply('apps', file)));
  const before = readFileSync(join(state, 'dry.tfstate'), 'utf8');
  const destroying = await attemptOf('', asked(about('destroy', 'apps', more, {}), dry));
  expect(destroying).toMatchObject({ summary: '2 to destroy', would: 'tried' });
  expect(readFileSync(join(state, 'dry.tfstate'), 'utf8')).toBe(before);
});

test('a plan that is out of date is refused and not made anew', async () => {
  const more = (size: number) => ({ vars: { size }, backend: { path: join(state, 'stale.tfstate') } });
  const [old, other] = [await planned('apps', more(1)), await planned('apps', more(2))];
  await attemptOf('', asked(apply('apps', other)));
  const before = readFileSync(join(state, 'stale.tfstate'), 'utf8');
  expect((await failureOf('', asked(apply('apps', old)))).message).toMatch(
    /out of date, because its state has changed since; nothing was changed\. Ask again/,
  );
  expect(readFileSync(join(state, 'stale.tfstate'), 'utf8')).toBe(before);
});

test('a resolve step tells policy its numbers, whatever its outputs are', async () => {
  const resolving = plan(
    'apps',
    { vars: { size: 1 }, backend: { path: join(state, 'none.tfstate') } },
    { outputs: {} },
  );
  const made = await attemptOf('', asked(resolving, { scope: resolveScope }));
  expect(made.outputs).toEqual({ creates: 1, updates: 0, replaces: 0, destroys: 0 });
});

test('values stay values, whatever they look like', async () => {
  const values = [...hostileValues, '${file("/etc/hostname")} %{ if true }x%{ endif } $${a}'];
  const more = { vars: { size: 1, names: '${{ inputs.values }}' }, backend: { path: join(state, 'hostile.tfstate') } };
  const { outputs } = await attemptOf('', asked(plan('apps', more), { inputs: { values } }));
  const made = await attemptOf('', asked(apply('apps', outputs.file!)));
  const names = (made.outputs.outputs as JsonObject).names as string[];
  // Terraform keeps every text in the form of Unicode that is called NFC.
  expect([...names].sort()).toEqual([...new Set(values.map((value) => value.normalize('NFC')))].sort());
  expect(readdirSync(tools.workPlace)).toEqual([]);
});

test('secrets and sensitive values stand in no output, line or log', async () => {
  const secrets = { secrets: { TF_VAR_password: { env: 'DB_PASSWORD' } } };
  const env = { DB_PASSWORD: 'S3CR3T-V4LUE' };
  const first = await attemptOf('', asked(plan('secret', secrets), { env }));
  const made = await attemptOf('', asked(apply('secret', first.outputs.file!, secrets), { env }));
  expect(made.outputs).toEqual({ outputs: { user: 'app' } });
  expect(JSON.stringify(stateOf('secret'))).toContain('S3CR3T-V4LUE');
  for (const { log, ...rest } of [first, made]) {
    expect(JSON.stringify(rest)).not.toMatch(/S3CR3T|V4LUE/);
    expect(logOf(log!.key)).toMatch(/terraform_data\.login/);
    expect(logOf(log!.key)).not.toMatch(/S3CR3T|V4LUE|format_version/);
  }
});

test.each<[string, () => JsonObject, RegExp]>([
  ['has no backend', () => homeless, /has no backend, so its state would be lost/],
  [
    'keeps state elsewhere on the runner',
    () => plan('apps', { vars: { size: 1 }, backend: { path: at('x') } }),
    /absolute path in /,
  ],
  [
    'climbs out of the folder of states',
    () => plan('apps', { vars: { size: 1 }, backend: { path: `${state}/../x` } }),
    /absolute path in /,
  ],
  [
    'keeps state in the folder that is thrown away',
    () => plan('apps', { vars: { size: 1 }, backend: { path: 'x' } }),
    /absolute path in /,
  ],
  [
    'has no folder for its workspaces',
    () => plan('apps', { vars: { size: 1 }, workspace: 'eu' }),
    /"workspace_dir" with a workspace/,
  ],
  [
    'is told a variable that it does not declare',
    () => plan('apps', { vars: { size: 1, sise: 2 } }),
    /declares no variable sise/,
  ],
  ['is told a value of a wrong type', () => plan('apps', { vars: { size: 'x' } }), /Invalid value for input variable/],
  ['is not told a value', () => plan('apps'), /No value for required variable/],
  ['is not valid', () => plan('invalid'), /Unsupported argument/],
])('a folder that %s ends in a sentence', async (_, step, sentence) => {
  expect((await failureOf('', asked({ ...step(), repeat: 'never' }))).message).toMatch(sentence);
});

test('a state behind a link that leads out of the allowed folder is refused', async () => {
  symlinkSync(folder, join(state, 'out'));
  const more = { vars: { size: 1 }, backend: { path: join(state, 'out', 'x.tfstate') } };
  expect((await failureOf('', asked(plan('apps', more)))).message).toMatch(/absolute path in /);
});

test('runners that name no folder for states keep none', async () => {
  const bare = { ...tools, terraform: undefined };
  expect((await failureOf('', asked(plan('apps'), { tools: bare }))).message).toMatch(
    /the runners of this pool allow none/,
  );
});

test.each(['TF_CLI_ARGS', 'TF_CLI_CONFIG_FILE', 'TF_LOG', 'TF_DATA_DIR', 'PATH', 'HTTPS_PROXY', 'https_proxy', '-x'])(
  'no secret goes to the variable %s',
  async (name) => {
    const step = plan('apps', { secrets: { [name]: { env: 'X_TOKEN' } } });
    expect((await failureOf('', asked(step, { env: { X_TOKEN: 'x'.repeat(20) } }))).message).toMatch(/secrets/);
  },
);

test('a plan of another folder, of other files or of nothing is refused', async () => {
  const file = await planned('apps', { vars: { size: 1 } });
  expect((await failureOf('', asked(apply('slow', file)))).message).toMatch(/was made for terraform\/apps/);
  const moved = { ...trees, 'terraform/apps': trees['terraform/slow']! };
  expect((await failureOf('', asked(apply('apps', file), { trees: moved }))).message).toMatch(
    /other files than terraform\/apps has now/,
  );
  const digest = await tools.blobs.put('nothing');
  const nothing = { $file: { digest, bytes: 7, name: 'x.plan' } };
  expect((await failureOf('', asked(apply('apps', nothing)))).message).toMatch(/x\.plan is no saved plan/);
});

test('a plan that fails half-way says so, keeps what was made and is not tried again', async () => {
  const failure = await failureOf('', asked(apply('breaks', await planned('breaks'))));
  expect(failure.message).toMatch(/local-exec provisioner error.*What it had done by then is in the state; ask again/);
  expect(failure.nonRetryable).toBe(true);
  const next = await attemptOf('', asked(plan('breaks')));
  expect(next.outputs).toMatchObject({ creates: 0, replaces: 1 });
});

const waitFor = async (file: string): Promise<void> => {
  while (!existsSync(at(file))) await pause(20);
};

test('a cancelled apply ends as from a keyboard, so that its state is written and its lock released', async () => {
  const environment = environmentOf({});
  const file = await planned('slow');
  const running = attemptOf('', asked(apply('slow', file), { environment })).catch((error: unknown) => error);
  await waitFor('slow.up');
  environment.cancel();
  expect(await running).toMatchObject({ name: 'CancelledFailure' });
  expect(readdirSync(tools.workPlace)).toEqual([]);
  const logs = readdirSync(join(tools.folder, 'logs/deploy-checkout-x')).map((name) =>
    logOf(`deploy-checkout-x/${name}`),
  );
  expect(logs.join()).toContain('Interrupt received');
  // Providers end at SIGTERM, whatever they are in the middle of.
  expect(readFileSync(at('slow.heard'), 'utf8')).toBe('SIGINT');
  expect(existsSync(join(state, '.slow.tfstate.lock.info'))).toBe(false);
  expect((await attemptOf('', asked(plan('slow')))).outputs).toMatchObject({ replaces: 1 });
});

test('an apply that takes too long is ended and says what may be half done', async () => {
  const failure = await failureOf('', asked(apply('timed', await planned('timed'), {}, { timeout: '3s' })));
  expect(failure.message).toMatch(/was not done after \S+ and was ended/);
  expect(failure.nonRetryable).toBe(false);
});

test('while somebody works on the same state, nothing is done', async () => {
  const [file, other] = [await planned('held'), await planned('held')];
  const environment = environmentOf({});
  const running = attemptOf('', asked(apply('held', file), { environment })).catch((error: unknown) => error);
  await waitFor('held.count');
  const told: unknown[] = [];
  const second = environmentOf({});
  second.on('heartbeat', (details: unknown) => told.push(details));
  const failure = await failureOf('', asked(apply('held', other, {}, { timeout: '10s' }), { environment: second }));
  expect(failure.message).toMatch(/Somebody else holds the lock of the state of terraform\/held, so nothing was done/);
  // The next attempt begins anew: nothing of this one can be half done.
  expect(told.at(-1)).toMatchObject({ checkpoint: null });
  environment.cancel();
  await running;
});

test('after a runner was lost, a plan that is all done is a success and one that is not is refused', async () => {
  const file = await planned('killed');
  const heartbeatDetails = { checkpoint: 'begun' };
  const again = asked(apply('killed', file), { attempt: 2, heartbeatDetails });
  expect((await failureOf('', again)).message).toMatch(
    /was interrupted while it carried out its plan, and not all of it is done/,
  );
  expect(existsSync(at('killed.count'))).toBe(false);
  writeFileSync(at('killed.go'), '');
  await attemptOf('', asked(apply('killed', file)));
  const found = await attemptOf('', again);
  expect(found.summary).toBe('was carried out by the attempt before');
  expect(readFileSync(at('killed.count'), 'utf8')).toBe('x\n');
});

test('a destroy takes away what the state has, and doing it again is nothing', async () => {
  const more = { vars: { size: 1, names: ['a'] }, backend: { path: join(state, 'gone.tfstate') } };
  await attemptOf('', asked(apply('apps', await planned('apps', more))));
  const approved = await attemptOf('', asked(plan('apps', { ...more, destroy: true })));
  expect(approved.outputs).toMatchObject({ destroys: 2, creates: 0 });
  const step = about('destroy', 'apps', more, {});
  expect((await attemptOf('', asked(step))).summary).toBe('2 destroyed');
  expect(stateOf('gone').resources).toEqual([]);
  expect((await attemptOf('', asked(step))).summary).toBe('0 destroyed');
});

test('workspaces keep their states apart', async () => {
  const files = { path: join(state, 'spaces.tfstate'), workspace_dir: join(state, 'spaces') };
  const more = { vars: { size: 1 }, backend: files };
  await attemptOf('', asked(apply('apps', await planned('apps', { ...more, workspace: 'eu' }))));
  expect(existsSync(join(state, 'spaces/eu/terraform.tfstate'))).toBe(true);
  expect((await attemptOf('', asked(plan('apps', { ...more, workspace: 'us' })))).outputs).toMatchObject({
    creates: 1,
  });
  expect((await attemptOf('', asked(plan('apps', { ...more, workspace: 'eu' })))).outputs).toMatchObject({
    changes: 0,
  });
});
