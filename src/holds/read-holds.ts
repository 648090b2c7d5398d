import { noHolds, type Holds } from './holds';

/** What Temporal says of the workflow that keeps the holds. */
export interface DescribedHolds {
  readonly type: string;
  readonly status: { readonly name: string };
  readonly memo?: { readonly [key: string]: unknown };
}

/**
 * What is held, from the memo of the workflow that keeps it; nothing when it has ended. Throws when another workflow
 * stands in its place, or one of a format that this program does not know: then nobody can say.
 */
export function holdsIn(described: DescribedHolds, names: { readonly type: string; readonly memo: string }): Holds {
  if (described.type !== names.type) throw new Error(`the workflow of the holds is of type ${described.type}`);
  if (described.status.name !== 'RUNNING' && described.status.name !== 'CONTINUED_AS_NEW') return noHolds;
  const kept = described.memo?.[names.memo] as Holds | undefined;
  if (kept === undefined) return noHolds;
  if (kept.format !== 1) throw new Error('the holds are kept in a format that this version does not know');
  return kept;
}
