import { noHolds, type Holds } from './holds';

/** What Temporal says of the workflow that keeps the holds. */
export interface DescribedHolds {
  readonly type: string;
  readonly status: { readonly name: string };
  readonly memo?: { readonly [key: string]: unknown };
}

interface Names {
  readonly type: string;
  readonly memo: string;
}

/** Nobody can say what is held, until somebody does something about it. The message is a clause for people. */
export class HoldsUnknown extends Error {
  override readonly name = 'HoldsUnknown';
}

/** Why nobody can say what is held, as a clause. */
export function whyUnknown(error: unknown): string {
  return error instanceof HoldsUnknown ? error.message : 'Temporal did not say in time';
}

const alive = ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'];

/**
 * What is held, from the memo of the workflow that keeps it; nothing when it has ended by itself. Throws `HoldsUnknown`
 * when it was ended otherwise, when another workflow stands in its place, or one of a format that this program does not
 * know.
 */
export function holdsIn(described: DescribedHolds, names: Names): Holds {
  const { name } = described.status;
  const kept = keptIn(described, names);
  if (name === 'COMPLETED') return noHolds;
  if (alive.includes(name)) return kept;
  throw new HoldsUnknown(
    `the workflow that keeps locks, freezes and the stop did not end by itself (${name}), and the next /signalbox lock, freeze, stop or go starts it again with what was held`,
  );
}

/** What a new life of that workflow begins with: what the last one held when it was ended otherwise than by itself. */
export function leftIn(described: DescribedHolds, names: Names): Holds | undefined {
  const { name } = described.status;
  return name === 'COMPLETED' || alive.includes(name) ? undefined : keptIn(described, names);
}

function keptIn({ type, memo }: DescribedHolds, names: Names): Holds {
  if (type !== names.type) throw new HoldsUnknown(`in place of the workflow of the holds stands one of type ${type}`);
  const kept = memo?.[names.memo] as Holds | undefined;
  if (kept === undefined) return noHolds;
  if (kept.format !== 1) throw new HoldsUnknown('the holds are kept in a format that this version does not know');
  return kept;
}
