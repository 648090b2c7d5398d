import type { JsonObject } from '../json';

/** One series of an answer. What is not a finite number is no value. */
export interface Sample {
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

/** What one look gave. */
export type Look =
  | { readonly kind: 'seen'; readonly samples: readonly Sample[] }
  /** `why`: a full sentence. */
  | { readonly kind: 'unseen'; readonly why: string };

/** A series that is on the wrong side of the limit, by a name of its own. */
export interface Held extends JsonObject {
  readonly series: string;
  readonly sinceMs: number;
  /** When it fired last. */
  readonly firedMs: number;
}

/** What a watch knows from one look to the next. */
export interface WatchMemory extends JsonObject {
  readonly held: readonly Held[];
  readonly lookedMs: number;
  /** Looks in a row that did not see everything. */
  readonly unseen: number;
  readonly isBlind: boolean;
}

/** The threshold has been held for its time. */
export interface Breach extends JsonObject {
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
  /** ISO 8601 UTC: from when on it held, and the look that found it so. */
  readonly since: string;
  readonly at: string;
}

export type WatchNews =
  | { readonly kind: 'fires'; readonly breach: Breach }
  | { readonly kind: 'blind'; readonly why: string }
  | { readonly kind: 'sees' };
