import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide } from '../helpers/example-run';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

const root = join(__dirname, '../..');
const tools = join(root, '.tools');
const built = existsSync(tools) ? readdirSync(tools).find((name) => name.startsWith('approval-go-')) : undefined;
const python = process.env.TEMPORAL_PYTHON ?? join(tools, 'temporal-python/bin/python');
const go = process.env.APPROVAL_GO ?? join(tools, built ?? 'approval-go');

let at: TriggerWorld;
let folder: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-buckets-'));
  at = await openTriggerWorld({
    'policy.yaml': `version: 1
channels: { default: "#deploys", policy: "#policy" }
teams: { team_lead: { users: [U0LEE] } }
environments: { staging: {} }
approval_callers: [DeleteBucket]
`,
  });
  start(python, [join(root, 'docs/examples/approval-python/delete_bucket.py')]);
  start(go, []);
});
afterAll(async () => {
  for (const worker of workers)
    if (worker.exitCode === null) {
      const ended = once(worker, 'exit');
      worker.kill('SIGKILL');
      await ended;
    }
  await at?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The example as its readers start it, on the Temporal of this test. */
function start(program: string, args: readonly string[]): void {
  if (!existsSync(program)) throw new Error(`${program} is missing: run the tests with \`npm test\`, which gets it.`);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS,
    TEMPORAL_NAMESPACE: at.world.temporal.namespace,
  };
  workers.push(spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }));
}

function bucket(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'old'), 'nobody has read this for a year');
  return path;
}

const deleteBucket = (language: string, path: string) =>
  at.world.temporal.client.workflow.start('DeleteBucket', {
    workflowId: `delete/${path}`,
    taskQueue: `buckets-${language}`,
    args: [path],
  });

describe.each(['python', 'go'])('the example in %s', (language) => {
  test('deletes what it was written for once somebody has agreed, and knows who', async () => {
    const path = bucket(`${language}-old`);
    const handle = await deleteBucket(language, path);
    const card = await decide(at.world, { by: 'U0LEE' });
    expect(card).toMatchObject({ title: `Delete the bucket ${path}`, reason: 'Nobody has read it for a year.' });
    expect(await handle.result()).toBe('deleted, as U0LEE agreed');
    expect(existsSync(path)).toBe(false);
  });

  test('deletes nothing when somebody says no', async () => {
    const path = bucket(`${language}-new`);
    const handle = await deleteBucket(language, path);
    await decide(at.world, { by: 'U0LEE', reason: 'it is read every Friday' });
    expect(await handle.result()).toBe('rejected');
    expect(existsSync(join(path, 'old'))).toBe(true);
  });
});
