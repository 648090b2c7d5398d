import { transformSync } from '@swc/core';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The fleet as compiled JavaScript in a folder of its own, as the demo runs it. */
function compiledFleet(): string {
  const source = join(__dirname, '../../examples/fleet');
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-fleet-program-'));
  for (const file of readdirSync(source)) {
    const { code } = transformSync(readFileSync(join(source, file), 'utf8'), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), code);
  }
  return folder;
}

test('instances end when their supervisor is killed with -9', async () => {
  const folder = compiledFleet();
  const supervisor = fork(join(folder, 'main.js'), ['0', join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(supervisor.stdout!, 'data')) as [Buffer];
  const url = /fleet (\S+)/.exec(line.toString())![1]!;
  const pids = await pidsOf(url);
  expect(pids).toHaveLength(4);

  supervisor.kill('SIGKILL');
  await once(supervisor, 'exit');

  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 30));
});

async function pidsOf(url: string): Promise<readonly number[]> {
  for (;;) {
    const view = (await (await fetch(`${url}/services/checkout`)).json()) as {
      instances: { healthy: boolean; port: number }[];
    };
    if (view.instances.every((each) => each.healthy))
      return Promise.all(
        view.instances.map(async ({ port }) => {
          const health = (await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()) as { pid: number };
          return health.pid;
        }),
      );
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
