import type { Json, JsonObject } from '../json';
import type { PolicyRequest, World } from '../policy/request';
import type { LedgerRecord } from './record';

/** A decision as the ledger has it, ready to be put to another policy. */
export interface RecordedDecision {
  readonly operation: string;
  /** ISO 8601 UTC: the instant it is judged at again. */
  readonly at: string;
  readonly verdict: 'allowed' | 'denied';
  readonly policyCommit?: string;
  readonly request: PolicyRequest;
  readonly world: World;
  /** Facts as they were computed then; they stand in where the world is not known. */
  readonly facts: JsonObject;
  /** Parts of the world that were not recorded, or not whole. */
  readonly missing: readonly string[];
}

/** Parts of the world that every verdict of today records. */
const parts = ['history', 'teams', 'plan'] as const;

/** The last verdict of each operation, oldest first. Operations whose request is not on record are left out. */
export function decisionsIn(records: readonly LedgerRecord[]): readonly RecordedDecision[] {
  const operations = new Map<string, { request?: LedgerRecord; verdict?: LedgerRecord }>();
  for (const record of [...records].sort((left, right) => left.sequence - right.sequence)) {
    const known = operations.get(record.operation) ?? {};
    if (record.event === 'request') operations.set(record.operation, { ...known, request: record });
    if (record.event === 'verdict') operations.set(record.operation, { ...known, verdict: record });
  }
  return [...operations.values()].flatMap(({ request, verdict }) =>
    request && verdict && isRequest(request.body) ? [decisionOf(request.body, verdict)] : [],
  );
}

function isRequest(body: JsonObject): body is JsonObject & PolicyRequest {
  return typeof body.kind === 'string' && isObject(body.requester);
}

function decisionOf(asked: PolicyRequest, { operation, at, body }: LedgerRecord): RecordedDecision {
  const basis = isObject(body.basis) ? body.basis : undefined;
  const world = isObject(basis?.world) ? basis.world : {};
  const cut = Array.isArray(basis?.cut) ? basis.cut.filter((part) => typeof part === 'string') : [];
  // Law 3 keeps authors' names out of the ledger, so without a basis nobody knows them.
  const filled = isObject(basis?.request) ? basis.request : {};
  const absent = basis ? parts.filter((part) => part !== 'plan' && !(part in world)) : parts;
  return {
    operation,
    at,
    verdict: body.verdict === 'denied' ? 'denied' : 'allowed',
    ...(typeof body.policyCommit === 'string' ? { policyCommit: body.policyCommit } : {}),
    request: { ...asked, ...filled },
    world: { plan: {}, ...world },
    facts: isObject(body.facts) ? body.facts : {},
    missing: [...new Set([...absent, ...cut])],
  };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
