import type { Rung, Seat } from '../../approvals/ballot';
import { listed } from '../context';
import type { Step } from '../policy';

/** Seats that any of some teams may fill. */
export interface Wanted {
  readonly teams: readonly string[];
  readonly count: number;
  /** Steps that let others fill these seats as well; seats of other rules and of duties are not touched by them. */
  readonly widens?: readonly Widening[];
}

type Widening = Extract<Step, { does: 'widen' }>;

/** `a or b`: the name of a seat. */
export function labelOf(teams: readonly string[]): string {
  return teams.join(' or ');
}

/** Adds up seats of the same teams, widened alike; in a sequence only neighbours, so that the order stays. */
export function merged(wanted: readonly Wanted[], order: 'parallel' | 'sequence'): readonly Wanted[] {
  const sums: { readonly key: string; readonly first: Wanted; count: number }[] = [];
  for (const one of wanted) {
    const key = JSON.stringify([[...one.teams].sort(), one.widens ?? []]);
    const open = order === 'sequence' ? sums.slice(-1) : sums;
    const same = open.find((sum) => sum.key === key);
    if (same) same.count += one.count;
    else sums.push({ key, first: one, count: one.count });
  }
  return sums.map(({ first, count }) => ({ ...first, count }));
}

/** The steps that widen, each with the seats that it is for; equal steps of several rules are one. */
export function widenings(wanted: readonly Wanted[]): readonly Rung[] {
  const seats = seatsFor(wanted);
  const found = new Map<string, { readonly step: Widening; readonly seats: string[] }>();
  let next = 0;
  for (const { count, widens = [] } of wanted) {
    const own = seats.slice(next, (next += count)).map(({ id }) => id);
    for (const step of widens) {
      const key = `${step.afterMs} ${step.team}`;
      found.set(key, { step, seats: [...(found.get(key)?.seats ?? []), ...own] });
    }
  }
  return [...found.values()].map((one) => ({ ...one.step, seats: [...new Set(one.seats)] }));
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
export function wantedWords(wanted: readonly Wanted[], order: 'parallel' | 'sequence' = 'parallel'): string {
  const alike = merged(
    wanted.map(({ teams, count }) => ({ teams, count })),
    order,
  );
  const words = alike.map(({ teams, count }) => {
    const label = labelOf(teams);
    if (count > 1) return `${count} of ${label}`;
    return teams.length > 1 ? `one of ${label}` : label;
  });
  return listed(words) || 'nobody';
}

export function countOf(wanted: readonly Wanted[]): number {
  return wanted.reduce((sum, { count }) => sum + count, 0);
}
