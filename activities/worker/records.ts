import { ApplicationFailure } from '@temporalio/common';
import { Refusal } from '../../src/errors';
import type { IncidentEvent } from '../../src/incidents/incident';
import type { AppliedState, LedgerEntry, LedgerRecord } from '../../src/ledger/record';
import type { LedgerAge } from '../adapters/ledger';
import type { WorkerActivities } from '../../src/operation/ports';

/** The ledger as the worker's activities need it. */
export interface LedgerPort {
  append(entries: readonly LedgerEntry[]): Promise<{ readonly commit: string }>;
  readState(where: { readonly service: string; readonly environment: string }, age?: LedgerAge): Promise<AppliedState>;
  readOperation(operationId: string, age?: LedgerAge): Promise<readonly LedgerRecord[]>;
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
      const titles = new Map(
        records.filter(({ event }) => event === 'request').map((record) => [record.operation, titleIn(record)]),
      );
      return records.flatMap((record) => asEvent(record, titles.get(record.operation) ?? record.operation));
    },
  };
}

const decided: { readonly [decision: string]: string } = { approve: 'approved', reject: 'rejected' };

/** What a request was for, as people say it; its id when the record does not tell. */
function titleIn({ operation, body }: LedgerRecord): string {
  const { kind, service, environment, version } = body as { readonly [name: string]: unknown };
  if (typeof service !== 'string' || typeof environment !== 'string') return operation;
  const what = kind === 'rollback' ? 'the rollback of' : 'the deploy of';
  return `${what} ${service}${typeof version === 'string' ? ` ${version}` : ''} in ${environment}`;
}

/** What an incident's timeline says of a record; most records say nothing to it. */
function asEvent({ event, at, body }: LedgerRecord, title: string): IncidentEvent[] {
  if (event === 'intent') return [{ at, text: `${title} began` }];
  if (event === 'outcome' && typeof body.sentence === 'string') return [{ at, text: body.sentence }];
  if (event === 'vote')
    return [{ at, by: String(body.by), text: `${decided[String(body.decision)] ?? 'decided on'} ${title}` }];
  return [];
}

const hopeless: ReadonlySet<string> = new Set(['conflict', 'declined', 'damaged', 'fenced']);

/** Trying again cannot help where the ledger has another record of that name, or a hook of its host says no. */
function finalIfHopeless(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const { reason } = (error.data ?? {}) as { readonly reason?: string };
  const nonRetryable = reason !== undefined && hopeless.has(reason);
  return ApplicationFailure.create({ message: error.message, type: 'Refusal', nonRetryable, cause: error });
}
