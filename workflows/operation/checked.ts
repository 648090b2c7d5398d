import type { Outcome } from '../../src/operation/outcome';
import { dryRun, type DryRan } from './dry-run';
import type { Life } from './life';
import type { Allowed } from './state';

/** How a check ends: what would come if the same were asked for in earnest. Nothing was opened, taken or changed. */
export async function checkedOutcome(life: Life, judgement: Allowed): Promise<Outcome> {
  const { ballots, gates, plan } = judgement;
  const ran = await dryRun(life, judgement);
  const teams = [...new Set(ballots.flatMap(({ seats }) => seats.map(({ team }) => team)))];
  const closed = gates.filter(({ holds }) => !holds).length;
  const left = plan.irreversible.length;
  const parts = [
    teams.length > 0 ? `ask ${listed(teams)}` : 'ask nobody',
    ...(closed > 0 ? [`wait for ${closed === 1 ? 'one gate' : `${closed} gates`}`] : []),
    `do ${count(plan.steps.length, 'step')}${left > 0 ? `, of which ${count(left, 'thing')} could not be undone` : ''}`,
  ];
  const sentence = [
    `${life.title}: nothing was changed. In earnest it would ${listed(parts)}.`,
    ...triedSentences(ran, plan.steps.length),
  ].join(' ');
  return { kind: ran.failures.length > 0 ? 'failed' : 'succeeded', sentence };
}

function triedSentences({ tried, failures, targetsLeft }: DryRan, steps: number): readonly string[] {
  const [first, ...more] = failures;
  return [
    ...(tried > 0
      ? [`${steps === 1 ? 'It was' : `${count(tried, 'step')} ${tried === 1 ? 'was' : 'were'}`} tried.`]
      : []),
    ...(targetsLeft > 0
      ? [`${count(targetsLeft, 'more target')} ${targetsLeft === 1 ? 'was' : 'were'} not tried.`]
      : []),
    ...(first ? [`As things are now, “${first.step}” would fail: ${first.reason}`] : []),
    ...(more.length > 0 ? [`So would ${count(more.length, 'other step')}; the card says which.`] : []),
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
