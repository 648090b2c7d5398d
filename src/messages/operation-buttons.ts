import type { Button, KnownBlock } from '@slack/types';
import { finishedStates, type BallotView, type OperationState, type OperationView } from '../operation/view';
import { ACTIONS, encodeValue, stepPathMax, versionMax } from './actions';
import { actions, button, confirm } from './blocks';
import { logButton } from './log-button';

type MakeButton = (view: OperationView) => Button;

const cancel: MakeButton = (view) =>
  button({
    label: 'Cancel request',
    action: ACTIONS.cancel,
    value: valueOf(view),
    confirm: confirm({
      title: 'Cancel this request?',
      text: 'Nothing has been done yet. Votes that were given are void; asking again starts over.',
      yes: 'Cancel request',
    }),
  });

const abort: MakeButton = (view) =>
  button({ label: 'Abort', action: ACTIONS.abort, value: valueOf(view), style: 'danger' });

const rollBack: MakeButton = (view) =>
  button({
    label: 'Roll back',
    action: ACTIONS.rollback,
    // What is confirmed is what runs, whatever became of the operation since.
    value: encodeValue({ o: view.id, v: view.rollback.version || null }),
    style: 'danger',
    confirm: confirm({
      title: 'Roll back?',
      text: `This starts a rollback of ${view.service ?? 'the service'} in ${view.environment ?? 'its environment'}${
        view.rollback.version ? ` to ${view.rollback.version}` : ' to the version before'
      }.`,
      yes: 'Roll back',
      danger: true,
    }),
  });

const finishWatch: MakeButton = (view) =>
  button({ label: 'Finish watch', action: ACTIONS.finishWatch, value: valueOf(view) });

const pause: MakeButton = (view) => button({ label: 'Pause', action: ACTIONS.pause, value: valueOf(view) });

const resume: MakeButton = (view) =>
  button({ label: 'Resume', action: ACTIONS.resume, value: valueOf(view), style: 'primary' });

const retryStep: MakeButton = (view) =>
  button({ label: 'Try again', action: ACTIONS.retryStep, value: answerOf(view), style: 'primary' });

const skipStep: MakeButton = (view) =>
  button({
    label: 'Skip step',
    action: ACTIONS.skipStep,
    value: answerOf(view),
    confirm: confirm({
      title: 'Skip this step?',
      text: `${view.question ? `“${view.question.step.slice(0, 200)}”` : 'It'} counts as passed over, and the next step begins.`,
      yes: 'Skip it',
    }),
  });

const stopHere: MakeButton = (view) => button({ label: 'Stop here…', action: ACTIONS.stopHere, value: valueOf(view) });

/** Buttons that are there only while what they do makes sense. */
const onlyWhen: ReadonlyMap<MakeButton, NonNullable<OperationView['may']>[number]> = new Map([
  [pause, 'pause'],
  [resume, 'resume'],
  [skipStep, 'skip'],
]);

const retry: MakeButton = (view) => button({ label: 'Retry', action: ACTIONS.retry, value: valueOf(view) });

const runAgain: MakeButton = (view) =>
  button({
    label: 'Run again',
    action: ACTIONS.retry,
    value: valueOf(view),
    confirm: confirm({
      title: 'Run it again?',
      text: 'This starts it once more with the same inputs, in your name and under the policy in force.',
      yes: 'Run again',
    }),
  });

const openIncident: MakeButton = (view) =>
  button({ label: 'Open incident', action: ACTIONS.incidentOpen, value: valueOf(view) });

const retryUndo: MakeButton = (view) =>
  button({ label: 'Retry undo', action: ACTIONS.retryUndo, value: answerOf(view), style: 'primary' });

const doneByHand: MakeButton = (view) =>
  button({ label: 'Done by hand', action: ACTIONS.doneByHand, value: answerOf(view) });

const leaveIt: MakeButton = (view) =>
  button({ label: 'Leave it', action: ACTIONS.leaveIt, value: answerOf(view), style: 'danger' });

/** Buttons for the present state only. What they may do is decided when they are pressed. */
const byState: { readonly [state in OperationState]?: readonly MakeButton[] } = {
  preparing: [cancel],
  waiting: [cancel],
  queued: [cancel],
  running: [pause, resume, skipStep, abort, stopHere],
  held: [resume, abort, stopHere],
  watching: [rollBack, finishWatch],
  needs_hands: [retryUndo, doneByHand, leaveIt],
  needs_decision: [retryStep, skipStep, abort, stopHere],
  succeeded: [rollBack, runAgain, openIncident],
  rolled_back: [rollBack, retry, openIncident],
  failed: [rollBack, retry, openIncident],
  expired: [retry],
  cancelled: [retry],
};

export function operationButtons(view: OperationView): KnownBlock[] {
  // What is done about it is on its ballot.
  if (view.kind === 'review') return [];
  // There is nothing to undo or to try again.
  if (view.isCheck && finishedStates.includes(view.state)) return actions(logOf(view));
  const made = (byState[view.state] ?? [])
    .filter((make) => make !== rollBack || canRollBack(view))
    .filter((make) => make !== runAgain || view.kind === 'runbook' || view.kind === 'provision')
    .filter((make) => make !== openIncident || !view.incidentId)
    .filter((make) => !onlyWhen.has(make) || view.may?.includes(onlyWhen.get(make)!))
    .map((make) => make(view));
  return actions([...made, ...logOf(view)]);
}

/** Where a step wrote a log: the one that says the most is opened, the others from there. */
function logOf(view: OperationView): Button[] {
  if (view.log === undefined) return [];
  const { id: operationId, log: step, logMode: mode } = view;
  return [logButton({ operationId, step, ...(mode && { mode }), spoken: `Log of ${view.title}` })];
}

/** What one ballot takes: Approve and Reject, or Reject alone once its seats are filled. A finished operation has none, whatever its ballots say. */
export function ballotButtons(view: OperationView, ballot: BallotView): KnownBlock[] {
  if (ballot.takes === 'nothing' || finishedStates.includes(view.state)) return [];
  const value = encodeValue({
    o: view.id,
    b: ballot.id,
    d: ballot.digest,
    ...(ballot.oneClick && { q: 1 as const }),
    ...(ballot.secondFactor && { f: 1 as const }),
  });
  if (ballot.purpose !== undefined) return reasonedButton(ballot.purpose, { view, ballot, value });
  const approve = button({
    label: 'Approve',
    action: ACTIONS.approve,
    value,
    style: 'primary',
    spoken: `Approve ${view.title}`,
  });
  const reject = button({
    label: 'Reject',
    action: ACTIONS.reject,
    value,
    style: 'danger',
    spoken: `Reject ${view.title}`,
  });
  return actions(ballot.takes === 'votes' ? [approve, reject] : [reject]);
}

/** Overriding a soft rule and closing a review take a reason, and nobody rejects them. */
function reasonedButton(
  purpose: NonNullable<BallotView['purpose']>,
  { view, ballot, value }: { readonly view: OperationView; readonly ballot: BallotView; readonly value: string },
): KnownBlock[] {
  if (ballot.takes !== 'votes') return [];
  const label = purpose === 'override' ? 'Override…' : 'Close review…';
  const spoken = purpose === 'override' ? `Override ${ballot.rule} for ${view.title}` : `Close the ${view.title}`;
  return actions([button({ label, action: ACTIONS.approveWithReason, value, spoken })]);
}

/** Only what has a place to go back to: a service in an environment. */
function canRollBack(view: OperationView): boolean {
  const fits = (view.rollback.version ?? '').length <= versionMax;
  return fits && !!view.service && !!view.environment && (view.kind === 'deploy' || view.kind === 'rollback');
}

function valueOf(view: OperationView): string {
  return encodeValue({ o: view.id });
}

/** What was asked when it was shown is what is decided, however long a dialog stays open. */
function answerOf(view: OperationView): string {
  const { id = '' } = view.question ?? {};
  const canTell = id !== '' && id.length <= stepPathMax;
  return encodeValue({ o: view.id, ...(canTell && { a: id }) });
}
