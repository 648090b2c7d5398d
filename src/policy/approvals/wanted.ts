import type { Seat } from '../../approvals/ballot';
import { listed } from '../context';

/** Seats that any of some teams may fill. */
export interface Wanted {
  readonly teams: readonly string[];
  readonly count: number;
}

/** `a or b`: the name of a seat. */
export function labelOf(teams: readonly string[]): string {
  return teams.join(' or ');
}

/** Adds up seats of the same teams; in a sequence only neighbours, so that the order stays. */
export function merged(wanted: readonly Wanted[], order: 'parallel' | 'sequence'): readonly Wanted[] {
  const sums: { readonly key: string; readonly teams: readonly string[]; count: number }[] = [];
  for (const { teams, count } of wanted) {
    const key = [...teams].sort().join(' ');
    const open = order === 'sequence' ? sums.slice(-1) : sums;
    const same = open.find((sum) => sum.key === key);
    if (same) same.count += count;
    else sums.push({ key, teams, count });
  }
  return sums.map(({ teams, count }) => ({ teams, count }));
}

/** One seat a person. Equal names, which a sequence may hold apart, count on. */
export function seatsFor(wanted: readonly Wanted[]): readonly Seat[] {
  const counts = new Map<string, number>();
  return wanted.flatMap(({ teams, count }) =>
    Array.from({ length: count }, (): Seat => {
      const team = labelOf(teams);
      const number = (counts.get(team) ?? 0) + 1;
      counts.set(team, number);
      return { id: `${team}#${number}`, team, ...(teams.length > 1 ? { anyOf: teams } : {}) };
    }),
  );
}

/** `security and 2 of leads`, for sentences. */
export function wantedWords(wanted: readonly Wanted[]): string {
  const words = wanted.map(({ teams, count }) => {
    const label = labelOf(teams);
    if (count > 1) return `${count} of ${label}`;
    return teams.length > 1 ? `one of ${label}` : label;
  });
  return listed(words) || 'nobody';
}

export function countOf(wanted: readonly Wanted[]): number {
  return wanted.reduce((sum, { count }) => sum + count, 0);
}
