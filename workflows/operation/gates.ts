import { condition } from '@temporalio/workflow';
import type { GateAnswer, JudgeInput } from '../../src/operation/judgement';
import { escalate, sayWhatOpened } from './announce';
import { Ended } from './ended';
import type { Life } from './life';
import { personIn, takerIn } from './outcome';
import type { Allowed } from './state';

/** How soon gates that hold no more are asked about when nobody said when they open, ms. */
const askAgainMs = 15_000;
/** And at the longest, when nothing has changed for a while: 96 questions a day. */
const longestAskAgainMs = 900_000;

/**
 * Approvals, windows, freezes and order are all open at the same time: one loop, one timer. Ends early with what a newer
 * policy makes of the operation, when that is no longer the same.
 */
export async function waitForGates(
  life: Life,
  base: JudgeInput,
  judgement: Allowed,
): Promise<GateAnswer['moved'] | undefined> {
  const { facts, box } = life;
  let nextCheck = judgement.nextGateCheckAtMs;
  let idle = 0;
  while (true) {
    escalate(life, facts.request.id);
    endIfOver(life);
    if (life.gatesDue) nextCheck = Date.now();
    life.gatesDue = false;
    if (nextCheck !== undefined && Date.now() >= nextCheck) {
      const before = facts.gates;
      const answer = await askGates(life, base, judgement);
      if (answer.moved) return answer.moved;
      nextCheck = answer.nextGateCheckAtMs;
      idle = same(before, facts.gates) ? idle + 1 : 0;
      // Gates that name no instant are asked ever more rarely, so that a long wait stays a short history.
      if (facts.gates.some(({ holds, opensAt }) => !holds && opensAt === undefined))
        nextCheck = Date.now() + Math.min(longestAskAgainMs, askAgainMs * 2 ** Math.min(idle, 10));
      continue;
    }
    const gatesHold = facts.gates.every(({ holds }) => holds);
    if (box.state === 'filled' && gatesHold && !box.counting) return undefined;
    if (!gatesHold) nextCheck ??= Date.now() + askAgainMs;
    if (facts.state !== 'waiting') life.enter('waiting');
    const seen = life.stirs;
    const moved = (): boolean => life.stirs !== seen;
    const until = Math.min(box.nextDeadline, nextCheck ?? Infinity);
    if (until === Infinity) await condition(moved);
    else await condition(moved, Math.max(1, until - Date.now()));
  }
}

/** Asks which gates hold now, and what the policy in force makes of it. */
async function askGates(life: Life, base: JudgeInput, judgement: Allowed): Promise<GateAnswer> {
  const before = life.facts.gates;
  const answer = await life.judging.askGates({ ...base, judgement });
  life.setGates(answer);
  sayWhatOpened(life, before);
  if (!same(before, life.facts.gates)) life.changed();
  return answer;
}

/** Whether somebody has decided that this operation does not begin. */
export function isOver({ cancelled, takenBy, box }: Life): boolean {
  return cancelled !== undefined || takenBy !== undefined || box.state === 'rejected' || box.state === 'expired';
}

/** Ends the operation when it was cancelled, rejected or ran out of time. */
export function endIfOver({ cancelled, takenBy, box, title }: Life): void {
  if (takenBy !== undefined)
    throw new Ended({
      kind: 'superseded',
      sentence: `${title} was not begun, because ${takerIn(takenBy)} took over its lane; ask again once that is over.`,
      by: takenBy.requester,
    });
  if (cancelled)
    throw new Ended({
      kind: 'cancelled',
      sentence: `${title} was cancelled before anything was changed.`,
      by: personIn(cancelled.by),
    });
  if (box.state === 'rejected') {
    const { reason, by } = box.rejection ?? {};
    const sentence = box.rejection
      ? `${title} was rejected${reason ? `: ${reason}` : '.'}`
      : `${title} counts as rejected, because nobody decided in the time that policy gives; ask again to start over.`;
    throw new Ended({ kind: 'rejected', sentence, by });
  }
  if (box.state === 'expired')
    throw new Ended({
      kind: 'expired',
      sentence:
        box.ranOut?.purpose === 'override'
          ? `${title} was not begun, because nobody overrode the soft rule "${box.ranOut.rule}" in time, so nothing was changed; ask again to start over.`
          : `${title} got too few approvals in time, so nothing was changed; ask again to start over.`,
    });
}

function same(before: Allowed['gates'], after: Allowed['gates']): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
