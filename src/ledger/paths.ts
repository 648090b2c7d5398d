import { ledgerEvents, type LedgerEntry, type LedgerEvent } from './record';

/** Root file that tells the last sequence number and record hash, so that a commit needs to read one file. */
export const chainPath = 'chain.json';

/** `operations/2026/11/21/<operation>/00-request.json`. Throws `TypeError` for parts that are no file names. */
export function recordPath({
  day,
  operationId,
  event,
  index,
}: Pick<LedgerEntry, 'day' | 'operationId' | 'event' | 'index'>): string {
  const date = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.exec(day);
  if (!date) throw new TypeError(`${JSON.stringify(day)} is not a day such as 2026-11-21`);
  if (!Number.isInteger(index) || index < 0) throw new TypeError(`${index} is not the number of an event`);
  const [, year, month, dayOfMonth] = date;
  const file = `${String(index).padStart(2, '0')}-${event}.json`;
  return `operations/${year}/${month}/${dayOfMonth}/${filePart(operationId)}/${file}`;
}

/** What a record's path says; undefined for paths that are no record's. */
export function readRecordPath(
  path: string,
):
  | { readonly day: string; readonly operation: string; readonly index: number; readonly event: LedgerEvent }
  | undefined {
  const parts = /^operations\/(\d{4})\/(\d\d)\/(\d\d)\/([^/]+)\/(\d{2,})-([a-z]+)\.json$/.exec(path);
  if (!parts) return undefined;
  const [, year, month, day, operation = '', index, event] = parts;
  const known = ledgerEvents.find((each) => each === event);
  return known && { day: `${year}-${month}-${day}`, operation, index: Number(index), event: known };
}

/** Folder of a day's operations, for an instant: `operations/2026/11/21`. */
export function dayFolder(atMs: number): string {
  return `operations/${new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '/')}`;
}

/** `state/<environment>/<service>.json`. */
export function statePath({
  environment,
  service,
}: {
  readonly environment: string;
  readonly service: string;
}): string {
  return `state/${filePart(environment)}/${filePart(service)}.json`;
}

/** `resources/<kind>/<name>.json`. Throws `TypeError` for parts that are no file names. */
export function resourcePath({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `resources/${filePart(kind)}/${filePart(name)}.json`;
}

/** Public half of a signing key, under its id. */
export function keyPath(keyId: string): string {
  return `keys/${filePart(keyId)}.pem`;
}

/** One path component that means the same to every file system and to Git. */
function filePart(text: string): string {
  const plain = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(text) && !/\.\.|\.$|\.lock$/i.test(text);
  if (!plain) throw new TypeError(`${JSON.stringify(text.slice(0, 80))} cannot be a file name in the ledger`);
  return text;
}
