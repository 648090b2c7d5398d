import type { VoteBody } from '../../src/approvals/ballot';
import { ACTIONS, type VoteValue } from '../../src/messages/actions';
import { approvalModal, rejectModal, resultModal, withReasonModal } from '../../src/messages/vote-modals';
import type { OperationView } from '../../src/operation/view';
import { viewOf } from '../looks';
import { notAfter } from '../requests';
import { plainMessage, tellPrivately } from '../tell';
import { castVote, voteResult } from '../votes';
import { showResult } from './vote-modals';
import { onButton, type Click, type ListenerDeps, type Register } from './listener';

/** Approve and Reject. A decision in one click is handed over before the acknowledgement; else a modal opens first. */
export const register: Register = (app, deps) => {
  onButton(app, deps, {
    action: ACTIONS.approve,
    pressed: (click, ack) => pressed(deps, { click, ack, decision: 'approve' }),
  });
  onButton(app, deps, {
    action: ACTIONS.reject,
    pressed: (click, ack) => pressed(deps, { click, ack, decision: 'reject' }),
  });
  onButton(app, deps, {
    action: ACTIONS.approveWithReason,
    pressed: (click, ack) => pressed(deps, { click, ack, decision: 'approve_with_reason' }),
  });
  onButton(app, deps, {
    action: ACTIONS.withdraw,
    pressed: (click, ack) => withdraw(deps, click, ack),
  });
};

type Pressed = keyof typeof modals;

const modals = { approve: approvalModal, reject: rejectModal, approve_with_reason: withReasonModal } as const;

async function pressed(
  deps: ListenerDeps,
  { click, ack, decision }: { click: Click; ack: () => Promise<void>; decision: Pressed },
): Promise<void> {
  const { o, b, d } = click.value;
  if (o === undefined || b === undefined || d === undefined) {
    await ack();
    await tellPrivately(deps, click, plainMessage('That button is not one of Signalbox; use the buttons on the card.'));
    return;
  }
  const value = { ...click.value, o, b, d };
  if (decision === 'approve' && click.value.q === 1 && click.value.f !== 1)
    return voteAtOnce(deps, { click, ack, value });
  await ack();
  const whyNot = decision === 'approve' && value.f === 1 ? deps.secondFactors.whyNot(click.user) : undefined;
  if (whyNot !== undefined) return await openRefusal(deps, click, whyNot);
  await openVoteModal(deps, { click, decision, value });
}

async function voteAtOnce(
  deps: ListenerDeps,
  { click, ack, value }: { click: Click; ack: () => Promise<void>; value: VoteValue },
): Promise<void> {
  const relayed = await castVote(deps, {
    body: bodyOf(deps, { click, value, decision: 'approve' }),
    notAfter: notAfter(deps),
  });
  await ack();
  const result = await voteResult(relayed);
  await tellPrivately(deps, click, plainMessage(result.sentence));
}

/** The button is in the modal, which then says what came of it. */
async function withdraw(deps: ListenerDeps, click: Click, ack: () => Promise<void>): Promise<void> {
  const { o, b, d } = click.value;
  if (o === undefined || b === undefined || d === undefined) return await ack();
  const body = bodyOf(deps, { click, value: { o, b, d }, decision: 'withdraw' });
  const relayed = await castVote(deps, { body, notAfter: notAfter(deps) });
  await ack();
  const result = await voteResult(relayed);
  if (click.view === undefined) return await tellPrivately(deps, click, plainMessage(result.sentence));
  await showResult(deps, { view: click.view, title: 'Withdraw', result, user: click.user });
}

function bodyOf(
  deps: ListenerDeps,
  {
    click,
    value,
    decision,
  }: { readonly click: Click; readonly value: VoteValue; readonly decision: VoteBody['decision'] },
): VoteBody {
  return {
    format: 1,
    operationId: value.o,
    ballotId: value.b,
    ballotDigest: value.d,
    by: click.user,
    ...(click.team === undefined ? {} : { team: click.team }),
    decision,
    actionId: click.id,
    at: deps.now().toISOString(),
    ...(click.channel === undefined ? {} : { channel: click.channel }),
  };
}

async function openRefusal({ web }: ListenerDeps, { triggerId }: Click, sentence: string): Promise<void> {
  await web.views.open({ trigger_id: triggerId, view: resultModal('Approve', { kind: 'refused', sentence }) });
}

/** A skeleton at once, because a trigger lives three seconds; then the details, unless the modal has moved on. */
async function openVoteModal(
  deps: ListenerDeps,
  asked: { readonly click: Click; readonly decision: Pressed; readonly value: VoteValue },
): Promise<void> {
  const { click, value } = asked;
  deps.meet?.(click.user);
  const make = modals[asked.decision];
  const meta = {
    actionId: click.id,
    ...(click.channel === undefined ? {} : { channel: click.channel }),
    ...(click.ts === undefined ? {} : { ts: click.ts }),
  };
  const given = {
    value,
    meta,
    voter: click.user,
    ...(click.sentence === undefined ? {} : { sentence: click.sentence }),
  };
  const [opened, view] = await Promise.all([
    deps.web.views.open({ trigger_id: click.triggerId, view: make(given, deps.render) }),
    viewOf<OperationView>(deps, value.o).catch((error: unknown) => {
      deps.log.debug({ err: error }, 'no details for the modal; its skeleton stays');
      return undefined;
    }),
  ]);
  if (view === undefined || opened.view?.id === undefined) return;
  try {
    const filled = make({ ...given, view }, deps.render);
    await deps.web.views.update({ view_id: opened.view.id, hash: opened.view.hash, view: filled });
  } catch (error) {
    // Closed or already submitted: what it shows now is newer than the details.
    deps.log.debug({ err: error }, 'the modal has moved on');
  }
}
