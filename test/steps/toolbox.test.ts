import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLogFolder } from '../../activities/adapters/log-folder';
import { ProgramArguments } from '../../activities/processes/program-arguments';
import { AttemptGone } from '../../activities/steps/heart';
import { stepKind, type StepContext } from '../../activities/steps/step-kind';
import type { StepAnswer } from '../../activities/steps/outcomes';
import { StepError, StepFailed } from '../../activities/steps/outcomes';
import type { Json } from '../../src/json';
import type { FileRef } from '../../src/runbooks/file-ref';
import { program } from '../../src/runbooks/kinds/program';
import { attemptOf, environmentOf, failureOf } from './attempt';
import { openTools, type TestTools } from './tools';

let tools: TestTools;
beforeAll(async () => (tools = await openTools()));

const done = (result: Json): StepAnswer => ({ tells: { result }, summary: 'done' });
/** A kind that does what a test wants with the tools of a step. */
const doing = (work: (context: StepContext<unknown>) => Promise<StepAnswer>) => [stepKind(program, work)];
const step = { id: 'make', uses: 'program', with: { program: 'x' }, outputs: { result: 'result' } };
const node = (source: string) => ({ program: process.execPath, args: new ProgramArguments('-e', source) });

test('a secret that a step reads stands in no output, log, line or result', async () => {
  const lines: string[] = [];
  const kinds = doing(async (context) => {
    const secret = await context.secret({ env: 'TOKEN' });
    const source = `process.stdout.write(process.env.GIVEN.slice(0, 7)); setTimeout(() => console.log(process.env.GIVEN.slice(7)), 200)`;
    const end = await context.run({ ...node(source), env: { GIVEN: secret }, onLine: (line) => lines.push(line) });
    expect(end.stdout).toBe(`${secret}\n`);
    return done(end.stdout);
  });
  const made = await attemptOf('', { step, kinds, tools, env: { TOKEN: 'S3CR3T-V4LUE' } });
  const log = readFileSync(join(tools.folder, 'logs', made.log!.key), 'utf8');
  expect(log).toContain('***');
  for (const seen of [log, lines.join(), JSON.stringify(made)]) expect(seen).not.toMatch(/S3CR3T|V4LUE/);
});

test('a file that one step keeps can be read by a later one', async () => {
  const kept = await attemptOf('', {
    step,
    tools,
    kinds: doing(async (context) => done(await context.keepFile(Buffer.from([1, 2, 3]), 'three.bin'))),
  });
  const file = kept.outputs.result as FileRef;
  expect(file).toEqual({ $file: { digest: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: 3, name: 'three.bin' } });
  const read = doing(async (context) => done([...(await context.readFile(file))]));
  expect((await attemptOf('', { step, tools, kinds: read })).outputs.result).toEqual([1, 2, 3]);
  const gone = { $file: { ...file.$file, digest: '0'.repeat(64) } };
  const lost = doing(async (context) => done([...(await context.readFile(gone))]));
  expect((await failureOf('', { step, tools, kinds: lost })).message).toMatch(/three\.bin is not in the blob store/);
});

test('a checkpoint reaches the next attempt beside the count of failures', async () => {
  const told: unknown[] = [];
  const environment = environmentOf({ heartbeatDetails: { failures: 1, failingSinceMs: 5, checkpoint: ['a'] } });
  environment.on('heartbeat', (details: unknown) => told.push(details));
  const kinds = doing(async (context) => {
    const before = context.checkpoint() as string[];
    await context.saveCheckpoint([...before, 'b']);
    throw new StepError('It broke.');
  });
  const safe = { ...step, repeat: 'safe' };
  await failureOf('', { step: safe, kinds, tools, environment });
  expect(told.at(-1)).toEqual({ failures: 2, failingSinceMs: 5, checkpoint: ['a', 'b'] });
});

test('a checkpoint that is too large is refused before it is sent', async () => {
  const kinds = doing(async (context) => {
    await expect(context.saveCheckpoint('x'.repeat(200_000))).rejects.toThrow(/at most 128 KiB/);
    return done(null);
  });
  await attemptOf('', { step, kinds, tools });
});

test.each(['LD_PRELOAD', 'NODE_OPTIONS', 'RELAY_KEY', 'BLOB_KEY', 'SIGNALBOX_KEY', 'A B', '', 'A=B'])(
  'no step gives a program the variable %j',
  async (name) => {
    const kinds = doing(async (context) => done((await context.run({ ...node(''), env: { [name]: 'x' } })).code));
    expect((await failureOf('', { step, kinds, tools })).message).toMatch(/cannot be given to a program/);
  },
);

test('nothing is started when Temporal does not say that the attempt is the present one', async () => {
  const kinds = doing(async (context) => done((await context.run(node('console.log("ran")'))).code));
  for (const [error, why] of [
    [new AttemptGone(), /another attempt has taken its place/],
    [new Error('away'), /Temporal does not answer/],
  ] as const) {
    const failure = await failureOf('', {
      step: { ...step, repeat: 'safe' },
      kinds,
      tools,
      acknowledge: () => Promise.reject(error),
    });
    expect(failure.message).toMatch(why);
  }
});

describe('a log that cannot be opened', () => {
  const lost = /^The log could not be kept \(ENOTDIR\)/;
  const without = (): TestTools => {
    const folder = join(tools.folder, 'no-folder');
    writeFileSync(folder, '');
    return { ...tools, logs: openLogFolder({ folder }) };
  };
  const kinds = (code: number) =>
    doing(async (context) => {
      const end = await context.run(node(`console.log('it ran'); process.exit(${code})`));
      if (end.code !== 0) throw new StepFailed('It does not build.');
      return done(end.stdout);
    });

  test('costs the log and not the step', async () => {
    const made = await attemptOf('', { step, kinds: kinds(0), tools: without() });
    expect(made).toMatchObject({
      outputs: { result: 'it ran\n' },
      detail: ['it ran', expect.stringMatching(lost)],
    });
    expect(made.log).toBeUndefined();
  });

  test('leaves the failure of the step what it is, with its last lines', async () => {
    const failure = await failureOf('', { step, kinds: kinds(1), tools: without() });
    expect(failure).toMatchObject({ type: 'StepFailed', nonRetryable: true, message: 'It does not build.' });
    expect(failure.details?.[1]).toEqual({ detail: ['it ran', expect.stringMatching(lost)] });
  });
});

test('a program that is not installed is named with who can install it', async () => {
  const kinds = doing(async (context) =>
    done((await context.run({ program: 'no-such-program', args: new ProgramArguments() })).code),
  );
  expect((await failureOf('', { step, kinds, tools })).message).toMatch(
    /no-such-program is not installed .* pool default/,
  );
});
