import type { Fence } from '../../src/ledger/fence';
import type { AppliedChange } from '../../src/ledger/record';
import type { Outcome, OutcomeKind, RunResult } from '../../src/operation/outcome';
import type { OperationKind, OperationRequest } from '../../src/operation/request';
import type { OperationState } from '../../src/operation/view';
import { FREEZE } from '../contract';
import type { LaneTaken } from '../lane';
import { shortIdIn } from '../say';

interface Ran {
  readonly result: RunResult;
  readonly title: string;
  readonly request: OperationRequest;
  readonly restored?: string;
  readonly takenBy?: LaneTaken;
}

/** How a run's end is told to people. */
export function outcomeOf({ result, title, restored, takenBy }: Ran): Outcome {
  switch (result.kind) {
    case 'done':
      return result.watch === 'superseded'
        ? { kind: 'superseded', sentence: `${title} is done; its watch was cut short by a newer operation.` }
        : { kind: 'succeeded', sentence: `${title} is done.` };
    case 'undone': {
      const undone = result.undoneSteps > 0;
      const why =
        result.abortedBy === FREEZE
          ? `${title} was stopped, because policy says so: ${result.reason}`
          : result.abortedBy
            ? `${title} was aborted${hand(result.abortedBy)}`
            : `${title} failed at "${result.failedStep}": ${result.reason}`;
      const { kept = [] } = result;
      const what = undone
        ? ` What had been done was undone${restored ? `; ${restored} runs again` : ''}.${keptIn(kept, 'This was not, because nothing puts it back')}`
        : keptIn(kept, 'Nothing puts back what was done before that') || ' Nothing had been changed before that.';
      return {
        kind: undone ? 'rolled_back' : 'failed',
        sentence: `${why.replace(/[.\s]+$/, '')}.${what}${result.byHand ? ' A part was put right by hand.' : ''}`,
        missed: result.missed,
        restored: undone ? restored : undefined,
        ...(undone && kept.length > 0 ? { kept } : {}),
        by: personIn(result.byHand ?? result.abortedBy),
      };
    }
    case 'left':
      return left(result, title, takenBy);
  }
}

function left(result: Extract<RunResult, { kind: 'left' }>, title: string, takenBy: LaneTaken | undefined): Outcome {
  switch (result.because) {
    case 'taken_over':
      return {
        kind: 'superseded',
        sentence: `${title} was stopped where it was, because ${takerIn(takenBy)} took over its lane.`,
        by: takenBy?.requester,
      };
    case 'stopped':
      return {
        kind: 'failed',
        sentence: `${title} was left as it is at "${result.failedStep}"${hand(result.by)}: nothing was undone, and what had been done stays. ${result.reason}`,
        by: personIn(result.by),
      };
    case 'left':
      return {
        kind: 'failed',
        sentence: `${title} failed at "${result.failedStep}", could not be undone, and was left as it is${hand(result.by)}: ${result.reason}`,
        by: personIn(result.by),
      };
  }
}

/** The operation that took a lane over, by what it does and the end of its id; who asked for it stands in `by`. */
export function takerIn(taken: LaneTaken | undefined): string {
  return taken === undefined ? 'a rollback' : `"${taken.title}" (${shortIdIn(taken.by)})`;
}

/** Who that is in Slack; an operator who used Temporal's own UI is nobody there. */
export function personIn(by: string | undefined): string | undefined {
  return by === 'operator' || by === FREEZE ? undefined : by;
}

/** Names of steps that stay, after the words that say why; nothing where there are none. */
function keptIn(kept: readonly string[], why: string): string {
  if (kept.length === 0) return '';
  const more = kept.length > 3 ? ` and ${kept.length - 3} more` : '';
  return ` ${why}: ${kept
    .slice(0, 3)
    .map((name) => `“${name}”`)
    .join(', ')}${more}.`;
}

/** Words for somebody who has no Slack id; a person is named beside the sentence. */
function hand(by: string | undefined): string {
  return personIn(by) === undefined ? ' by an operator' : '';
}

/** What the run made of the applied state. Undefined where it stays uncertain: `changing` remains set. */
export function stateChangeOf(ran: {
  readonly result: RunResult;
  readonly kind: OperationKind;
  readonly lane: { readonly service: string; readonly environment: string };
  readonly version?: string;
  /** What `version` stands for. */
  readonly commit?: string;
  readonly previousVersion?: string;
  readonly operation: string;
  readonly at: string;
  readonly fence?: Fence;
}): AppliedChange | undefined {
  const { result, lane, version, commit, previousVersion, operation, at, fence } = ran;
  if (version === undefined) return undefined;
  const base = { ...lane, operation, at, ...(fence && { fence }) };
  if (result.kind === 'done') {
    const brought = { ...base, ...(commit && { commit }) };
    if (ran.kind === 'rollback') return { ...brought, kind: 'rolled_back', from: previousVersion, to: version };
    return { ...brought, kind: result.watch === 'superseded' ? 'applied' : 'succeeded', version };
  }
  // Where steps changed something and none of them was undone, nobody knows what runs now.
  const restored = result.kind === 'undone' && (result.undoneSteps > 0 || (result.kept ?? []).length === 0);
  if (!restored || previousVersion === undefined) return undefined;
  return { ...base, kind: 'rolled_back', from: version === previousVersion ? undefined : version, to: previousVersion };
}

/** What the card says at the end. */
export const endStates: { readonly [kind in OutcomeKind]: OperationState } = {
  succeeded: 'succeeded',
  rolled_back: 'rolled_back',
  failed: 'failed',
  denied: 'denied',
  rejected: 'rejected',
  expired: 'expired',
  cancelled: 'cancelled',
  superseded: 'superseded',
};
