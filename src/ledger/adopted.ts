import type { JsonObject } from '../json';
import type { LedgerEntry } from './record';

/** A version that no operation brought here, and that counts from now on as one that succeeded. */
interface Adopted {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  /** Name of the record; a record is written once. */
  readonly operationId: string;
  readonly body: JsonObject;
  readonly now: Date;
}

/** The record that takes a version for what runs. */
export function adoptedEntry({ service, environment, version, operationId, body, now }: Adopted): LedgerEntry {
  const at = now.toISOString();
  return {
    operationId,
    event: 'adopted',
    index: 0,
    at,
    day: at.slice(0, 10),
    body,
    state: { kind: 'succeeded', service, environment, version, operation: operationId, at },
  };
}
