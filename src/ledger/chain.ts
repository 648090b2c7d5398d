import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { canonical, digestOf } from '../canonical';
import type { DroppedChange, LedgerEntry, LedgerRecord } from './record';

/** `previous` of the first record. */
export const noRecord = '0'.repeat(64);

/** Where the chain ends: `chain.json`. */
export interface ChainHead {
  /** Sequence of the last record; 0 for an empty ledger, the first record is 1. */
  readonly sequence: number;
  /** Hash of the last record. */
  readonly hash: string;
}

export const emptyChain: ChainHead = { sequence: 0, hash: noRecord };

/** Signs records. The private key never leaves it. */
export interface Signer {
  /** First 16 hex digits of the SHA-256 of the public key (DER): stands before the colon of each signature. */
  readonly keyId: string;
  readonly publicKeyPem: string;
  /** Base64 Ed25519. */
  sign(text: string): string;
}

/** Throws for a text that is not an Ed25519 private key in PEM. */
export function signerOf(privateKeyPem: string): Signer {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key is not an Ed25519 key');
  const publicKey = createPublicKey(key);
  return {
    keyId: keyIdOf(publicKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/** SHA-256 of the canonical JSON of a record, signature included. */
export function recordHash(record: LedgerRecord): string {
  return digestOf(record);
}

/** The text of a record's file: canonical JSON and a line break. */
export function recordText(record: LedgerRecord): string {
  return `${canonical(record)}\n`;
}

/** Makes the record that follows `head`, and the head after it. */
export function seal(
  entry: LedgerEntry & { readonly dropped?: DroppedChange },
  { head, signer }: { readonly head: ChainHead; readonly signer: Signer },
): { readonly record: LedgerRecord; readonly head: ChainHead } {
  const unsigned: Omit<LedgerRecord, 'signature'> = {
    format: 1,
    sequence: head.sequence + 1,
    operation: entry.operationId,
    event: entry.event,
    at: entry.at,
    body: entry.body,
    ...(entry.state ? { state: entry.state } : {}),
    ...(entry.resources && entry.resources.length > 0 ? { resources: entry.resources } : {}),
    ...(entry.dropped ? { dropped: entry.dropped } : {}),
    previous: head.hash,
  };
  const record = { ...unsigned, signature: `${signer.keyId}:${signer.sign(canonical(unsigned))}` };
  return { record, head: { sequence: record.sequence, hash: recordHash(record) } };
}

export type SignatureVerdict = 'good' | 'bad' | 'absent' | 'unknown_key';

/** Judges a record's signature against public keys by key id. */
export function checkSignature(record: LedgerRecord, keys: ReadonlyMap<string, KeyObject>): SignatureVerdict {
  const { signature, ...unsigned } = record;
  if (typeof signature !== 'string' || signature === '') return 'absent';
  const parts = /^([0-9a-f]{16}):([A-Za-z0-9+/]+={0,2})$/.exec(signature);
  if (!parts) return 'bad';
  const key = keys.get(parts[1] ?? '');
  if (!key) return 'unknown_key';
  const bytes = Buffer.from(parts[2] ?? '', 'base64');
  // One signature has one text: other spellings of the same bytes are not what was written.
  if (bytes.toString('base64') !== parts[2]) return 'bad';
  return verify(null, Buffer.from(canonical(unsigned)), key, bytes) ? 'good' : 'bad';
}
