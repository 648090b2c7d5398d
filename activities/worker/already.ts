import type { AppliedState, AppliedVersion } from '../../src/ledger/record';
import {
  differencesFor,
  nothingToDo,
  unreadableProblems,
  type InfrastructureCase,
} from '../../src/infrastructure/declared';
import { isEmptyDifference } from '../../src/infrastructure/difference';
import type { Case } from '../../src/operation/case';
import type { OperationRequest } from '../../src/operation/request';
import { goneSentence } from '../../src/operation/resource-of';
import { isThere } from '../../src/resources/resource';
import type { LedgerAge } from '../adapters/ledger';
import type { LedgerPort } from './records';

/**
 * Only `recheck` decides for good, immediately before the first side effect, and it asks the remote ledger. What is
 * looked up before may be this old.
 */
export const aWhileAgo: LedgerAge = { maxAgeMs: 10_000 };

/** What an undo goes back to: the version that runs; in mid-change, the last one that succeeded. */
export function versionBefore(
  applied: AppliedState,
  request: OperationRequest,
): Pick<AppliedVersion, 'version'> | undefined {
  if (!applied.changing || applied.changing.operation === request.id) return applied.current;
  return applied.history.find(({ rolledBackAt }) => rolledBackAt === undefined) ?? applied.current;
}

/** A rollback that came second finds its work done. */
export function alreadyTrue(
  { request, applied, resource, infrastructure }: Pick<Case, 'request' | 'applied' | 'resource' | 'infrastructure'>,
  version?: string,
): string | undefined {
  if (request.kind === 'destroy') return resource && !isThere(resource) ? goneSentence(request, resource) : undefined;
  if (request.kind === 'infrastructure') return infrastructure && asDeclared(request, infrastructure);
  if (request.kind !== 'rollback' || version === undefined || applied?.changing) return undefined;
  if (applied?.current?.version !== version) return undefined;
  return `${request.service} already runs ${version} in ${request.environment}: it was restored in the meantime, so nothing was changed.`;
}

/** Somebody else has brought it about, or what is declared has changed back. */
function asDeclared(request: OperationRequest, infrastructure: InfrastructureCase): string | undefined {
  if (unreadableProblems(request, infrastructure).length > 0) return undefined;
  const differences = differencesFor(request, infrastructure);
  return isEmptyDifference(differences) ? nothingToDo(request, differences) : undefined;
}

/** Whether the ledger has its intent: then an earlier life of it has begun. */
export async function hasBegun(ledger: LedgerPort, { id }: OperationRequest): Promise<boolean> {
  const records = await ledger.readOperation(id, aWhileAgo);
  return records.some(({ event }) => event === 'intent');
}

export function alreadyDone() {
  return {
    kind: 'denied',
    reasons: ['This request was carried out before; its record is in the ledger. Ask anew to do it again.'],
  } as const;
}
