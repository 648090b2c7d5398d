import { seasonAt } from './calendar';
import { instantWords, listed, subjectOf, type Context } from './context';
import { contextOf, type Question } from './evaluate';
import { freezeTeams } from './hold-rights';
import type { Freeze } from './policy';
import { commandedOn } from './rules/commanded-freezes';
import { concerns, passesFreezes } from './rules/freezes';
import type { AskedOfRunning, RunningFreezes } from './when-frozen';

/** From what lets most to what lets least: of several freezes at once the last one's word counts. */
const asked: readonly AskedOfRunning[] = ['finish_stage', 'finish_step', 'hold', 'roll_back'];

interface Active {
  readonly name: string;
  readonly does: AskedOfRunning;
  /** ms */
  readonly until?: number;
  readonly who: string;
}

/**
 * What the freezes of an instant mean for work that has been running since another. A freeze that was there when the
 * work began does not concern it: somebody overrode it, or it would not have begun.
 */
export function runningFreezes(question: Question, since: Date): RunningFreezes {
  const { context } = contextOf(question);
  const { policy, now } = context;
  const active: Active[] = [...commanded(context)];
  const next: number[] = active.flatMap(({ until }) => until ?? []);
  for (const freeze of passesFreezes(context) ? [] : policy.freezes) {
    if (!asks(freeze)) continue;
    const answer = seasonAt({ season: freeze, now, defaultZone: policy.timezone });
    const change = answer.active ? answer.until : answer.next;
    if (change) next.push(change.getTime());
    const atStart = seasonAt({ season: freeze, now: since, defaultZone: policy.timezone });
    const wasThere = answer.active && atStart.active && atStart.until.getTime() === answer.until.getTime();
    if (answer.active && !wasThere && concerns(freeze, context) !== 'no')
      active.push({
        name: freeze.name,
        does: freeze.running,
        until: answer.until.getTime(),
        who: 'the owner of the policy repository can lift it',
      });
  }
  const nextAtMs = next.length === 0 ? undefined : Math.min(...next);
  return { ...(active.length > 0 && { now: told(active, context) }), ...(nextAtMs !== undefined && { nextAtMs }) };
}

function asks(freeze: Freeze): freeze is Freeze & { readonly running: AskedOfRunning } {
  return freeze.running !== 'finish';
}

function commanded(context: Context): readonly Active[] {
  const { policy } = context;
  const does = policy.file.holds?.freeze?.running ?? 'finish';
  if (does === 'finish') return [];
  return commandedOn(context).map(({ reason, until, service }) => ({
    name: reason,
    does,
    ...(until !== undefined && { until: Date.parse(until) }),
    who: `${listed(freezeTeams(policy, service), 'or') || 'whoever policy names under holds.freeze.who'} can thaw it`,
  }));
}

function told(active: readonly Active[], { policy, request }: Context): NonNullable<RunningFreezes['now']> {
  const strictest = [...active].sort((left, right) => asked.indexOf(right.does) - asked.indexOf(left.does))[0]!;
  const ends = active.map(({ until }) => until);
  const until = ends.some((end) => end === undefined) ? undefined : new Date(Math.max(...(ends as number[])));
  const { name, does, who } = strictest;
  const words = until ? ` until ${instantWords(until, policy.timezone)}` : '';
  const message =
    does === 'roll_back'
      ? `The freeze "${name}" has begun and lasts${words || ' until somebody lifts it'}, so ${subjectOf(request)} is stopped and what it has done is undone; ${who}.`
      : `The freeze "${name}" has begun, so ${subjectOf(request)} waits ${whereWords[does]}${words} and then goes on by itself; ${who}, and it can be aborted meanwhile.`;
  return { name, does, ...(until && { until: until.toISOString() }), message };
}

const whereWords: { readonly [does in Exclude<AskedOfRunning, 'roll_back'>]: string } = {
  hold: 'at once, or after the step in progress,',
  finish_step: 'after the step in progress',
  finish_stage: 'after the stage in progress',
};
