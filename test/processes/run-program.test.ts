import { eventually } from '../helpers/temporal';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NotStarted, runProgram } from '../../activities/processes/run-program';
import { startOf } from '../../activities/processes/living';
import { aRun, forever, hosts } from './host';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-processes-'));
let files = 0;
const freshFile = (): string => join(folder, `f${(files += 1)}`);

/**
 * A family that writes to a file as long as one of it lives: a child, a grandchild in a session of its own, and one
 * that has cut every tie, its marks in the environment too when asked. None of them heeds SIGTERM.
 */
function family(file: string, { forgets = false } = {}): readonly string[] {
  const script = `
    const { spawn } = require('node:child_process');
    const fs = require('node:fs');
    process.on('SIGTERM', () => fs.appendFileSync(${JSON.stringify(`${file}.term`)}, 'x'));
    const depth = Number(process.argv[1] ?? 0);
    if (depth < 2)
      spawn(process.execPath, ['-e', process.env.SCRIPT, String(depth + 1)], {
        stdio: 'ignore', detached: true,
        env: ${forgets} ? { SCRIPT: process.env.SCRIPT } : process.env,
      }).unref();
    fs.appendFileSync(${JSON.stringify(`${file}.born`)}, 'x');
    setInterval(() => fs.appendFileSync(${JSON.stringify(file)}, '.'), 20);`;
  return ['-e', `process.env.SCRIPT = ${JSON.stringify(script)}; eval(process.env.SCRIPT)`];
}

const sizeOf = (file: string): number => (existsSync(file) ? readFileSync(file).length : 0);

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let look = 0; !holds(); look++) {
    if (look > 1_000) throw new Error(`it never came true that ${what}`);
    await pause(20);
  }
}

/** Whoever still wrote would make the file grow. */
async function isSilent(file: string): Promise<boolean> {
  const before = sizeOf(file);
  await pause(400);
  return sizeOf(file) === before;
}

describe.each(hosts)('a program %s', (_, host) => {
  it('gets its arguments, its input and its environment as they are, and nothing else', async () => {
    const script =
      'process.stdout.write(JSON.stringify([process.argv.slice(1), require("fs").readFileSync(0, "utf8"), process.env]))';
    const out: Buffer[] = [];
    const hostile = ['--', '$(touch x)', "'; touch x; '", '{{ x }}', 'a\nb', '*', ''];
    const run = aRun({
      args: ['-e', script, '--', ...hostile],
      input: 'in\n',
      env: { PATH: '/usr/bin', ONLY: 'this' },
      onOutput: (from, chunk) => from === 'stdout' && out.push(chunk),
    });
    expect(await runProgram(host, run)).toEqual({ by: 'itself', code: 0 });
    const [args, input, env] = JSON.parse(Buffer.concat(out).toString()) as [string[], string, object];
    expect(args).toEqual(hostile);
    expect(input).toBe('in\n');
    expect(env).toEqual({ PATH: '/usr/bin', ONLY: 'this', SIGNALBOX_GROUP: expect.any(String) });
  });

  it('tells the code it ended with, or the signal', async () => {
    expect(await runProgram(host, aRun({ args: ['-e', 'process.exit(7)'] }))).toEqual({ by: 'itself', code: 7 });
    const killed = await runProgram(host, aRun({ args: ['-e', 'process.kill(process.pid, "SIGKILL")'] }));
    expect(killed).toEqual({ by: 'itself', signal: 'SIGKILL' });
  });

  it('that is not there or cannot be run is told apart from one that failed', async () => {
    const away = aRun({ args: [], cwd: join(folder, 'nowhere') });
    await expect(runProgram(host, away)).rejects.toBeInstanceOf(NotStarted);
  });

  it('leaves nothing running behind it when it ends by itself', async () => {
    const file = freshFile();
    const [flag, script] = family(file);
    const args = [flag!, `${script}; setTimeout(() => process.exit(0), 700)`];
    expect(await runProgram(host, aRun({ args }))).toEqual({ by: 'itself', code: 0 });
    expect(sizeOf(file)).toBeGreaterThan(0);
    expect(await isSilent(file)).toBe(true);
  });

  it('is ended with everything it started when the step is cancelled: first asked, then made to', async () => {
    const file = freshFile();
    const cancel = new AbortController();
    const running = runProgram(
      host,
      aRun({
        args: family(file),
        signal: cancel.signal,
        limits: { wallMs: 60_000, graceMs: 600, memoryBytes: 2 ** 31, outputBytes: 1024 },
      }),
    );
    await until(() => sizeOf(`${file}.born`) === 3, 'all three live');
    cancel.abort();
    expect(await running).toMatchObject({ by: 'asked', signal: 'SIGKILL' });
    expect(sizeOf(`${file}.term`)).toBe(3);
    expect(await isSilent(file)).toBe(true);
  });

  it('that heeds SIGTERM may clean up', async () => {
    const file = freshFile();
    const cancel = new AbortController();
    const script = `const fs = require('fs'); process.on('SIGTERM', () => { fs.writeFileSync(${JSON.stringify(file)}, 'clean'); process.exit(3); }); fs.writeFileSync(${JSON.stringify(`${file}.up`)}, 'x'); setInterval(() => {}, 1000)`;
    const running = runProgram(host, aRun({ args: ['-e', script], signal: cancel.signal }));
    await until(() => sizeOf(`${file}.up`) > 0, 'it is up');
    cancel.abort();
    expect(await running).toEqual({ by: 'asked', code: 3 });
    expect(readFileSync(file, 'utf8')).toBe('clean');
  });

  const limits = { wallMs: 60_000, graceMs: 200, memoryBytes: 2 ** 31, outputBytes: 2 ** 24 };

  it('that takes too long is ended', async () => {
    const run = aRun({ args: ['-e', 'setInterval(() => {}, 1000)'], limits: { ...limits, wallMs: 500 } });
    expect(await runProgram(host, run)).toMatchObject({ by: 'time' });
  });

  it('that floods its output is ended', async () => {
    const script =
      'const a = "x".repeat(65536); const f = () => { while (process.stdout.write(a)); process.stdout.once("drain", f); }; f()';
    const run = aRun({ args: ['-e', script], limits: { ...limits, outputBytes: 2 ** 20 } });
    expect(await runProgram(host, run)).toMatchObject({ by: 'output' });
  });

  it('that eats memory is ended, also when its child does', async () => {
    const hog = 'const all = []; setInterval(() => all.push(Buffer.alloc(20e6, 1)), 30)';
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hog)}]); setInterval(() => {}, 1000)`;
    const run = aRun({ args: ['-e', script], limits: { ...limits, memoryBytes: 300 * 2 ** 20 } });
    expect(await runProgram(host, run)).toMatchObject({ by: 'memory' });
  });

  it('is ended with everything it started when its lease runs out, whoever is to blame', async () => {
    const file = freshFile();
    const ends = performance.now() + 2_500;
    const lease = { ...forever, restMs: () => ends - performance.now() };
    expect(await runProgram(host, aRun({ args: family(file), lease }))).toMatchObject({ by: 'lease' });
    expect(performance.now()).toBeGreaterThanOrEqual(ends - 100);
    expect(sizeOf(`${file}.born`)).toBe(3);
    expect(await isSilent(file)).toBe(true);
  });

  it('outlives its first lease as long as it is renewed', async () => {
    let ends = performance.now() + 1_500;
    let told = (): void => undefined;
    const lease = {
      restMs: () => ends - performance.now(),
      onChange: (tell: () => void) => ((told = tell), () => undefined),
    };
    const timer = setInterval(() => {
      ends = performance.now() + 1_500;
      told();
    }, 200);
    const run = aRun({ args: ['-e', 'setTimeout(() => {}, 3000)'], lease });
    expect(await runProgram(host, run)).toEqual({ by: 'itself', code: 0 });
    clearInterval(timer);
  });

  it('does not outlive its guard', async () => {
    const file = freshFile();
    const running = runProgram(host, aRun({ args: family(file) }));
    await until(() => sizeOf(`${file}.born`) === 3, 'all three live');
    for (const pid of guardsBelow(process.pid)) process.kill(pid, 'SIGKILL');
    expect(await running).toMatchObject({ by: 'nobody knows' });
    expect(await isSilent(file)).toBe(true);
  });
});

test('in a namespace even a process without any mark of its group is ended with it', async () => {
  const host = hosts.find(([name]) => name === 'in a namespace')?.[1];
  if (!host) return expect(hosts).toHaveLength(1);
  const file = freshFile();
  const cancel = new AbortController();
  const running = runProgram(
    host,
    aRun({
      args: family(file, { forgets: true }),
      signal: cancel.signal,
      limits: { wallMs: 60_000, graceMs: 100, memoryBytes: 2 ** 31, outputBytes: 1024 },
    }),
  );
  await until(() => sizeOf(`${file}.born`) === 3, 'all three live');
  cancel.abort();
  await running;
  expect(await isSilent(file)).toBe(true);
});

test('where the machine can cut the network, a program that needs none has none', async () => {
  const host = hosts[0]![1];
  const script = 'process.exit(Object.values(require("os").networkInterfaces()).flat().length)';
  const withNetwork = await runProgram(host, aRun({ args: ['-e', script] }));
  const without = await runProgram(host, aRun({ args: ['-e', script], network: 'none' }));
  expect(withNetwork.code).toBeGreaterThan(0);
  expect(without.code === 0).toBe(host.isolation.network === 'can be cut');
});

/** Children of a process, by their parent. */
function guardsBelow(parent: number): readonly number[] {
  const { readdirSync } = require('node:fs') as typeof import('node:fs');
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return Number(ppid) === parent && command.includes('guard-program') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

test.each(hosts)('when the runner is killed %s, nothing of the group is left', async (_, host) => {
  const file = freshFile();
  const run = aRun({ args: family(file) });
  const script = `
    const { runProgram } = require(${JSON.stringify(require.resolve('../../activities/processes/run-program'))});
    const run = JSON.parse(process.argv[1]);
    runProgram(JSON.parse(process.argv[2]), { ...run, lease: { restMs: () => 600000, onChange: () => () => {} },
      signal: new AbortController().signal, onOutput: () => {} });`;
  const hook = join(__dirname, '../helpers/typescript-hook.cjs');
  const runner = spawn(process.execPath, ['-r', hook, '-e', script, JSON.stringify(run), JSON.stringify(host)], {
    stdio: 'inherit',
  });
  await until(() => sizeOf(`${file}.born`) === 3, 'all three live');
  expect(startOf(runner.pid!)).toBeDefined();
  runner.kill('SIGKILL');
  // The guard hears of it in its own time.
  await eventually(async () => expect(await isSilent(file)).toBe(true), 15_000);
});
