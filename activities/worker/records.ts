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
    record: ({ entries }) => ledger.append(entries),
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
