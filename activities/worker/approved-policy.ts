import { adoptedEntry } from '../../src/ledger/adopted';
import { policyLane } from '../../src/operation/policy-change';
import { shortCommit } from '../../src/policy/short-commit';
import type { LedgerAge } from '../adapters/ledger';
import type { PolicySource } from './policy-source';
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
 * Records where approved changes begin: with the first commit that says `policy_changes: gated`, and with the first one
 * after people had let that be taken away. Otherwise a worker that knows nothing yet would take for approved what lies
 * on the branch when it starts.
 */
export async function adoptPolicy(
  deps: {
    readonly ledger: Pick<LedgerPort, 'readState' | 'append'>;
    readonly policy: Pick<PolicySource, 'isOpenBefore'>;
  },
  { commit, now }: { readonly commit: string; readonly now: Date },
): Promise<void> {
  const approved = await approvedPolicy(deps.ledger);
  if (approved !== undefined && !(await deps.policy.isOpenBefore({ earlier: approved, commit }))) return;
  const operationId = `adopt-policy-${shortCommit(commit)}`;
  const body = { policyCommit: commit, via: 'policy' };
  await deps.ledger.append([adoptedEntry({ ...policyLane, version: commit, operationId, body, now })]);
}
