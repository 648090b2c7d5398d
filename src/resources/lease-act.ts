/** What people do to the lease of something that was provisioned. */
export interface LeaseAct {
  readonly kind: 'extend';
  readonly byMs: number;
}

export type LeaseRight =
  | { readonly kind: 'not_relayed' }
  | { readonly kind: 'refused'; readonly sentence: string }
  | { readonly kind: 'granted'; readonly expiresAt: string; readonly sentence: string; readonly policyCommit: string };
