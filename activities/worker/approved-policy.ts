import { adoptedEntry } from '../../src/ledger/adopted';
import { policyLane } from '../../src/operation/policy-change';
import { shortCommit } from '../../src/policy/short-commit';
import type { LedgerAge } from '../adapters/ledger';
import type { LedgerPort } from './records';

/** The newest policy commit that people approved, as the ledger tells it. Throws when the ledger cannot be read. */
export async function approvedPolicy(
  ledger: Pick<LedgerPort, 'readState'>,
  age: LedgerAge = {},
): Promise<string | undefined> {
  const { history } = await ledger.readState(policyLane, age);
  return history.find(({ rolledBackAt }) => rolledBackAt === undefined)?.version;
}

/**
 * Records where approved changes begin, once: a worker that knows nothing yet must not take for approved what lies on
 * the branch when it starts.
 */
export async function adoptPolicy(
  ledger: Pick<LedgerPort, 'readState' | 'append'>,
  { commit, now }: { readonly commit: string; readonly now: Date },
): Promise<void> {
  if ((await approvedPolicy(ledger)) !== undefined) return;
  const operationId = `adopt-policy-${shortCommit(commit)}`;
  const body = { policyCommit: commit, via: 'policy' };
  await ledger.append([adoptedEntry({ ...policyLane, version: commit, operationId, body, now })]);
}
