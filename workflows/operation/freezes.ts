import { condition } from '@temporalio/workflow';
import type { JudgeInput, Recheck } from '../../src/operation/judgement';
import type { AskedOfRunning, RunningFreezes } from '../../src/policy/when-frozen';
import { FREEZE } from '../contract';
import type { PauseAt } from '../run/state';
import type { Life } from './life';
import type { Allowed } from './state';

/** How soon freezes are asked about again when nobody could say, ms; it doubles up to the longest. */
const askAgainMs = 15_000;
const longestAskAgainMs = 900_000;

/**
 * Heeds the freezes that begin and end while the operation runs: when the next one is due, and whenever somebody says
 * that something changed. Until `over`. Never throws.
 */
export async function heedFreezes(
  life: Life,
  about: JudgeInput & {
    readonly judgement: Allowed;
    readonly startedAtMs: number;
    readonly first: Extract<Recheck, { kind: 'go' }>['nextFreezeAtMs'];
  },
  over: () => boolean,
): Promise<void> {
  const { first, ...question } = about;
  let next = first;
  let failed = 0;
  while (!over()) {
    if (life.gatesDue || (next !== undefined && Date.now() >= next)) {
      life.gatesDue = false;
      try {
        const answer = await life.judging.askFreezes(question);
        if (over()) return;
        heed(life, answer);
        // What is due already has been answered; an instant in the past would ask for ever.
        next = answer.nextAtMs === undefined ? undefined : Math.max(answer.nextAtMs, Date.now() + 100);
        failed = 0;
      } catch {
        next = Date.now() + Math.min(longestAskAgainMs, askAgainMs * 2 ** Math.min(failed, 10));
        failed += 1;
      }
      continue;
    }
    const due = (): boolean => over() || life.gatesDue;
    if (next === undefined) await condition(due);
    else await condition(due, Math.max(1, next - Date.now()));
  }
}

function heed(life: Life, { now }: RunningFreezes): void {
  const { facts } = life;
  const before = facts.hold;
  facts.hold = now;
  if (now === undefined) {
    if (before) lift(life, before);
    return;
  }
  if (before?.name !== now.name || before.does !== now.does) begin(life, now);
  life.changed();
}

const pausesAt: { readonly [does in Exclude<AskedOfRunning, 'roll_back'>]: PauseAt } = {
  hold: 'now',
  finish_step: 'step',
  finish_stage: 'stage',
};

function begin(life: Life, { name, does, until, message }: NonNullable<RunningFreezes['now']>): void {
  const { runHandle, facts } = life;
  if (does === 'roll_back') runHandle?.rollBack({ by: FREEZE, reason: `The freeze "${name}" began.` });
  else runHandle?.tell({ kind: 'pause', by: FREEZE, at: pausesAt[does] });
  // What is being undone, or is only watched, goes on; it would be told of a wait that does not come.
  const concerns =
    facts.state === 'running' || facts.state === 'held' || (facts.state === 'watching' && does === 'hold');
  if (!concerns) return;
  life.recorder.write('act', {
    act: does,
    by: FREEZE,
    byKind: 'policy',
    as: 'policy',
    reason: name,
    until: until ?? null,
  });
  life.courier.thread({ kind: 'changed', message });
}

function lift(life: Life, { name, does }: NonNullable<RunningFreezes['now']>): void {
  if (does !== 'roll_back') life.runHandle?.tell({ kind: 'resume', by: FREEZE });
  if (life.facts.state === 'held') {
    life.recorder.write('act', { act: 'resume', by: FREEZE, byKind: 'policy', as: 'policy', reason: name });
    life.courier.thread({ kind: 'gate_opened', message: `The freeze "${name}" is over, so ${life.title} goes on.` });
  }
  life.changed();
}
