import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, type Ledger, type LedgerOptions } from '../../activities/adapters/ledger';
import type { LedgerEntry } from '../../src/ledger/record';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

/** What a test opened, closed after it. */
export const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

export async function remoteRepository(): Promise<TestRepository> {
  const made = await makeRepository();
  cleanUps.push(made.remove);
  return made;
}

export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'signalbox-data-'));
  cleanUps.push(() => rm(made, { recursive: true, force: true, maxRetries: 3 }));
  return made;
}

export async function open(remote: TestRepository, more: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const dataDir = more.dataDir ?? (await folder());
  return openLedger({ url: remote.url, ref: 'ledger', now: () => new Date(), restMs: 0, ...more, dataDir });
}

export function entry(operationId: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const at = '2026-11-21T10:00:00.000Z';
  return { operationId, event: 'intent', index: 0, at, day: '2026-11-21', body: { note: 'ä' }, ...more };
}

export const done = (operationId: string, version: string, at: string, service = 'checkout'): LedgerEntry =>
  entry(operationId, {
    event: 'outcome',
    index: 1,
    at,
    body: { sentence: `${version} runs` },
    state: { kind: 'succeeded', service, environment: 'production', version, at, operation: operationId },
  });

/** Commits of the ledger, newest first, with the number of their parents. */
export async function history(remote: TestRepository): Promise<readonly { commit: string; parents: number }[]> {
  const out = await remote.git(['rev-list', '--parents', 'refs/heads/ledger']);
  return out
    .trim()
    .split('\n')
    .map((line) => {
      const [commit = '', ...parents] = line.split(' ');
      return { commit, parents: parents.length };
    });
}
