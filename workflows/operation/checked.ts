import type { Outcome } from '../../src/operation/outcome';
import type { Allowed } from './state';

/** How a check ends: what would come if the same were asked for in earnest. Nothing was opened, taken or changed. */
export function checkedOutcome(title: string, { ballots, gates, plan }: Allowed): Outcome {
  const teams = [...new Set(ballots.flatMap(({ seats }) => seats.map(({ team }) => team)))];
  const closed = gates.filter(({ holds }) => !holds).length;
  const left = plan.irreversible.length;
  const parts = [
    teams.length > 0 ? `ask ${listed(teams)}` : 'ask nobody',
    ...(closed > 0 ? [`wait for ${closed === 1 ? 'one gate' : `${closed} gates`}`] : []),
    `do ${count(plan.steps.length, 'step')}${left > 0 ? `, of which ${count(left, 'thing')} could not be undone` : ''}`,
  ];
  return { kind: 'succeeded', sentence: `${title}: nothing was changed. In earnest it would ${listed(parts)}.` };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
