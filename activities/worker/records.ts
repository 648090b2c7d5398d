import { ApplicationFailure } from '@temporalio/common';
import { Refusal } from '../../src/errors';
import type { IncidentEvent } from '../../src/incidents/incident';
import type { LedgerRecord } from '../../src/ledger/record';
import type { Ledger } from '../adapters/ledger';
import type { WorkerActivities } from '../../src/operation/ports';

/** The ledger as the worker's activities need it. */
export type LedgerPort = Pick<Ledger, 'append' | 'readState' | 'readOperation' | 'recent'>;

const mostEvents = 30;
/** Records that are looked through for them: most of them say nothing to an incident. */
const mostRecords = 2_000;
/** They are told of what has happened, and the ledger was asked a moment ago. */
const readMaxAgeMs = 60_000;

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
    recentOperations: (about) => recentOperations(ledger, about),
  };
}

/**
 * What happened to a service lately, oldest first, and pinned: what the operation came to that caused the incident. What
 * never began is left out: its denial was told to one person in private.
 */
async function recentOperations(
  ledger: LedgerPort,
  { service, environment, sinceMs, cause }: Parameters<WorkerActivities['recentOperations']>[0],
): Promise<readonly IncidentEvent[]> {
  const recent = await ledger.recent({ service, sinceMs, limit: mostRecords });
  const stories = await Promise.all(
    [...new Set(recent.map(({ operation }) => operation))]
      .filter((operation) => operation !== cause)
      .map(async (operation) => storyOf(ledger, operation, recent)),
  );
  const others = stories
    .filter(({ began, place }) => began && (environment === undefined || place === environment))
    .flatMap(({ records, title }) => records.flatMap((record) => asEvent(record, title)))
    .filter(({ at }) => Date.parse(at) >= sinceMs);
  const causing = cause === undefined ? [] : await causeIn(ledger, cause);
  const rest = [...causing.filter(({ pinned }) => !pinned), ...others].sort((a, b) => (a.at < b.at ? -1 : 1));
  return [...causing.filter(({ pinned }) => pinned), ...rest.slice(-mostEvents)];
}

interface Story {
  readonly records: readonly LedgerRecord[];
  readonly title: string;
  readonly place?: string;
  readonly began: boolean;
}

/** One operation's records; those from before the window are looked up, because they say what it was for. */
async function storyOf(ledger: LedgerPort, operation: string, recent: readonly LedgerRecord[]): Promise<Story> {
  const known = recent.filter((record) => record.operation === operation);
  const records = known.some(({ event }) => event === 'request')
    ? known
    : await ledger.readOperation(operation, { maxAgeMs: readMaxAgeMs });
  const request = records.find(({ event }) => event === 'request');
  const place = request?.body.environment;
  return {
    records,
    title: request ? titleIn(request) : operation,
    ...(typeof place === 'string' && { place }),
    began: records.some(({ event }) => event === 'intent'),
  };
}

/** What is to be said of the operation from which an incident was opened, wherever and whenever that was; its end is pinned. */
async function causeIn(ledger: LedgerPort, cause: string): Promise<readonly IncidentEvent[]> {
  const { records, title } = await storyOf(ledger, cause, []);
  const events = records.map((record) => ({ record, said: asEvent(record, title) }));
  const newest = events.findLast(
    ({ record: { event }, said }) => ['intent', 'outcome'].includes(event) && said.length > 0,
  );
  return events.flatMap((each) =>
    each === newest ? each.said.map((event) => ({ ...event, pinned: true })) : each.said,
  );
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
