import { mkdtempSync, statSync, utimesSync, readdirSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogFolder } from '../../activities/adapters/log-folder';
import { textOfLog } from '../../activities/adapters/log-store';

const made = (maxBytes?: number) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'signalbox-logs-')), 'logs');
  return { folder, logs: openLogFolder({ folder, maxBytes }) };
};
const about = { operation: 'deploy-x-1', step: 'canary/share', mode: 'do', attempt: 1 } as const;

test('a log is kept for each attempt, in order, readable by its owner only', async () => {
  const { folder, logs } = made();
  for (const key of [about, { ...about, attempt: 2 }, { ...about, mode: 'undo' as const }]) {
    const log = await logs.open(key);
    log.write(`${key.mode} ${key.attempt}\n`);
    expect((await log.close()).bytes).toBeGreaterThan(4);
    expect(statSync(join(folder, log.key)).mode & 0o777).toBe(0o600);
  }
  const kept = await logs.list('deploy-x-1');
  expect(kept.map(({ step, mode, attempt }) => [step, mode, attempt])).toEqual([
    ['canary/share', 'do', 1],
    ['canary/share', 'do', 2],
    ['canary/share', 'undo', 1],
  ]);
  expect(await textOfLog(logs, kept[1]!.key)).toBe('do 2\n');
  expect(await logs.list('deploy-x-2')).toEqual([]);
});

test('a log that grows too long says where it was cut', async () => {
  const { logs } = made(100);
  const log = await logs.open(about);
  for (let line = 0; line < 50; line++) log.write('0123456789\n');
  const { bytes } = await log.close();
  const text = await textOfLog(logs, log.key);
  expect(text).toMatch(/^(0123456789\n){9}\n\[The log ends here/);
  expect(bytes).toBe(Buffer.byteLength(text));
});

test.each(['../../x', '..', '.', 'a/../../b', '%2e%2e/x', '-x', 'x'.repeat(500), 'é'.repeat(300), 'a\0b'])(
  'the operation and the step %j stay in their folder',
  async (name) => {
    const { folder, logs } = made();
    const log = await logs.open({ ...about, operation: name, step: name });
    await log.close();
    expect(readdirSync(folder)).toHaveLength(1);
    expect((await logs.list(name)).map(({ key }) => key)).toEqual([log.key]);
    expect(readdirSync(join(folder, '..'))).toEqual(['logs']);
  },
);

test.each(['../x.do.1.log', 'a/b/x.do.1.log', '/etc/passwd', 'a/b'])('%j is no key of a log', async (key) => {
  await expect(textOfLog(made().logs, key)).rejects.toThrow(/no key/);
});

test('logs that are too old are removed, and folders that hold nothing any more', async () => {
  const { folder, logs } = made();
  const [old, young] = [await logs.open(about), await logs.open({ ...about, operation: 'deploy-y' })];
  await Promise.all([old.close(), young.close()]);
  utimesSync(join(folder, old.key), 0, 0);
  expect(await logs.sweep({ before: new Date(Date.now() - 86_400_000) })).toBe(1);
  expect(readdirSync(folder)).toEqual(['deploy-y']);
});

test('a log is begun although its folder, which is empty until then, is removed by a sweep', async () => {
  const { folder, logs } = made();
  for (let index = 0; index < 100; index += 1) {
    const operation = `deploy-${index}`;
    let isOver = false;
    const remove = () =>
      rmdir(join(folder, operation)).then(
        () => (isOver = true),
        () => undefined,
      );
    // Once, and as early as it can be done: between the folder's making and its first log.
    const removal = (async () => {
      while (!isOver) await remove();
    })();
    const log = await logs.open({ ...about, operation }).finally(() => (isOver = true));
    await Promise.all([log.close(), removal]);
  }
  expect(readdirSync(folder)).toHaveLength(100);
});

test('the end of a log is whole lines, and a log that is gone is empty', async () => {
  const { logs } = made();
  const log = await logs.open(about);
  log.write('one\ntwo\nthree\n');
  await log.close();
  expect(await logs.tail(log.key, 8)).toBe('three\n');
  expect(await logs.tail(log.key, 800)).toBe('one\ntwo\nthree\n');
  expect(await logs.tail('deploy-x-1/other.do.1.log', 8)).toBe('');
  expect(await textOfLog(logs, 'deploy-x-1/other.do.1.log')).toBe('');
});
