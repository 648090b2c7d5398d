import type { OperationRequest } from '../../src/operation/request';

type Urgency = 'rollback' | 'break_glass' | 'hotfix' | 'ordinary';

/** Of a request that policy has allowed: a label that its requester may not claim would have denied it. */
function urgencyOf({ kind, labels }: OperationRequest): Urgency {
  if (kind === 'rollback') return 'rollback';
  if (labels.includes('break_glass')) return 'break_glass';
  return labels.includes('hotfix') ? 'hotfix' : 'ordinary';
}

const priorities: { readonly [urgency in Urgency]: number } = { rollback: 0, break_glass: 1, hotfix: 2, ordinary: 3 };

/** Place in the queue of a lane: lower goes first. */
export function lanePriority(request: OperationRequest): number {
  return priorities[urgencyOf(request)];
}

/** What goes on while the ledger is away, in the words for the card; undefined for work that waits for its record. */
export function deferrable(request: OperationRequest): string | undefined {
  const said: { readonly [urgency in Urgency]?: string } = {
    rollback: 'the rollback goes on',
    break_glass: 'it goes on, because this is break-glass',
  };
  return said[urgencyOf(request)];
}
