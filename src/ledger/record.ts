import type { Json } from '../json';
import type { ResourceChange } from '../resources/resource';
import type { Fence } from './fence';

export const ledgerEvents = [
  'request',
  'verdict',
  'vote',
  'escalated',
  'override',
  'review',
  'intent',
  'act',
  'outcome',
  'adopted',
  'incident',
  'hold',
  'lease',
] as const;
export type LedgerEvent = (typeof ledgerEvents)[number];

/** What a workflow hands to the committer. `key` makes a repeat harmless: one file a key, ever. */
export interface LedgerEntry {
  readonly operationId: string;
  readonly event: LedgerEvent;
  /** Two digits and the event name become the file name; votes and repeated events count up. */
  readonly index: number;
  /** ISO 8601 UTC, workflow time. Decides the folder, so it must be the same at every repeat. */
  readonly at: string;
  /** Folder date of the operation (its request's date): `2026-11-21`. */
  readonly day: string;
  readonly body: { readonly [key: string]: Json };
  /** Applied state that becomes true together with this record. */
  readonly state?: AppliedChange;
  /** What becomes true of resources together with this record. */
  readonly resources?: readonly ResourceChange[];
}

/** A record as it lies in Git: canonical JSON, one a file. */
export interface LedgerRecord {
  readonly format: 1;
  readonly sequence: number;
  readonly operation: string;
  readonly event: LedgerEvent;
  readonly at: string;
  readonly body: { readonly [key: string]: Json };
  /** How it changed the applied state: `state/` can be rebuilt, and checked, from the records alone. */
  readonly state?: AppliedChange;
  /** How it changed resources: `resources/` can be rebuilt, and checked, from the records alone. */
  readonly resources?: readonly ResourceChange[];
  /** A change of the applied state that came too late to count, and why. */
  readonly dropped?: DroppedChange;
  /** SHA-256 of the canonical JSON of the record before, signature included; 64 zeros for the first. */
  readonly previous: string;
  /** Base64 Ed25519 over the canonical JSON of everything above; key id before the colon. */
  readonly signature: string;
}

export interface AppliedVersion {
  readonly version: string;
  readonly operation: string;
  /** What the version stood for then, where that was known. */
  readonly commit?: string;
  /** ISO 8601 UTC: when its watch ended. */
  readonly succeededAt: string;
  /** Set when it was rolled back later: it no longer counts for `after`, `soak` and rollback. */
  readonly rolledBackAt?: string;
}

/** `state/<environment>/<service>.json`: what runs where, newest first. Rollback and `after:` are answered from it. */
export interface AppliedState {
  readonly format: 1;
  readonly service: string;
  readonly environment: string;
  /** What ran when the last operation here ended. */
  readonly current?: {
    readonly version: string;
    readonly operation: string;
    readonly at: string;
    readonly commit?: string;
  };
  /** Set while an operation is under way, and left behind by an undo that failed: what runs is then uncertain. */
  readonly changing?: { readonly version: string; readonly operation: string; readonly at: string };
  /** Versions that succeeded, newest first, at most 50. */
  readonly history: readonly AppliedVersion[];
  /** The newest holder of the lane that wrote here: whoever held it before may write no more. */
  readonly fence?: Fence;
}

export interface DroppedChange {
  readonly change: AppliedChange;
  /** One full sentence. */
  readonly because: string;
}

/** How a record changes the applied state. Applied by the committer on the state at its tip. */
export type AppliedChange = {
  readonly service: string;
  readonly environment: string;
  readonly operation: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** What its version stands for: a branch moves on, and this does not. Absent where nobody knows. */
  readonly commit?: string;
  /** Of the lane under which it was done; absent where there was none (`adopt`). */
  readonly fence?: Fence;
} & (
  | /** With the intent of work that brings no version, such as a runbook about a service. */
    {
      readonly kind: 'entered';
    } /** With the intent: from now on what runs is in motion, until one of the others says what came of it. */
  | { readonly kind: 'started'; readonly version: string } /** The watch has ended well. */
  | {
      readonly kind: 'succeeded';
      readonly version: string;
    } /** It runs, but its watch was cut short by a newer operation: current, yet not a version that succeeded. */
  | {
      readonly kind: 'applied';
      readonly version: string;
    } /** `from` was taken away again and `to` runs. `from` no longer counts for `after`, `soak` and rollback. */
  | { readonly kind: 'rolled_back'; readonly from?: string; readonly to: string }
);
