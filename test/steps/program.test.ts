import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '../../src/json';
import { readAllowedPrograms } from '../../activities/steps/allowed-programs';
import { hostileValues } from '../helpers/hostile-values';
import { attemptOf, environmentOf, failureOf, key } from './attempt';
import { openTools, packFiles, script, type TestTools } from './tools';

const echo = `
  const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  process.stdout.write(JSON.stringify({ input, env: process.env, cwd: process.cwd(), args: process.argv.slice(1) }));`;
const programs = {
  echo: script(echo),
  same: script('process.stdin.pipe(process.stdout)'),
  breaks: script('console.log("{}"); console.error("first\\nno room left\\n"); process.exit(4)'),
  chats: script('console.log("Hello!")'),
  silent: script(''),
  floods: script('process.stdout.write("x".repeat(300 * 1024))'),
  waits: script('require("fs").writeFileSync(process.env.HOME + "/../../up", "x"); setInterval(() => {}, 1000)'),
  safe: script('console.log("1")', { repeat: 'safe' }),
  alone: script('console.log(Object.keys(require("os").networkInterfaces()).length)', { network: 'none' }),
  slow: script('setTimeout(() => console.log("1"), 1_500)'),
  tells: script('console.error("one\\ntwo")'),
};
let tools: TestTools;
beforeAll(async () => (tools = await openTools(programs)));

const step = (program: string, more: JsonObject = {}, keys: JsonObject = {}) => ({
  id: 'make',
  uses: 'program',
  with: { program, ...more },
  ...keys,
});
const resultOf = { outputs: { result: 'result' } };

test('a program gets its input as JSON and the marks of its step, and gives JSON', async () => {
  const made = await attemptOf('', {
    step: step('echo', { input: { size: 3, name: '${{ inputs.name }}' } }, resultOf),
    inputs: { name: 'web' },
    input: { fence: { epoch: 7, number: 2 } as never },
    env: { STRIPE_KEY: 'never given' },
    tools,
  });
  const { input, env, cwd, args } = made.outputs.result as JsonObject as { [name: string]: JsonObject & string };
  expect(input).toEqual({ size: 3, name: 'web' });
  expect(args).toEqual([]);
  expect(Object.keys(env!).sort()).toEqual(
    ['HOME', 'LANG', 'PATH', 'SIGNALBOX_FENCE', 'SIGNALBOX_GROUP', 'SIGNALBOX_KEY', 'TMPDIR'].sort(),
  );
  expect(env).toMatchObject({ SIGNALBOX_KEY: key, SIGNALBOX_FENCE: '7.2' });
  expect(cwd).toContain(tools.workPlace);
  expect(made.summary).toBe('echo is done');
  expect(readdirSync(tools.workPlace)).toEqual([]);
});

test('as an undo it has the time of the undo, and may be done again whatever its step is', async () => {
  const undo = { uses: 'program', with: { program: 'slow' }, timeout: '50s' };
  const get = { connection: 'api', method: 'PUT', path: '/x' };
  const written = { id: 'make', uses: 'http/request', with: get, timeout: '1s', undo };
  expect(await attemptOf('', { step: written, input: { mode: 'undo' }, tools })).toMatchObject({ status: 'done' });
  const failure = await failureOf('', {
    step: { ...step('same'), undo: { uses: 'program', with: { program: 'breaks' } } },
    input: { mode: 'undo' },
    tools,
  });
  expect(failure).toMatchObject({ nonRetryable: false, message: expect.not.stringContaining('never done twice') });
});

test.each(hostileValues)('the input %j arrives as it is', async (value) => {
  const made = await attemptOf('', {
    step: step('same', { input: '${{ inputs.value }}' }, { outputs: { same: 'result == inputs.value' } }),
    inputs: { value },
    tools,
  });
  expect(made.outputs.same).toBe(true);
});

test('a program that prints nothing has no result', async () => {
  expect(await attemptOf('', { step: step('silent', {}, resultOf), tools })).toMatchObject({
    outputs: { result: null },
  });
});

test('with a folder, it runs in what was approved of it', async () => {
  const trees = { 'ops/resize': await packFiles(tools.blobs, { 'plan.json': '{}' }) };
  const made = await attemptOf('', { step: step('echo', { folder: 'ops/resize' }, resultOf), trees, tools });
  expect((made.outputs.result as JsonObject).cwd).toMatch(/repository\/ops\/resize$/);
});

test.each<[string, JsonObject, RegExp]>([
  ['fails', step('breaks'), /code 4 and said: no room left\. It may have been done all the same/],
  ['prints no JSON', step('chats'), /not JSON; it has to write everything else to its standard error/],
  ['prints too much', step('floods'), /more than 256 KiB/],
  ['is not allowed', step('rm'), /pool default do not allow the program rm; whoever runs them adds it/],
  ['may not be done twice', step('echo', {}, { repeat: 'safe' }), /leave out "repeat: safe"/],
  ['takes too long', step('waits', {}, { timeout: '1s' }), /node was not done after 800ms and was ended/],
])('a program that %s ends in a sentence', async (_, written, sentence) => {
  const failure = await failureOf('', { step: written, tools });
  expect(failure.message).toMatch(sentence);
  expect(failure.nonRetryable).toBe(true);
});

test('one that the runner calls safe may be done twice', async () => {
  expect(await attemptOf('', { step: step('safe', {}, { repeat: 'safe' }), tools })).toMatchObject({ status: 'done' });
});

test('one that needs no network gets none where the machine can cut it', async () => {
  const made = await attemptOf('', { step: step('alone', {}, resultOf), tools });
  // The kernel's own loopback is there, but has no address.
  expect(made.outputs.result === 0).toBe(tools.isolation.network === 'can be cut');
});

test('a runner that cannot run programs says so', async () => {
  expect((await failureOf('', { step: step('echo') })).message).toMatch(/do not allow the program|cannot/);
});

test('a cancelled program is gone before the step ends', async () => {
  const environment = environmentOf({});
  const running = attemptOf('', { step: step('waits'), tools, environment }).catch((error: unknown) => error);
  while (!existsSync(join(tools.workPlace, 'up'))) await pause(20);
  environment.cancel();
  expect(await running).toMatchObject({ name: 'CancelledFailure' });
  expect(readdirSync(tools.workPlace)).toEqual(['up']);
});

test('what it wrote is in a log and, in short, in the thread', async () => {
  const made = await attemptOf('', { step: step('tells'), tools });
  expect(made.log?.key).toMatch(/^deploy-checkout-x\/make\.do\.1\.log$/);
  expect(readFileSync(join(tools.folder, 'logs', made.log!.key), 'utf8')).toMatch(/^one\ntwo\n$/m);
  expect(made.detail).toEqual(['one', 'two']);
});

test('the file may name where Terraform finds its settings and keeps its states', () => {
  const read = readAllowedPrograms('programs.yaml', 'terraform: { config: /etc/terraform.rc, state: /var/lib/states }');
  expect(read).toEqual({ programs: new Map(), terraform: { config: '/etc/terraform.rc', state: '/var/lib/states' } });
});

test.each([
  ['a folder for states that is not absolute', 'terraform: { state: states }', /absolute path/],
  ['a path that is not absolute', 'programs: { x: { path: bin/x } }', /absolute path/],
  ['an unknown key', 'programs: { x: { path: /bin/x, shell: true } }', /shell/],
  ['a name that could be a path', 'programs: { ../x: { path: /bin/x } }', /name/],
  ['nothing', '', /empty/],
])('a list of programs with %s is refused', (_, text, why) => {
  expect(() => readAllowedPrograms('programs.yaml', text)).toThrow(why);
});
