import { ApplicationFailure } from '@temporalio/common';
import { Refusal } from '../../src/errors';
import type { IncidentEvent } from '../../src/incidents/incident';
import type { AppliedState, LedgerEntry, LedgerRecord } from '../../src/ledger/record';
import type { WorkerActivities } from '../../src/operation/ports';

/** The ledger as the worker's activities need it. */
export interface LedgerPort {
  append(entries: readonly LedgerEntry[]): Promise<{ readonly commit: string }>;
  readState(where: { readonly service: string; readonly environment: string }): Promise<AppliedState>;
  readOperation(operationId: string): Promise<readonly LedgerRecord[]>;
  recent(about: {
    readonly service?: string;
    readonly sinceMs: number;
    readonly limit: number;
  }): Promise<readonly LedgerRecord[]>;
}

const mostEvents = 30;

type RecordActivities = Pick<WorkerActivities, 'record' | 'appliedState' | 'recentOperations'>;

export function createRecordActivities({ ledger }: { readonly ledger: LedgerPort }): RecordActivities {
  return {
    async record({ entries }) {
      try {
        return await ledger.append(entries);
      } catch (error) {
        throw finalIfHopeless(error);
      }
    },
    appliedState: (where) => ledger.readState(where),
    async recentOperations({ service, sinceMs }) {
      const records = await ledger.recent({ service, sinceMs, limit: mostEvents });
      return records.flatMap(asEvent);
    },
  };
}

/** What an incident's timeline says of a record; most records say nothing to it. */
function asEvent({ event, at, body, operation }: LedgerRecord): IncidentEvent[] {
  if (event === 'intent') return [{ at, text: `${operation} began` }];
  if (event === 'outcome' && typeof body.sentence === 'string') return [{ at, text: body.sentence }];
  if (event === 'vote') return [{ at, by: String(body.by), text: `voted to ${String(body.decision)} ${operation}` }];
  return [];
}

/** Trying again cannot help where the ledger has another record of that name, or a hook of its host says no. */
function finalIfHopeless(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const { reason } = (error.data ?? {}) as { readonly reason?: string };
  const nonRetryable = reason === 'conflict' || reason === 'declined' || reason === 'damaged';
  return ApplicationFailure.create({ message: error.message, type: 'Refusal', nonRetryable, cause: error });
}
