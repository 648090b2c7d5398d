import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogStore } from '../../activities/adapters/log-store';
import { type } from './terminal';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-logs-'));
const env = { LOG_STORE: folder };

beforeAll(async () => {
  const store = openLogStore({ folder });
  for (const [step, attempt] of [
    ['canary/share', 1],
    ['canary/share', 2],
    ['rest', 1],
  ] as const) {
    const log = await store.open({ operation: 'runbook-1', step, mode: 'do', attempt });
    log.write(`${step} wrote this at ${attempt}\n`);
    await log.close();
  }
});

test('logs prints every attempt of every step, or of one', async () => {
  const all = await type(['logs', 'runbook-1'], { env });
  expect(all.out.split('\n')).toEqual([
    '== canary/share, attempt 1',
    'canary/share wrote this at 1',
    '== canary/share, attempt 2',
    'canary/share wrote this at 2',
    '== rest, attempt 1',
    'rest wrote this at 1',
  ]);
  const one = await type(['logs', 'runbook-1', 'rest'], { env });
  expect(one.out).toBe('== rest, attempt 1\nrest wrote this at 1');
  expect(JSON.parse((await type(['logs', 'runbook-1', 'rest', '--json'], { env })).out)).toHaveLength(1);
});

test('logs says where else to look when there is none', async () => {
  const { code, err } = await type(['logs', '../..', 'x'], { env });
  expect(code).toBe(1);
  expect(err).toMatch(/no log of x of \.\.\/\.\. .*LOG_DAYS/);
});
