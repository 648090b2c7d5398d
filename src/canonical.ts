import { createHash } from 'node:crypto';
import canonicalizeJson from 'canonicalize';

/** Canonical JSON (RFC 8785): equal values give equal text. Throws for what JSON cannot say (NaN, undefined at the top). */
export function canonical(value: unknown): string {
  const text = canonicalizeJson(value);
  if (text === undefined) throw new TypeError('this value has no canonical JSON form');
  return text;
}

/** Hex SHA-256 of a text or of bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Digest of a value: hex SHA-256 of its canonical JSON. */
export function digestOf(value: unknown): string {
  return sha256(canonical(value));
}
