import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findIsolation, type Isolation } from '../../activities/processes/isolation';
import type { Lease, ProgramHost, ProgramRun } from '../../activities/processes/run-program';

const root = join(__dirname, '../..');

/** Words that start the guard from its source, as `dist` does from what was built. */
export const guard: readonly string[] = [
  process.execPath,
  '-r',
  join(root, 'test/helpers/typescript-hook.cjs'),
  join(root, 'activities/processes/guard-program.ts'),
];

const found = findIsolation();
const plain: Isolation = { ...found, processes: 'group', network: 'always there', enter: [] };

/** Every way in which a runner may guard programs on this machine. */
export const hosts: readonly (readonly [string, ProgramHost])[] = [
  ...(found.processes === 'namespace' ? [['in a namespace', { isolation: found, guard }] as const] : []),
  ['in a group', { isolation: plain, guard }],
];

export const forever: Lease = { restMs: () => 600_000, onChange: () => () => undefined };

export function aRun(asked: Partial<ProgramRun> & Pick<ProgramRun, 'args'>): ProgramRun {
  return {
    program: process.execPath,
    env: { PATH: process.env.PATH! },
    cwd: mkdtempSync(join(tmpdir(), 'signalbox-run-')),
    network: 'host',
    lease: forever,
    signal: new AbortController().signal,
    onOutput: () => undefined,
    ...asked,
    limits: { wallMs: 60_000, graceMs: 5_000, memoryBytes: 2 ** 31, outputBytes: 2 ** 24, ...asked.limits },
  };
}
